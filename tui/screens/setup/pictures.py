"""The set-up's empty half: an image of every class, and one image as the chosen variants make it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import Screen

from engine.config.study import StudyConfig
from engine.reports.results import DatasetSummary
from tui.looks.palette import variant_mark
from tui.pictures.marks import with_box
from tui.pictures.picture import PictureGrid, Thumbnail
from tui.session.session import Session
from tui.tables.facts import short_names

if TYPE_CHECKING:
    from engine import Gallery
    from engine.reports.pictures import GalleryImage, Pixels

_LEAST = (9, 5)
"""Columns and lines of a picture with its words below which it shows nothing."""

_LEAST_CLASS_LINES, _LEAST_VARIANT_LINES, _FRAME = 6, 8, 2
_CELL = 2.0
"""How much higher a cell is than wide."""


class _FittedGrid(PictureGrid):
    """A grid for some number of pictures, as large as they can be."""

    def __init__(self, session: Session, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(session.pictures, least=_LEAST, id=id)
        self.wanted = 1

    def places(self, size: Size) -> tuple[int, int]:
        """The columns and rows that give the largest pictures; as many as fit where all do not."""
        most, most_rows = super().places(size)
        if self.wanted >= most * most_rows:
            return most, most_rows
        grids = [(columns, -(-self.wanted // columns)) for columns in range(1, most + 1)]
        fitting = [(columns, rows) for columns, rows in grids if rows <= most_rows]
        return max(fitting, key=lambda grid: min(size.width / grid[0], _CELL * (size.height / grid[1] - 1)))

    async def show_all(self, thumbnails: Sequence[Thumbnail]) -> None:
        """Show as many of these as fit."""
        self.wanted = max(1, len(thumbnails))
        self.show(thumbnails)
        await self.on_resize()


class ClassPictures(_FittedGrid):
    """The first image of every class, below the bars of their numbers."""

    DEFAULT_CSS = "ClassPictures { display: none; height: 1fr; margin: 1 0 0 0; }"

    def __init__(self, session: Session) -> None:
        super().__init__(session, "class-pictures")

    async def show_classes(self, gallery: "Gallery") -> None:
        """Show those of a data set."""
        first = {image.label: image.path for image in reversed(gallery.images)}
        names = dict(enumerate(short_names(gallery.classes)))
        await self.show_all(
            [
                Thumbnail(f"{path} {gallery.identity}", partial(gallery.pixels, path), _saying(Text(names[label])))
                for label, path in sorted(first.items())
            ]
        )


class VariantPictures(Vertical):
    """One image of the data as its file has it, and as each of the chosen variants makes it.

    It opens the images behind the screen, and gives `ClassPictures` theirs. Either part is shown
    where there is room below what stands there: nothing is moved or cut for it.
    """

    DEFAULT_CSS = "VariantPictures { display: none; height: 1fr; }"

    def __init__(self, session: Session) -> None:
        super().__init__(id="variant-pictures", classes="panel")
        self.border_title = "one image through the variants"
        self._session = session
        self._gallery: Gallery | None = None
        self._config: StudyConfig | None = None
        self._variants: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The pictures."""
        yield _FittedGrid(self._session, "through")

    def on_mount(self) -> None:
        """Look for room whenever anything is laid out anew."""
        self.screen.screen_layout_refresh_signal.subscribe(self, lambda _screen: self._fit())

    def show_study(self, config: StudyConfig, variants: tuple[str, ...]) -> None:
        """Show the images of a study; those of before until they are read."""
        session, self._variants = self._session, variants
        wanted = replace(config, variants=StudyConfig.variants)
        if wanted == self._config:
            self._fill()
            return
        self._config = wanted
        open_images = partial(session.engine.open_gallery, wanted)
        session.background.run(self, "open images", open_images, self._opened, courtesy=True)

    def _opened(self, gallery: "Gallery") -> None:
        self._gallery = gallery if gallery.images else None
        self._fit()
        self._fill()

    def _fit(self) -> None:
        """Show each part that has room and something to show."""
        data, choices, classes = (self.screen.query_one(name) for name in ("#data", "#choices", "#class-pictures"))
        there = self._gallery is not None
        taken = sum(part.outer_size.height for part in data.children if part is not classes and part.display)
        classes.display = there and data.size.height - taken >= _LEAST_CLASS_LINES
        panels = (self.screen.query_one(name) for name in ("#variants-panel", "#recipe-panel"))
        plan = self.screen.query_one("#plan").size.height + _FRAME
        room = choices.size.height - plan - sum(panel.outer_size.height for panel in panels)
        self.display = there and room >= _LEAST_VARIANT_LINES
        self.screen.set_class(self.display, "-pictures")

    def _fill(self) -> None:
        gallery = self._gallery
        if gallery is not None:
            self.call_later(self.screen.query_one(ClassPictures).show_classes, gallery)
            self.call_later(self._show_variants, gallery)

    async def _show_variants(self, gallery: "Gallery") -> None:
        boxed_images = sorted((image for image in gallery.images if image.box), key=_box_area)
        # One whose box is smaller than most, so that a crop to it shows.
        image = boxed_images[len(boxed_images) // 4] if boxed_images else gallery.images[0]
        path = image.path
        self.border_subtitle = path
        boxed = partial(_boxed, gallery, path)
        thumbnails = [Thumbnail(f"boxed {path} {gallery.identity}", boxed, _saying(Text("as it is", "dim")))]
        for variant in self._variants:
            words = Text.assemble(variant_mark(variant), f" {variant}")
            key, made = f"{variant} of {path} {gallery.identity}", partial(_made, gallery, path, variant)
            thumbnails.append(Thumbnail(key, made, _saying(words)))
        await self.query_one(_FittedGrid).show_all(thumbnails)


def show_pictures(
    screen: Screen[None],
    session: Session,
    config: StudyConfig,
    variants: tuple[str, ...],
    summary: DatasetSummary | None,
) -> None:
    """Have both parts show a study's images; they are put below what stands there when this is first called."""
    if session.pictures.off or summary is None or not screen.query_one("#data").is_attached:
        return
    if not screen.query(VariantPictures):
        screen.query_one("#data").mount(ClassPictures(session))
        screen.query_one("#choices").mount(VariantPictures(session))
    part = screen.query_one(VariantPictures)
    part.call_after_refresh(part.show_study, config, variants)


def _box_area(image: "GalleryImage") -> int:
    left, top, right, bottom = image.box or (0, 0, 0, 0)
    return (right - left) * (bottom - top)


def _saying(words: Text) -> Callable[[tuple[int, int] | None], Text]:
    return lambda _size: words


def _boxed(gallery: "Gallery", path: str) -> "Pixels":
    return with_box(gallery.pixels(path), gallery.image(path).box)


def _made(gallery: "Gallery", path: str, variant: str) -> "Pixels":
    return gallery.preview(path, variant)[0].pixels
