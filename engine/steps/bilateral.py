"""Bilateral filter."""

import math
from typing import TYPE_CHECKING

from engine.steps.levels import MAX_LEVEL, to_levels
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "smoothed within edges (bilateral filter)",
    Parameter("size", 9, 3, 31, "width of the round window in pixels, usually odd"),
    Parameter("color", 75.0, 1.0, 765.0, "how far colours may differ to be averaged, a standard deviation in levels"),
    Parameter("space", 75.0, 0.1, 255.0, "how far pixels may be apart to be averaged, a standard deviation in pixels"),
    libraries=["numpy"],
    seconds_per_megapixel=0.28,
)
def bilateral(pixels: "Pixels", *, size: int, color: float, space: float) -> "Pixels":
    """Tomasi and Manduchi 1998, with OpenCV's parameters and defaults; the border is mirrored.

    Two colours differ by the sum over their channels. Ours, because scikit-image 0.26 takes a third of that distance
    for colours and shears the window's weights; the result is OpenCV's, but for single levels.
    """
    import numpy as np

    reach = size // 2
    height, width = pixels.shape[:2]
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.int16)
    padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
    similarity = np.exp(-(np.arange(3 * MAX_LEVEL + 1) ** 2) / (2 * color**2)).astype(np.float32)
    total, weights = np.zeros(planes.shape, np.float32), np.zeros((height, width), np.float32)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            distance = math.hypot(down, right)
            if distance > reach:
                continue
            neighbour = padded[:, reach + down :, reach + right :][:, :height, :width]
            red, green, blue = np.abs(neighbour - planes)
            weight = similarity[red + green + blue] * np.float32(math.exp(-(distance**2) / (2 * space**2)))
            total += weight * neighbour
            weights += weight
    return to_levels((total / (weights * np.float32(MAX_LEVEL))).transpose(1, 2, 0))
