"""Two images side by side, with their boxes: what an audit holds for copies of each other."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from tui.pictures.marks import with_box
from tui.pictures.opening import open_in_background
from tui.pictures.picture import Picture

if TYPE_CHECKING:
    from engine.reports.pictures import Pixels
    from tui.session.engine import ImageSource


class PairPictures(Horizontal):
    """Pictures of two paths; the images are opened in a thread when the first pair is shown."""

    DEFAULT_CSS = """
    PairPictures { height: 12; width: 100%;
        & > Picture { width: 1fr; height: 100%; margin: 0 1 0 0; }
    }
    """

    class Opened(Message):
        """The images can be read, or not."""

        def __init__(self, source: "ImageSource | None", error: str) -> None:
            super().__init__()
            self.source, self.error = source, error

    def __init__(self, open_images: "Callable[[], ImageSource]") -> None:
        super().__init__()
        self._open_images = open_images
        self._source: ImageSource | None = None
        self._asked = False
        self._error = ""
        self._paths: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The two."""
        yield Picture()
        yield Picture()

    def show(self, *paths: str) -> None:
        """Show these, or none."""
        self._paths = paths
        if paths and not self._asked:
            self._asked = True
            open_in_background(self._open_images, lambda source, error: self.post_message(self.Opened(source, error)))
        self._draw()

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        self._source, self._error = message.source, message.error
        self._draw()

    def _draw(self) -> None:
        source = self._source
        for picture, path in zip(self.query(Picture), (*self._paths, "", "")[:2], strict=True):
            if not path or source is None:
                picture.show_note(self._error if path else "")
                continue
            picture.show(f"boxed {path} {source.identity}", partial(_boxed, source, path))


def _boxed(source: "ImageSource", path: str) -> "Pixels":
    return with_box(source.pixels(path), source.image(path).box)
