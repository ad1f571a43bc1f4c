"""One image through every variant: what each step cost, what it changed, and what each network said of it."""

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static

from engine.config.variants import find_variant, get_variant
from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.looks.variant_names import name_width, short_variant
from tui.pictures.marks import with_box
from tui.pictures.picture import Picture
from tui.pictures.service import Pictures
from tui.session.background import Failure, tell
from tui.session.session import Session
from tui.tables.facts import short_names
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from engine import Gallery
    from engine.reports.pictures import VariantPicture


_MILLI = 1000
_LEAST_COLUMN = 17
_LEAST_PICTURE = 5
_LONGEST_NAME = 24
_AROUND_NAME = 3  # columns of a head that are not its variant's name
_AROUND_STEPS = 3  # lines of the words that are no step: size, change, what the network said


class VariantColumn(Vertical):
    """One variant's picture, words and difference."""

    DEFAULT_CSS = """
    VariantColumn { width: 1fr; height: 100%; margin: 0 1 0 0;
        & > .name { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > .words { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
        & > Picture { height: 1fr; }
    }
    """

    def __init__(self, pictures: Pictures, variant: str, text_lines: int) -> None:
        """`text_lines` of words stand between the pictures, as many in every column."""
        super().__init__()
        self._pictures, self.variant, self._text_lines = pictures, variant, text_lines

    def compose(self) -> ComposeResult:
        """Name, picture, words, difference."""
        yield Static(classes="name")
        yield Picture(self._pictures, classes="picture")
        yield Static(classes="words")
        yield Picture(self._pictures, classes="difference")

    def on_mount(self) -> None:
        """Keep the words' place free."""
        self.query_one(".words").styles.height = self._text_lines

    def show_name(self, variants: tuple[str, ...], width: int) -> None:
        """The name in so many cells, unlike those of the other variants."""
        mark = variant_mark(self.variant)
        name = short_variant(self.variant, variants, width)
        self.query_one(".name", Static).update(Text.assemble(mark, " ", (name, "bold")))

    def show(self, key: str, picture: "VariantPicture | None", said: Text) -> None:
        """Show a result, or that it is on its way."""
        result, difference = self.query_one(".picture", Picture), self.query_one(".difference", Picture)
        if picture is None:
            result.show_note("...")
            difference.show_note("")
            self.query_one(".words", Static).update(said)
            return
        result.show_pixels(f"{self.variant} of {key}", picture.pixels)
        self.query_one(".words", Static).update(Text("\n").join([*_costs(picture), said]))
        if not picture.mean_difference:
            difference.show_note("as the plain resize")
        else:
            difference.show_pixels(f"difference of {self.variant} of {key}", picture.difference)


class SideBySideScreen(Screen[None]):
    """Columns of variants; where they do not all fit, the arrow keys move over them."""

    DEFAULT_CSS = """
    SideBySideScreen {
        & > #heading, & > #legend { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #columns { height: 1fr; padding: 0 0 0 1; }
    }
    """
    BINDING_GROUP_TITLE = "Steps"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("steps.next", "n", "step(1)", "Next image", "The next image"),
        bind("steps.previous", "p", "step(-1)", "Previous", "The image before"),
        bind("steps.original", "o", "original", "Original", "The file's own picture with its box, or the results"),
        bind("steps.right", "right", "scroll_columns(1)", "Variants", "Move on over the variants", show=False),
        bind("steps.left", "left", "scroll_columns(-1)", "Variants back", "Move back over the variants", show=False),
        bind("steps.leave", "escape", "app.pop_screen", "Back", "Back to the screen before", display="esc"),
    ]

    def __init__(
        self,
        session: Session,
        source: "Gallery",
        path: str,
        variants: tuple[str, ...],
        *,
        record: StudyRecord | None = None,
        paths: tuple[str, ...] = (),
    ) -> None:
        """`record` adds what each variant's network said; `paths` are the images that n and p go to."""
        super().__init__()
        self._session = session
        self._source, self._path, self._variants, self._record = source, path, variants, record
        self._paths = paths or _neighbours(source, path)
        self._pictures: dict[str, VariantPicture] = {}
        self._first = 0
        self._error = ""
        self._original = False

    def compose(self) -> ComposeResult:
        """The heading, a column a variant, what the lower pictures are."""
        yield Static(id="heading")
        with Horizontal(id="columns"):
            for variant in self._variants:
                yield VariantColumn(self._session.pictures, variant, self._text_lines)
        yield Static(id="legend")
        yield KeyLine()

    def on_mount(self) -> None:
        """Start on the first image."""
        self._start()

    def on_resize(self) -> None:
        """As many columns as fit, and differences where there is height for two pictures."""
        self._lay_out()

    # ------------------------------------------------------------ work

    def _start(self) -> None:
        self._pictures, self._error = {}, ""
        self._show()
        path, source, variants = self._path, self._source, self._variants

        def work() -> None:
            from engine import lower_priority

            lower_priority()
            for picture in source.through(path, variants):
                if path != self._path:
                    return
                tell(self, self._ready, path, picture)

        self._session.background.run(self, "pre-process one image", work, lambda _: None, self._refused)

    def _ready(self, path: str, picture: "VariantPicture") -> None:
        if path == self._path:
            self._pictures[picture.variant] = picture
            self._show()

    def _refused(self, failure: Failure) -> None:
        self._error = failure.words
        self._show()

    # ------------------------------------------------------------ drawing

    @property
    def _text_lines(self) -> int:
        known = [find_variant(name) for name in self._variants]  # one with a step of the user's own may not be
        return _AROUND_STEPS + max(len(variant.steps) if variant else 1 for variant in known)

    def _lay_out(self) -> None:
        least = max(_LEAST_COLUMN, _AROUND_NAME + name_width(self._variants, _LONGEST_NAME))
        count = max(1, min(len(self._variants), self.size.width // least))
        self._first = min(self._first, len(self._variants) - count)
        for place, column in enumerate(self.query(VariantColumn)):
            column.display = self._first <= place < self._first + count
            room = self.size.height - 4 - self._text_lines
            column.query_one(".difference").display = room >= 2 * _LEAST_PICTURE
            column.show_name(self._variants, max(least, self.size.width // count) - _AROUND_NAME)

    def _show(self) -> None:
        image = None
        with suppress(SimpsonsError):
            image = self._source.image(self._path)
        heading = Text.assemble((self._path, "bold"))
        if image is not None:
            heading.append(
                f"   {self._source.classes[image.label]}, {image.part}, {'boxed' if image.box else 'no box'}"
            )
        heading.append(f"   {self._paths.index(self._path) + 1} of {len(self._paths)}", "dim")
        if self._error:
            heading = Text(self._error, "bold red")
        self.query_one("#heading", Static).update(heading)
        columns = [column for column in self.query(VariantColumn) if column.display]
        hidden = len(self._variants) - len(columns)
        shown = {one.variant: self._pictures[one.variant] for one in columns if one.variant in self._pictures}
        legend = f"below: what differs from the plain resize, strengthened{_gains(shown)}"
        more = f"   ← → {hidden} more" if hidden else ""
        self.query_one("#legend", Static).update(Text(legend + more, "dim"))
        for column in columns:
            if not self._original:
                column.show(
                    f"{self._path} {self._source.identity}",
                    self._pictures.get(column.variant),
                    self._said(column.variant),
                )

    def _said(self, variant: str) -> Text:
        """What the variant's network said of the image, where that is known."""
        result = self._record.result(variant) if self._record is not None else None
        if result is None or self._record is None or self._record.dataset is None:
            return Text()
        said = next((one for one in result.predictions if one.path == self._path), None)
        if said is None:
            return Text("not a test image", "dim")
        name = short_names(self._record.dataset.classes)[said.predicted]
        right = said.predicted == said.label
        return Text.assemble(
            ("✓ " if right else "✗ ", "bold green" if right else "bold red"),
            (f"{name} {said.probabilities[said.predicted]:.2f}", "bold"),
        )

    # ------------------------------------------------------------ keys

    def action_step(self, step: int) -> None:
        """The next or previous image."""
        self._path = self._paths[(self._paths.index(self._path) + step) % len(self._paths)]
        self._original = False
        self._start()

    def action_scroll_columns(self, step: int) -> None:
        """Move over the variants where they do not all fit."""
        self._first = max(0, self._first + step)
        self._lay_out()
        self._show()

    def action_original(self) -> None:
        """The file's own picture with its box in place of the results, or the results again."""
        self._original = not self._original
        if not self._original:
            self._show()
            return
        source, path = self._source, self._path
        for column in self.query(VariantColumn):
            column.query_one(".picture", Picture).show(
                f"boxed {path} {source.identity}", lambda: with_box(source.pixels(path), source.image(path).box)
            )


def _neighbours(source: "Gallery", path: str) -> tuple[str, ...]:
    """The images of the same class."""
    label = source.image(path).label
    return tuple(image.path for image in source.images if image.label == label)


def _costs(picture: "VariantPicture") -> list[Text]:
    height, width = picture.pixels.shape[:2]
    lines = [Text(f"{width}×{height}  {_MILLI * picture.seconds:.1f} ms")]
    done = {step.step: step for step in picture.steps}
    for name in get_variant(picture.variant).steps:
        step = done.get(name)
        cost = f"{_MILLI * step.seconds:7.1f} ms" if step else " not used"
        lines.append(Text(f"{name:<8}{cost}", "dim"))
    if picture.mean_difference:
        lines.append(Text(f"changed {picture.mean_difference:.1f} of 255"))
    return lines


def _gains(pictures: "dict[str, VariantPicture]") -> str:
    gains = [f"{name} ×{one.gain:.1f}" for name, one in pictures.items() if one.mean_difference]
    return f" ({', '.join(gains)})" if gains else ""
