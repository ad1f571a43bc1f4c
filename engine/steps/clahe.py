"""Contrast-limited adaptive histogram equalisation."""

from typing import TYPE_CHECKING

from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "local contrast equalised (CLAHE)",
    Parameter("clip", 2.0, 0.1, 100.0, "how far a tile's histogram may rise above its mean, as in OpenCV"),
    Parameter("tiles", 8, 1, 64, "tiles along each side of the image"),
    libraries=["scikit-image"],
)
def clahe(pixels: "Pixels", *, clip: float, tiles: int) -> "Pixels":
    """Zuiderveld 1994, on the value channel: scikit-image's `equalize_adapthist`."""
    from skimage.exposure import equalize_adapthist
    from skimage.util import img_as_ubyte

    height, width = pixels.shape[:2]
    kernel = (max(1, height // tiles), max(1, width // tiles))
    # scikit-image's limit is a share of the tile's pixels, spread over 256 levels; 1 of the tile means no limit.
    limit = min(1.0, clip / 256)
    equalised = equalize_adapthist(pixels, kernel_size=kernel, clip_limit=limit)
    result: Pixels = img_as_ubyte(equalised)  # type: ignore[no-untyped-call]
    return result
