"""Opening a set of images behind the screen that wants to show them."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import SimpsonsError
from tui.session.background import in_background

if TYPE_CHECKING:
    from tui.session.engine import ImageSource


def open_in_background(
    open_images: "Callable[[], ImageSource]", tell: "Callable[[ImageSource | None, str], object]"
) -> None:
    """Call `open_images` in a thread, and `tell` there with the images, or with None and why there are none."""

    def work() -> None:
        source, error = None, ""
        try:
            source = open_images()
        except SimpsonsError as failure:
            error = str(failure)
        except Exception as failure:  # a mistake of ours must not leave the screen waiting
            error = f"the images cannot be shown: {type(failure).__name__}: {failure}"
        # The loop is closed where the user left meanwhile.
        with suppress(RuntimeError):
            tell(source, error)

    in_background("open images", work)
