"""The data set in pictures: one page a class, with boxes, sizes and near copies."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from engine.reports.audit import AuditReport
from tui.looks import formatting
from tui.looks.keys import bind
from tui.pictures.marks import with_box
from tui.pictures.picture import PictureGrid, Thumbnail
from tui.session.background import Failure
from tui.session.session import Session
from tui.tables.facts import short_names
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from engine import Gallery
    from engine.reports.pictures import GalleryImage, Pixels


_SHORT_NAME = 14
COPIED = "≈"
"""Marks an image that has a near copy."""


class BrowseScreen(Screen[None]):
    """Thumbnails of one class; arrows choose, Tab goes on to the next class, Enter shows the pre-processing."""

    DEFAULT_CSS = """
    BrowseScreen {
        & > #heading, & > #chosen { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #grid { margin: 0 1; }
    }
    """
    BINDING_GROUP_TITLE = "Browse"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("browse.open", "enter", "open", "Steps", "The marked image through every variant", priority=True),
        bind("browse.next", "tab", "class(1)", "Next class", "The next class", priority=True),
        bind("browse.previous", "shift+tab", "class(-1)", "Previous", "The class before", show=False, priority=True),
        bind("browse.right", "right", "move(1, 0)", "Right", "Mark the image on the right", show=False),
        bind("browse.left", "left", "move(-1, 0)", "Left", "Mark the image on the left", show=False),
        bind("browse.down", "down", "move(0, 1)", "Down", "Mark the image below", show=False),
        bind("browse.up", "up", "move(0, -1)", "Up", "Mark the image above", show=False),
        bind("browse.on", "pagedown", "page(1)", "Page", "The next page of the class", display="pgdn"),
        bind("browse.back", "pageup", "page(-1)", "Page back", "The page before", show=False),
        bind("browse.first", "home", "edge(-1)", "First", "The first image of the class", show=False),
        bind("browse.last", "end", "edge(1)", "Last", "The last image of the class", show=False),
        bind("browse.leave", "escape", "app.pop_screen", "Back", "Back to the screen before", display="esc"),
    ]

    def __init__(
        self,
        session: Session,
        open_images: "Callable[[], Gallery]",
        variants: tuple[str, ...],
        *,
        name: str = "",
        audit: AuditReport | None = None,
    ) -> None:
        """`open_images` is called in a thread; `variants` are those that Enter shows."""
        super().__init__()
        self._session, self._open_images, self._variants, self._title = session, open_images, variants, name
        self._source: Gallery | None = None
        self._copies = {path: len(group) - 1 for group in (audit.groups if audit else ()) for path in group}
        self._audited = audit is not None
        self._pages: list[tuple[GalleryImage, ...]] = []
        self._names: list[str] = []
        self._label, self._place = 0, 0
        self._error = ""

    # ------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """Where we are, the pictures, the chosen one in words."""
        yield Static(id="heading")
        yield PictureGrid(self._session.pictures, id="grid")
        yield Static(id="chosen")
        yield KeyLine()

    @property
    def grid(self) -> PictureGrid:
        """The thumbnails."""
        return self.query_one(PictureGrid)

    def on_mount(self) -> None:
        """Read the data set's names and boxes in a thread."""
        self._show()
        self._session.background.run(self, "open images", self._open_images, self._opened, self._refused)

    def _opened(self, source: "Gallery") -> None:
        self._source = source
        self._names = list(short_names(source.classes))
        self._pages = [
            tuple(image for image in source.images if image.label == label) for label in range(len(source.classes))
        ]
        self._show()

    def _refused(self, failure: Failure) -> None:
        self._error = failure.words
        self._show()

    # ------------------------------------------------------------ drawing

    @property
    def images(self) -> "tuple[GalleryImage, ...]":
        """The images of the class that is shown."""
        return self._pages[self._label] if self._pages else ()

    @property
    def chosen(self) -> "GalleryImage | None":
        """The marked image."""
        return self.images[self._place] if self._place < len(self.images) else None

    @on(PictureGrid.Relaid)
    def _show(self) -> None:
        self.query_one("#heading", Static).update(self._heading())
        self.query_one("#chosen", Static).update(self._chosen_text())
        first = self._place // self.grid.capacity * self.grid.capacity
        shown = self.images[first : first + self.grid.capacity]
        self.grid.show([self._thumbnail(image) for image in shown], self._place - first)
        self.refresh_bindings()

    def _heading(self) -> Text:
        if self._error:
            return Text(self._error, "bold red")
        if self._source is None:
            return Text("reading the data set ...", "dim")
        images, capacity = self.images, self.grid.capacity
        boxed = sum(image.box is not None for image in images)
        test = sum(image.part == "test" for image in images)
        copied = sum(image.path in self._copies for image in images)
        pages = max(1, -(-len(images) // capacity))
        return Text.assemble(
            (self._names[self._label], "bold"),
            f"  {self._label + 1} of {len(self._pages)}   page {self._place // capacity + 1} of {pages}   ",
            (f"{formatting.count(len(images) - test)} train, {formatting.count(test)} test, {boxed} boxed", "dim"),
            (f", {COPIED}{copied} copied" if self._audited else "", "dim"),
            (f"   {self._title}" if self._title else "", "dim"),
        )

    def _chosen_text(self) -> Text:
        image = self.chosen
        if image is None:
            return Text()
        copies = self._copies.get(image.path, 0)
        near = (
            f"{COPIED} {copies} near {'copy' if copies == 1 else 'copies'}"
            if copies
            else ("no near copy" if self._audited else "")
        )
        box = image.box
        words = [f"{image.part}", f"box {box[2] - box[0]}×{box[3] - box[1]} at {box[0]},{box[1]}" if box else "no box"]
        return Text.assemble((image.path, "bold"), "   ", ("   ".join([*words, near]), "dim"))

    def _thumbnail(self, image: "GalleryImage") -> Thumbnail:
        source = self._source
        assert source is not None

        def make() -> "Pixels":
            return with_box(source.pixels(image.path), image.box)

        return Thumbnail(f"boxed {image.path} {source.identity}", make, partial(self._caption, image))

    def _caption(self, image: "GalleryImage", size: tuple[int, int] | None) -> Text:
        name = formatting.fit_start(image.path.rpartition("/")[2].rpartition(".")[0] or image.path, _SHORT_NAME)
        mark = COPIED if image.path in self._copies else ""
        test = " t" if image.part == "test" else ""
        dimensions = f" {size[1]}×{size[0]}" if size is not None else ""
        return Text(f"{mark}{name}{dimensions}{test}" if self.size.width else name)

    # ------------------------------------------------------------ keys

    def action_move(self, columns: int, rows: int) -> None:
        """Mark a neighbour; past the page's edge the next page shows."""
        if self.images:
            step = columns + rows * self.grid.columns
            self._place = min(len(self.images) - 1, max(0, self._place + step))
            self._show()

    def action_page(self, step: int) -> None:
        """The next or previous page of the class."""
        self.action_move(step * self.grid.capacity, 0)

    def action_edge(self, step: int) -> None:
        """The first or last image of the class."""
        self.action_move(step * len(self.images), 0)

    def action_class(self, step: int) -> None:
        """The next or previous class."""
        if self._pages:
            self._label, self._place = (self._label + step) % len(self._pages), 0
            self._show()

    def action_open(self) -> None:
        """The marked image through every variant."""
        from tui.screens.images.side_by_side import SideBySideScreen

        if self._source is not None and self.chosen is not None:
            self.app.push_screen(SideBySideScreen(self._session, self._source, self.chosen.path, self._variants))
