"""Pixels as numbers in [0, 1] and back, and as pictures of Pillow and back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from engine.steps.spec import Pixels

    Values = npt.NDArray[np.float32]

MAX_LEVEL = 255


def to_unit(pixels: "Pixels") -> "Values":
    """Levels 0..255 as float32 in [0, 1]; the same shape, contiguous, a copy."""
    import numpy as np

    return np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(MAX_LEVEL)


def to_levels(values: "npt.NDArray[Any]") -> "Pixels":
    """The nearest of 256 levels for numbers in [0, 1]; what lies outside is clipped."""
    import numpy as np

    return np.ascontiguousarray(np.rint(np.clip(values, 0, 1) * np.float32(MAX_LEVEL)).astype(np.uint8))


def to_picture(pixels: "Pixels") -> "Image":
    """(H, W, 3) pixels as an RGB picture."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(pixels))


def to_pixels(picture: "Image") -> "Pixels":
    """The values of a picture of 8 bits, as they are: (H, W, 3) for three channels; a copy that can be written to."""
    import numpy as np

    return np.array(picture, dtype=np.uint8)
