"""Steps of my own: simpsons-tui run --steps my_steps.py --variants "vanilla,vignette(strength=0.3|0.6)"."""

import numpy as np

from engine.steps import Parameter, step


@step(
    "darkened towards its corners",
    Parameter("strength", 0.5, 0.0, 1.0, "how dark a corner becomes"),  # name, usual value, least, most, meaning
)
def vignette(pixels, *, strength):
    """Take (H, W, 3) uint8 RGB pixels, leave them as they are, and return new ones of the same shape and type."""
    height, width = pixels.shape[:2]
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1 - strength * (rows**2 + columns**2) / 2
    return (pixels * light[..., np.newaxis]).round().clip(0, 255).astype(np.uint8)
