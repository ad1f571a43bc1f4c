"""How pictures reach the screen: read and fitted in a thread of low priority, remembered, drawn when they are ready.

A picture is drawn as Kitty or Sixel graphics where the terminal has them, in half blocks of colour elsewhere, in
shades without colours, or not at all.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from textual.strip import Strip
from textual.widget import Widget

from engine.errors import SimpsonsError
from tui.pictures.half_blocks import fitted, half_blocks, shades

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    Pixels = npt.NDArray[np.uint8]

ImagesOption = Literal["off", "blocks", "auto"]
IMAGES_OPTIONS: tuple[ImagesOption, ...] = get_args(ImagesOption)

REMEMBERED = 400
"""Drawings that are kept: a few pages of thumbnails at several sizes, some megabytes."""

_LOWER_PRIORITY_BY = 15
_CELL_PIXELS = (10, 20)
"""Width and height in pixels that a cell is given for graphics; the terminal scales what is left."""

_ASKS_NO_TERMINAL = ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "NO_COLOR")
"""Where one of these is set nobody is asked for graphics: tmux and screen answer for themselves rather than for the
terminal, and over SSH an answer can come so late that it would be taken for keys."""


def pictures_for(option: str, environment: Mapping[str, str]) -> "Pictures":
    """The pictures of a dashboard that was opened with `--images` option; asks the terminal where that helps."""
    chosen = next(known for known in IMAGES_OPTIONS if known == option)
    return Pictures(chosen, graphics_widget(chosen, environment))


def graphics_widget(option: ImagesOption, environment: Mapping[str, str]) -> type[Widget] | None:
    """The widget that draws in this terminal's graphics protocol; None where there is none or none is wanted.

    Asks the terminal, so call it before the app starts to read keys. Whatever goes wrong means half blocks.
    """
    if option != "auto" or any(environment.get(name) for name in _ASKS_NO_TERMINAL):
        return None
    try:
        # Importing it asks the terminal.
        from textual_image import renderable, widget
    except Exception:  # a terminal that answers nonsense must not keep the dashboard from opening
        return None
    return widget.Image if renderable.Image in (renderable.SixelImage, renderable.TGPImage) else None


@dataclass(frozen=True)
class Drawing:
    """What a picture widget shows: strips, or an image for the terminal's graphics; or why there is nothing.

    `size` is (height, width) of the original in pixels.
    """

    strips: tuple[Strip, ...] = ()
    image: "Image | None" = None
    size: tuple[int, int] = (0, 0)
    problem: str = ""


@dataclass(frozen=True)
class Order:
    """A picture that is wanted: `make` reads its pixels (H, W, 3), `key` is the same for the same pixels.

    `width` and `height` are in cells.
    """

    key: str
    make: "Callable[[], Pixels]"
    width: int
    height: int
    style: Literal["graphics", "blocks", "shades"]
    dark: bool = True
    sharp: bool = False

    @property
    def remembered_as(self) -> tuple[object, ...]:
        """What makes two drawings the same."""
        return self.key, self.width, self.height, self.style, self.dark, self.sharp


class Pictures:
    """Draws orders in one thread, the latest first: who pages on does not wait for what has been left behind."""

    def __init__(self, option: ImagesOption = "blocks", graphics: type[Widget] | None = None) -> None:
        self.off = option == "off"
        self.graphics = graphics
        self._drawn: OrderedDict[tuple[object, ...], Drawing] = OrderedDict()
        self._waiting: list[tuple[Order, Callable[[Drawing], None], Callable[[], bool]]] = []
        self._lock = threading.Lock()
        self._working = False

    def recall(self, order: Order) -> Drawing | None:
        """The drawing, if it is remembered."""
        with self._lock:
            drawing = self._drawn.get(order.remembered_as)
            if drawing is not None:
                self._drawn.move_to_end(order.remembered_as)
            return drawing

    def ask(self, order: Order, tell: Callable[[Drawing], None], wanted: Callable[[], bool]) -> None:
        """Have it drawn; `tell` and `wanted` are called in the drawing thread. What is no longer wanted is dropped."""
        with self._lock:
            self._waiting.append((order, tell, wanted))
            if not self._working:
                self._working = True
                # A daemon, so that leaving never waits for a picture.
                threading.Thread(target=self._work, name="pictures", daemon=True).start()

    def _work(self) -> None:
        """Draw until nothing waits: an idle thread would keep the screens of the last orders."""
        from engine import lower_priority

        lower_priority(_LOWER_PRIORITY_BY)  # training comes first, and so does the screen
        while True:
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                order, tell, wanted = self._waiting.pop()
            if not wanted():
                continue
            drawing = self.recall(order) or draw(order)
            with self._lock:
                if not drawing.problem:
                    self._drawn[order.remembered_as] = drawing
                while len(self._drawn) > REMEMBERED:
                    self._drawn.popitem(last=False)
            tell(drawing)


def draw(order: Order) -> Drawing:
    """Read, fit and draw one picture."""
    try:
        pixels = order.make()
    except SimpsonsError as error:
        return Drawing(problem=str(error))
    except Exception as error:  # one picture that cannot be shown must not cost the others
        return Drawing(problem=f"{type(error).__name__}: {error}")
    size = (pixels.shape[0], pixels.shape[1])
    width, height = max(1, order.width), max(1, order.height)
    if order.style == "graphics":
        across, down = _CELL_PIXELS
        return Drawing(image=fitted(pixels, width * across, height * down, sharp=order.sharp), size=size)
    if order.style == "blocks":
        return Drawing(tuple(half_blocks(pixels, width, height, sharp=order.sharp)), size=size)
    return Drawing(tuple(shades(pixels, width, height, dark=order.dark, sharp=order.sharp)), size=size)
