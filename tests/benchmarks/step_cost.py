"""What each pre-processing step costs: processor seconds a megapixel with its defaults, on frames at the paper's size.

The reference is `seconds_per_megapixel` of the step's declaration, which estimates go by; a step whose declaration is
more than twice off is not met. Steps that the engine does in its own way are in the measurement "preprocess".
"""

import io
import statistics
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image
from processes import call
from table import Row, spread
from workplace import Workplace

from engine.config.recipes import RECIPES
from engine.dataset import open_dataset
from engine.steps import BUILT_IN

HEIGHT, WIDTH = RECIPES["paper"].image_size
MEGAPIXELS = HEIGHT * WIDTH / 1e6
BOX = SimpleNamespace(left=WIDTH // 4, top=HEIGHT // 4, right=3 * WIDTH // 4, bottom=3 * HEIGHT // 4)
MOST_OFF = 2.0


def rows(place: Workplace) -> list[Row]:
    """(14) each step with a function of its own."""
    frames, rounds = place.size(10, 3), place.size(5, 3)
    measured = call(seconds_per_megapixel, data=place.data_set(frames), frames=frames, rounds=rounds)
    found = []
    for spec in BUILT_IN:
        if spec.name in measured:
            declared, ours = spec.seconds_per_megapixel, measured[spec.name]
            ratio = statistics.median(ours) / declared
            met = 1 / MOST_OFF <= ratio <= MOST_OFF
            what = f"(14) step {spec.name}, processor time a megapixel; reference: its declaration"
            found.append(Row(what, spread(ours, "s"), f"{declared:g} s", f"{ratio:.2f}", "0.5 to 2", met))
    return found


# ---------------------------------------------------------------- in a process of its own


def seconds_per_megapixel(data: str, frames: int, rounds: int) -> dict[str, list[float]]:
    """Processor seconds a megapixel by step, one value a round over all frames."""
    pictures = [_picture(sample.source) for sample in open_dataset(Path(data)).train[:frames]]
    found = {}
    for spec in BUILT_IN:
        if spec.function is None:
            continue
        arguments = {parameter.name: parameter.default for parameter in spec.parameters}
        box = (BOX,) if spec.uses_box else ()
        spec.function(pictures[0], *box, **arguments)  # imports its library
        found[spec.name] = []
        for _ in range(rounds):
            began = time.process_time()
            for picture in pictures:
                spec.function(picture, *box, **arguments)
            found[spec.name].append((time.process_time() - began) / len(pictures) / MEGAPIXELS)
    return found


def _picture(source: Any) -> Any:
    with Image.open(io.BytesIO(source.read())) as picture:
        return np.array(picture.convert("RGB").resize((WIDTH, HEIGHT)))
