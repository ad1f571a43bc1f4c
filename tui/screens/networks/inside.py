"""Inside the network: one image as a network sees it, the evidence it finds, what its blocks give."""

import threading
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Static

from engine.events.record import StudyRecord, evaluated_results
from engine.reports.results import Prediction
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.pictures.picture import Picture
from tui.pictures.service import Pictures
from tui.session.background import Failure
from tui.session.session import Session
from tui.tables.facts import short_names
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from engine import Explainer, Gallery
    from engine.reports.pictures import InsideView, Pixels


_PANELS = 6


class Panel(Vertical):
    """A picture with its name."""

    DEFAULT_CSS = """
    Panel { width: 1fr; height: 1fr;
        & > Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self, pictures: Pictures, *, sharp: bool) -> None:
        super().__init__()
        self._picture, self._title = Picture(pictures, sharp=sharp), Static()

    def compose(self) -> ComposeResult:
        """The name over the picture."""
        yield self._title
        yield self._picture

    def show(self, key: str, name: Text, pixels: "Pixels | None") -> None:
        """Show a picture, or that it is on its way."""
        self._title.update(name)
        if pixels is None:
            self._picture.show_note("")
        else:
            self._picture.show_pixels(key, pixels)


class InsideScreen(Screen[None]):
    """Input, Grad-CAM for the predicted and the true class, feature maps, filters."""

    DEFAULT_CSS = """
    InsideScreen {
        & > #heading, & > #words { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #panels { layout: grid; grid-size: 3 2; grid-gutter: 0 1; height: 1fr; padding: 0 1; }
        &.-enlarged > #panels { grid-size: 1 1; }
    }
    """
    BINDING_GROUP_TITLE = "Inside the network"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("inside.next", "n,right", "step(1)", "Next image", "The next image", display="n"),
        bind("inside.previous", "p,left", "step(-1)", "Previous", "The image before", show=False, display="p"),
        bind("inside.variant", "tab", "variant(1)", "Variant", "The next variant's network", priority=True),
        bind(
            "inside.variant_back",
            "shift+tab",
            "variant(-1)",
            "Variant back",
            "The network before",
            show=False,
            priority=True,
        ),
        bind(
            "inside.mistakes", "m", "mistakes", "Mistakes", "Only the images that were taken for another class, or all"
        ),
        bind("inside.enlarge", "z", "enlarge", "Enlarge", "One picture alone; again for the next"),
        bind("inside.steps", "s", "steps", "Steps", "The image through every variant"),
        bind("inside.measure", "c", "measure", "Colour", "What the networks lose without colour, background or box"),
        bind("inside.resolution", "r", "resolution", "Resolution", "How accuracy falls when the images are shrunk"),
        bind("inside.leave", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
    ]

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__()
        self._session, self._record = session, record
        self._study = record.started.study if record.started is not None else ""
        self._variants = [result.variant for result in evaluated_results(record)]
        self._variant = self._variants[0]
        self._names = short_names(record.dataset.classes if record.dataset else ())
        self._only_mistakes = False
        self._path = ""
        self._turn = 0
        self._view: InsideView | None = None
        self._error = ""
        self._enlarged = -1
        self._lock = threading.Lock()
        self._explainers: dict[str, Explainer] = {}

    # ------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """Three pictures over three."""
        yield Static(id="heading")
        with Container(id="panels"):
            for place in range(_PANELS):
                yield Panel(self._session.pictures, sharp=place >= _PANELS // 2)
        yield Static(id="words")
        yield KeyLine()

    def on_mount(self) -> None:
        """Look at the first image."""
        self._ask()

    # ------------------------------------------------------------ work

    @property
    def images(self) -> list[Prediction]:
        """The test images that are gone through."""
        result = self._record.result(self._variant)
        images = list(result.predictions) if result is not None else []
        return [image for image in images if not self._only_mistakes or image.predicted != image.label]

    @property
    def image(self) -> Prediction | None:
        """The image that is shown."""
        images = self.images
        return next((image for image in images if image.path == self._path), images[0] if images else None)

    def _ask(self) -> None:
        self._turn += 1
        self._view, self._error = None, ""
        turn, variant, image = self._turn, self._variant, self.image
        self._path = image.path if image is not None else self._path
        self._show()
        if image is None:
            return
        engine, run = self._session.engine, self._session.open_run(self._record)

        def work() -> "InsideView | None":
            from engine import lower_priority

            lower_priority()
            with self._lock:
                if turn != self._turn:
                    return None
                if variant not in self._explainers:
                    self._explainers[variant] = engine.open_explainer(run, variant)
                return self._explainers[variant].look(image.path, image.label)

        self._session.background.run(self, "look inside", work, self._seen, self._refused)

    def _seen(self, view: "InsideView | None") -> None:
        self._view = view
        self._show()

    def _refused(self, failure: Failure) -> None:
        self._error = failure.words
        self._show()

    # ------------------------------------------------------------ drawing

    def _show(self) -> None:
        self.query_one("#heading", Static).update(self._heading())
        self.query_one("#words", Static).update(self._words())
        panels = list(self.query(Panel))
        for panel, (key, name, pixels) in zip(panels, self._pictures(), strict=True):
            panel.show(f"{key} of {self._study} {self._variant} {self._path}", name, pixels)
        for place, panel in enumerate(panels):
            panel.display = self._enlarged in (-1, place)
        self.set_class(self._enlarged >= 0, "-enlarged")

    def _heading(self) -> Text:
        image, images = self.image, self.images
        mark = variant_mark(self._variant)
        heading = Text.assemble(mark, " ", (self._variant, "bold"), "   ")
        if image is None:
            return heading.append("no mistakes" if self._only_mistakes else "no predictions of single images were kept")
        which = "mistake" if self._only_mistakes else "image"
        place = [one.path for one in images].index(image.path) + 1
        return heading.append(image.path, "bold").append(f"   {which} {place} of {len(images)}", "dim")

    def _words(self) -> Text:
        if self._error:
            return Text(self._error, "bold red")
        image, view = self.image, self._view
        if image is None:
            return Text()
        if view is None:
            return Text("looking inside ... (the first time the libraries are loaded)", "dim")
        right = view.predicted == image.label
        likeliest = sorted(range(len(view.probabilities)), key=lambda label: -view.probabilities[label])[:3]
        likely = ", ".join(f"{self._names[label]} {view.probabilities[label]:.2f}" for label in likeliest)
        sign = ("✓ ", "bold green") if right else ("✗ ", "bold red")
        words = Text.assemble(sign, f"true {self._names[image.label]}; predicted {likely}")
        return words.append(f"   {'; '.join(view.notes)}", "dim") if view.notes else words

    def _pictures(self) -> "list[tuple[str, Text, Pixels | None]]":
        view, image = self._view, self.image
        if view is None or image is None:
            return [("", Text(), None)] * _PANELS
        height, width = view.pixels.shape[:2]
        predicted, true = self._names[view.predicted], self._names[image.label]
        said = _evidence(predicted, "predicted", view.for_predicted, found=view.speaks_for_predicted)
        meant = _evidence(true, "true", view.for_true, found=view.speaks_for_true)
        blocks: list[tuple[str, Pixels | None]] = [(f"{name}: feature maps", maps) for name, maps in view.blocks]
        blocks = blocks or [("no feature maps", None)]
        filters = "no filters" if view.filters is None else "first layer's filters"
        return [
            ("input", Text(f"input {width}×{height}"), view.pixels),
            ("predicted", said, view.for_predicted),
            ("true", meant, view.for_true),
            ("filters", Text(filters), view.filters),
            ("first", Text(blocks[0][0]), blocks[0][1]),
            ("last", Text(blocks[-1][0]), blocks[-1][1]),
        ]

    # ------------------------------------------------------------ keys

    def action_step(self, step: int) -> None:
        """The next or previous image."""
        images, image = self.images, self.image
        if image is not None:
            place = [one.path for one in images].index(image.path)
            self._path = images[(place + step) % len(images)].path
            self._ask()

    def action_variant(self, step: int) -> None:
        """The next or previous network, on the same image."""
        place = self._variants.index(self._variant)
        self._variant = self._variants[(place + step) % len(self._variants)]
        self._ask()

    def action_mistakes(self) -> None:
        """Only mistakes, or all test images."""
        self._only_mistakes = not self._only_mistakes
        self._ask()

    def action_enlarge(self) -> None:
        """One picture alone, then the next, then all again."""
        self._enlarged = self._enlarged + 1 if self._enlarged + 1 < _PANELS else -1
        self._show()

    def action_steps(self) -> None:
        """The image through every variant."""
        image, record, session = self.image, self._record, self._session
        if image is None:
            return
        from tui.screens.images.side_by_side import SideBySideScreen

        path, paths, variants = image.path, tuple(one.path for one in self.images), tuple(self._variants)

        def show(images: "Gallery") -> None:
            self.app.push_screen(SideBySideScreen(session, images, path, variants, record=record, paths=paths))

        run = session.open_run(record)
        session.background.run(self, "open images", lambda: run.gallery, show)

    def action_measure(self) -> None:
        """What the networks lose without parts of the picture."""
        from tui.screens.networks.ablation import MeasuredScreen

        self.app.push_screen(MeasuredScreen(self._session, self._record))

    def action_resolution(self) -> None:
        """How accuracy falls when the images are shrunk."""
        from tui.screens.networks.resolution import ResolutionScreen

        self.app.push_screen(ResolutionScreen(self._session, self._record))


def _evidence(name: str, which: str, heat: "Pixels | None", *, found: bool) -> Text:
    if heat is None:
        return Text("no Grad-CAM", "dim")
    return Text.assemble("for " if found else "nothing for ", (name, "bold"), f" ({which})")
