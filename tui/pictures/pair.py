"""Two images side by side, with their boxes: what an audit holds for copies of each other."""

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui.pictures.marks import with_box
from tui.pictures.picture import Picture
from tui.pictures.service import Pictures

if TYPE_CHECKING:
    from engine import Gallery
    from engine.reports.pictures import Pixels


class PairPictures(Horizontal):
    """Pictures of two paths, as soon as it is known where the images are."""

    DEFAULT_CSS = """
    PairPictures { height: 12; width: 100%;
        & > Picture { width: 1fr; height: 100%; margin: 0 1 0 0; }
    }
    """

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self._pictures = pictures
        self._images: Gallery | None = None
        self._problem = ""
        self._paths: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The two."""
        yield Picture(self._pictures)
        yield Picture(self._pictures)

    def use(self, images: "Gallery | None", problem: str) -> None:
        """Take the pictures from these images, or say why there are none."""
        self._images, self._problem = images, problem
        self._draw()

    def show(self, *paths: str) -> None:
        """Show these, or none."""
        self._paths = paths
        self._draw()

    def _draw(self) -> None:
        images = self._images
        for picture, path in zip(self.query(Picture), (*self._paths, "", "")[:2], strict=True):
            if not path or images is None:
                picture.show_note(self._problem if path else "")
                continue
            picture.show(f"boxed {path} {images.identity}", partial(_boxed, images, path))


def _boxed(images: "Gallery", path: str) -> "Pixels":
    return with_box(images.pixels(path), images.image(path).box)
