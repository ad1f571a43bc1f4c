"""Steps of my own: simpsons-tui run --steps my_steps.py."""

import numpy as np

from engine.steps import Parameter, step

# name, usual value, least, most, what it means
STRENGTH = Parameter("strength", 0.5, 0.0, 1.0, "how dark a corner becomes")


@step("darkened towards its corners", STRENGTH)
def vignette(pixels, *, strength):
    """Take (H, W, 3) uint8 RGB pixels, and return new ones of this form."""
    height, width = pixels.shape[:2]
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1 - strength * (rows**2 + columns**2) / 2
    return (pixels * light[..., None]).round().clip(0, 255).astype(np.uint8)
