"""Pictures, and a step with its defaults."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.steps import BUILT_IN

STEPS = {spec.name: spec for spec in BUILT_IN if spec.function is not None}

BOX = SimpleNamespace(left=3, top=5, right=20, bottom=30)


def apply(name, pixels, box=BOX, **given):
    """What the step makes of the pixels, with its defaults where nothing else is given."""
    spec = STEPS[name]
    values = {parameter.name: parameter.default for parameter in spec.parameters} | given
    return spec.function(pixels, *([box] if spec.uses_box else []), **values)


@pytest.fixture(name="apply")
def apply_fixture():
    return apply


@pytest.fixture
def picture():
    """Makes a picture with blocks, gradients and noise: (height, width, 3) uint8 from a seed."""

    def make(seed, height=60, width=81):
        rng = np.random.default_rng(seed)
        blocks = rng.integers(20, 200, (height // 8 + 1, width // 8 + 1, 3)).repeat(8, 0).repeat(8, 1)[:height, :width]
        noisy = blocks + np.linspace(0, 40, width)[:, None] + rng.integers(-8, 9, (height, width, 3))
        return np.clip(noisy, 0, 255).astype(np.uint8)

    return make
