"""One picture on the screen, and a grid of them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from tui.pictures.service import Drawing, Order, Pictures

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

_TRUE_COLOUR_SYSTEMS = ("256", "truecolor")
OFF = "pictures are off (--images)"


class Picture(Widget):
    """Shows pixels (H, W, 3) as large as they fit, in the middle; `show` may be called at any time."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Picture {
        width: 1fr; height: 1fr; align: center middle;
        & > .graphics { width: auto; height: auto; max-width: 100%; max-height: 100%; }
    }
    """

    class Drawn(Message):
        """A drawing is ready."""

        def __init__(self, picture: "Picture", turn: int, drawing: Drawing) -> None:
            super().__init__()
            self.picture, self.turn, self.drawing = picture, turn, drawing

        @property
        def control(self) -> "Picture":
            """Who shows it."""
            return self.picture

    def __init__(
        self,
        pictures: Pictures,
        *,
        sharp: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._pictures = pictures
        self._sharp = sharp
        self._key = ""
        self._make: Callable[[], Pixels] | None = None
        self._turn = 0
        self._drawing: Drawing | None = None
        self._note = ""
        self._graphics: Any = None

    @property
    def key(self) -> str:
        """What it shows or will show; empty for nothing."""
        return self._key

    @property
    def drawing(self) -> Drawing | None:
        """What is drawn, when it is."""
        return self._drawing

    def compose(self) -> ComposeResult:
        """A widget of the graphics library, where the terminal has graphics."""
        graphics = self._pictures.graphics
        if graphics is not None:
            self._graphics = graphics(classes="graphics")
            yield self._graphics

    def show(self, key: str, make: "Callable[[], Pixels] | None") -> None:
        """Show other pixels; `make` is called in another thread, and only if they are not remembered by `key`."""
        if make is not None and key == self._key and self._drawing is not None:
            return
        self._key, self._make, self._drawing, self._note = key, make, None, ""
        self._order()

    def show_pixels(self, key: str, pixels: "Pixels") -> None:
        """Show pixels that are here."""
        self.show(key, lambda: pixels)

    def show_note(self, note: str) -> None:
        """Show words."""
        self._turn += 1
        self._key, self._make, self._drawing, self._note = "", None, None, note
        self._give_graphics(None)
        if self.is_attached:
            self.refresh()

    def on_mount(self) -> None:
        """Draw for the ground of another theme, when it changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._order())

    def on_resize(self) -> None:
        """Draw at the new size."""
        self._order()

    def _order(self) -> None:
        self._turn += 1
        if not self.is_attached:
            return
        pictures = self._pictures
        if self._make is None or pictures.off or not self.size.width or not self.size.height:
            self._give_graphics(None)
            self.refresh()
            return
        order = Order(
            self._key,
            self._make,
            self.size.width,
            self.size.height,
            self._style(),
            self.app.current_theme.dark,
            self._sharp,
        )
        if (known := pictures.recall(order)) is not None:
            self._take(self._turn, known)
            return
        turn = self._turn

        def tell(drawing: Drawing) -> None:
            # The loop is closed where the user left meanwhile.
            with suppress(RuntimeError):
                self.post_message(self.Drawn(self, turn, drawing))

        pictures.ask(order, tell, lambda: turn == self._turn and self.is_attached)

    def _style(self) -> Any:
        if self._pictures.graphics is not None:
            return "graphics"
        colours = not self.app.no_color and self.app.console.color_system in _TRUE_COLOUR_SYSTEMS
        return "blocks" if colours else "shades"

    def on_picture_drawn(self, message: Drawn) -> None:
        """Show what was asked for last."""
        self._take(message.turn, message.drawing)

    def _take(self, turn: int, drawing: Drawing) -> None:
        if turn != self._turn:
            return
        self._drawing = drawing
        self._note = drawing.problem
        self._give_graphics(drawing.image)
        self.refresh()
        if not drawing.problem:
            self.post_message(self.Shown(self, drawing.size))

    @dataclass
    class Shown(Message):
        """A picture stands on the screen; `size` is (height, width) of the original in pixels."""

        picture: "Picture"
        size: tuple[int, int]

    def _give_graphics(self, image: Any) -> None:
        if self._graphics is not None:
            self._graphics.image = image

    def _words(self) -> str:
        if self._make is not None and self._pictures.off:
            return OFF
        return self._note or ("..." if self._make is not None and self._drawing is None else "")

    def render_line(self, y: int) -> Strip:
        """One line of half blocks or shades; words where there is no picture."""
        width, height = self.size
        strips: Sequence[Strip] = self._drawing.strips if self._drawing is not None else ()
        if not strips:
            strips = self._word_strips(width)
        above = max(0, (height - len(strips)) // 2)
        if not above <= y < above + len(strips):
            return Strip.blank(width, self.rich_style)
        strip = strips[y - above]
        left = max(0, (width - strip.cell_length) // 2)
        line = Strip.join([Strip.blank(left), strip]).adjust_cell_length(width)
        return line.apply_style(self.rich_style)

    def _word_strips(self, width: int) -> list[Strip]:
        words = self._words()
        if not words:
            return []
        lines = Text(words, "dim").wrap(self.app.console, max(1, width))
        return [Strip(line.render(self.app.console)) for line in lines]


@dataclass(frozen=True)
class Thumbnail:
    """One entry of a grid: what it shows, and words below it that may gain the picture's size."""

    key: str
    make: "Callable[[], Pixels] | None"
    caption: Callable[[tuple[int, int] | None], Text]


class Thumb(Vertical):
    """A picture and a line of words."""

    DEFAULT_CSS = """
    Thumb { height: 100%; width: 1fr; padding: 0; border: none;
        & > Static { height: 1; width: 100%; text-align: center; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-chosen > Static { background: $primary; color: $text; text-style: bold; }
    }
    """

    def __init__(self, pictures: Pictures, *, sharp: bool = False) -> None:
        super().__init__()
        self._picture = Picture(pictures, sharp=sharp)
        self._caption = Static()
        self._thumbnail: Thumbnail | None = None

    def compose(self) -> ComposeResult:
        """The picture over its words."""
        yield self._picture
        yield self._caption

    def show(self, thumbnail: Thumbnail | None) -> None:
        """Show an entry, or nothing."""
        self._thumbnail = thumbnail
        if thumbnail is None:
            self._picture.show("", None)
            self._caption.update("")
            return
        self._picture.show(thumbnail.key, thumbnail.make)
        drawing = self._picture.drawing
        self._caption.update(thumbnail.caption(drawing.size if drawing is not None else None))

    @on(Picture.Shown)
    def _sized(self, event: Picture.Shown) -> None:
        if self._thumbnail is not None:
            self._caption.update(self._thumbnail.caption(event.size))


class PictureGrid(Container):
    """As many thumbnails as fit; the owner pages through what does not, by `capacity`."""

    DEFAULT_CSS = "PictureGrid { layout: grid; grid-gutter: 0 1; height: 1fr; width: 1fr; }"

    class Relaid(Message):
        """The number of thumbnails that fit has changed."""

    def __init__(
        self,
        pictures: Pictures,
        *,
        least: tuple[int, int] = (18, 9),
        sharp: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        """`least` is the width and height of a thumbnail in cells, its caption included."""
        super().__init__(id=id)
        self._pictures, self._least, self._sharp = pictures, least, sharp
        self.columns, self.rows = 1, 1
        self._thumbnails: Sequence[Thumbnail] = ()
        self._chosen = -1

    @property
    def capacity(self) -> int:
        """How many fit."""
        return self.columns * self.rows

    def places(self, size: Size) -> tuple[int, int]:
        """Columns and rows of a size."""
        columns, rows = (max(1, side // least) for side, least in zip(size, self._least, strict=True))
        return columns, rows

    async def on_resize(self) -> None:
        """As many as the new size holds."""
        columns, rows = self.places(self.size)
        if (columns, rows) == (self.columns, self.rows) and len(self.children) == self.capacity:
            return
        self.columns, self.rows = columns, rows
        self.styles.grid_size_columns, self.styles.grid_size_rows = columns, rows
        async with self.batch():
            missing = self.capacity - len(self.children)
            if missing > 0:
                await self.mount_all(Thumb(self._pictures, sharp=self._sharp) for _ in range(missing))
            for extra in list(self.children)[self.capacity :]:
                await extra.remove()
        self._fill()
        self.post_message(self.Relaid())

    def show(self, thumbnails: Sequence[Thumbnail], chosen: int = -1) -> None:
        """Show the first of these that fit; `chosen` is marked."""
        self._thumbnails, self._chosen = thumbnails, chosen
        self._fill()

    def _fill(self) -> None:
        for place, thumb in enumerate(self.query(Thumb)):
            thumb.show(self._thumbnails[place] if place < len(self._thumbnails) else None)
            thumb.set_class(place == self._chosen, "-chosen")
