"""The test images behind one cell of a confusion matrix, as pictures with what the networks said of them."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from engine.events.record import StudyRecord, evaluated_results, study_variants
from engine.reports.results import Prediction
from tui.looks import formatting
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.looks.variant_names import name_width, short_variant
from tui.pictures.marks import with_box
from tui.pictures.picture import PictureGrid, Thumbnail
from tui.session.background import Failure
from tui.session.session import Session
from tui.tables.facts import short_names
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from engine import Gallery
    from engine.reports.pictures import Pixels


_BAR = 8
_NAME, _LEAST_NAME = 15, 9
_MANY_CLASSES = 12
"""Of more classes than this only the likeliest are listed."""


class CellScreen(Screen[None]):
    """Thumbnails, the surest first; beside them the marked image's probabilities and what other variants said."""

    DEFAULT_CSS = """
    CellScreen {
        & > #heading { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #cell { height: 1fr; }
        #grid { margin: 0 1; }
        #details { width: 34; height: 100%; padding: 0 1; border-left: solid $foreground 30%; scrollbar-size: 1 1; }
        #details > Static { height: auto; }
        #none { padding: 1 2; }
    }
    """
    BINDING_GROUP_TITLE = "Images of a cell"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("cell.back", "escape,q", "app.pop_screen", "Back", "Back to the matrix", display="esc"),
        bind("cell.steps", "enter", "steps", "Steps", "The marked image through every variant", priority=True),
        bind("cell.box", "o", "box", "Boxes", "Show or hide the boxes"),
        bind("cell.right", "right", "move(1, 0)", "Right", "Mark the image on the right", show=False),
        bind("cell.left", "left", "move(-1, 0)", "Left", "Mark the image on the left", show=False),
        bind("cell.down", "down", "move(0, 1)", "Down", "Mark the image below", show=False),
        bind("cell.up", "up", "move(0, -1)", "Up", "Mark the image above", show=False),
        bind("cell.on", "pagedown", "page(1)", "Page", "The next page", display="pgdn"),
        bind("cell.page_back", "pageup", "page(-1)", "Page back", "The page before", show=False),
    ]

    def __init__(self, session: Session, record: StudyRecord, variant: str, true: int, predicted: int) -> None:
        super().__init__()
        self._session, self._record = session, record
        self._variant = variant
        self._true, self._predicted = true, predicted
        self._names = short_names(record.dataset.classes if record.dataset else ())
        self._images = cell_images(record, variant, true, predicted)
        self._place = 0
        self._boxes = True
        self._source: Gallery | None = None
        self._error = ""

    # ------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """The pictures and the details, or why there are none."""
        yield Static(self._heading(), id="heading")
        if not self._images:
            yield Static(self._why_none(), id="none")
        else:
            with Horizontal(id="cell"):
                yield PictureGrid(self._session.pictures, id="grid")
                with VerticalScroll(id="details", can_focus=False):
                    yield Static(id="words")
        yield KeyLine()

    def _why_none(self) -> str:
        result = self._record.result(self._variant)
        if result is not None and result.predictions:
            return "No test image is in this cell."
        return "The predictions of single images were not kept for this study."

    def on_mount(self) -> None:
        """Find the pictures in a thread."""
        if self._images:
            self._show()
            run = self._session.open_run(self._record)
            self._session.background.run(self, "open images", lambda: run.gallery, self._opened, self._refused)

    def _opened(self, source: "Gallery") -> None:
        self._source = source
        self._show()

    def _refused(self, failure: Failure) -> None:
        self._error = failure.words
        self._show()

    # ------------------------------------------------------------ drawing

    @property
    def chosen(self) -> Prediction | None:
        """The marked image."""
        return self._images[self._place] if self._images else None

    @property
    def grid(self) -> PictureGrid:
        """The thumbnails."""
        return self.query_one(PictureGrid)

    def _heading(self) -> Text:
        true, predicted = self._names[self._true], self._names[self._predicted]
        what = f"{true} recognised" if self._true == self._predicted else f"{true} taken for {predicted}"
        started, result = self._record.started, self._record.result(self._variant)
        # Of several seeds, the predictions of the first are shown.
        seed = f" with seed {result.seed}" if started is not None and started.repeats > 1 and result else ""
        return Text.assemble(
            (self._variant, "bold"),
            f"   {formatting.count(len(self._images))} images of ",
            (what + seed, "bold"),
            ("   the surest first", "dim"),
        )

    @on(PictureGrid.Relaid)
    def _show(self) -> None:
        capacity = self.grid.capacity
        first = self._place // capacity * capacity
        shown = self._images[first : first + capacity]
        self.grid.show([self._thumbnail(image) for image in shown], self._place - first)
        self.query_one("#words", Static).update(self._details())

    def _thumbnail(self, image: Prediction) -> Thumbnail:
        caption = partial(self._caption, image)
        source = self._source
        if source is None:
            return Thumbnail("", None, caption)
        boxes = self._boxes

        def make() -> "Pixels":
            pixels = source.pixels(image.path)
            return with_box(pixels, source.image(image.path).box) if boxes else pixels

        return Thumbnail(f"{'boxed' if boxes else 'plain'} {image.path} {source.identity}", make, caption)

    def _caption(self, image: Prediction, _size: tuple[int, int] | None) -> Text:
        words = [(self._predicted, image.probabilities[self._predicted])]
        if self._true != self._predicted:
            words.append((self._true, image.probabilities[self._true]))
        return Text(", ".join(f"{100 * share:.0f} % {self._names[label]}" for label, share in words))

    def _details(self) -> Text:
        image = self.chosen
        if image is None:
            return Text()
        lines = [
            Text(f"{self._place + 1} of {len(self._images)}", "dim"),
            Text(image.path, "bold", overflow="fold"),
        ]
        if self._error:
            lines.append(Text(f"no pictures: {self._error}", "bold red"))
        lines += [Text(), *self._probabilities(image), Text()]
        lines.append(Text("what the variants predicted", "dim"))
        lines += [self._said(result.variant, image) for result in evaluated_results(self._record)]
        return Text("\n").join(lines)

    def _probabilities(self, image: Prediction) -> list[Text]:
        labels = list(range(len(self._names)))
        if len(labels) > _MANY_CLASSES:
            likeliest = sorted(labels, key=lambda label: -image.probabilities[label])[:_MANY_CLASSES]
            labels = sorted({*likeliest, self._true})
        width = max(map(len, self._names))
        lines = []
        for label in labels:
            share = image.probabilities[label]
            style = "bold" if label in (self._true, self._predicted) else "dim"
            mark = "◂ true" if label == self._true else ""
            name = formatting.left(formatting.fit(self._names[label], 12), min(12, width))
            lines.append(Text(f"{name} {formatting.bar(share, _BAR)} {share:.3f} {mark}", style))
        return lines

    def _said(self, variant: str, image: Prediction) -> Text:
        mark = variant_mark(variant)
        result = self._record.result(variant)
        said = next((one for one in result.predictions if one.path == image.path), None) if result else None
        variants = study_variants(self._record)
        name = formatting.left(
            short_variant(variant, variants, _NAME), min(_NAME, max(_LEAST_NAME, name_width(variants, _NAME)))
        )
        if said is None:
            return Text.assemble(mark, f" {name} –")
        right = said.predicted == said.label
        return Text.assemble(
            mark,
            f" {name} ",
            ("✓ " if right else "✗ ", "bold green" if right else "bold red"),
            f"{self._names[said.predicted]} {said.probabilities[said.predicted]:.2f}",
        )

    # ------------------------------------------------------------ keys

    def action_move(self, columns: int, rows: int) -> None:
        """Mark a neighbour."""
        if self._images:
            step = columns + rows * self.grid.columns
            self._place = min(len(self._images) - 1, max(0, self._place + step))
            self._show()

    def action_page(self, step: int) -> None:
        """The next or previous page."""
        if self._images:
            self.action_move(step * self.grid.capacity, 0)

    def action_box(self) -> None:
        """Show or hide the boxes."""
        self._boxes = not self._boxes
        if self._images:
            self._show()

    def action_steps(self) -> None:
        """The marked image through every variant."""
        from tui.screens.images.side_by_side import SideBySideScreen

        image, source = self.chosen, self._source
        if image is None or source is None:
            return
        variants = tuple(result.variant for result in evaluated_results(self._record))
        paths = tuple(dict.fromkeys(one.path for one in self._images))
        self.app.push_screen(
            SideBySideScreen(self._session, source, image.path, variants, record=self._record, paths=paths)
        )


def cell_images(record: StudyRecord, variant: str, true: int, predicted: int) -> list[Prediction]:
    """The test images of class `true` that the variant called `predicted`, the surest first."""
    result = record.result(variant)
    if result is None:
        return []
    images = [image for image in result.predictions if (image.label, image.predicted) == (true, predicted)]
    return sorted(images, key=lambda image: (-image.probabilities[predicted], image.path))
