"""How fast a training step is: against a plain PyTorch loop, and against the time its arithmetic would take.

Each way runs in a process of its own, because what our program asks of the C library holds for a whole process, and
the ways take turns, so that other work on the machine meets them alike. "Ours" is `engine.training.train` in a thread,
as under the dashboard, from uint8 pixels to the reported loss; "plain" is the same network, batch and optimiser in
fp32 with nothing set and its pixels already float; "arithmetic" is 2 x multiply-adds of the convolutions and the linear
layer, forward and backward, at the rate of a 4096 x 4096 matrix product in our precision, measured in our process
before and after the steps.
"""

import statistics
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from processes import as_in_the_program, call
from table import Row, spread
from workplace import Workplace

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES, Recipe
from engine.events.study import BatchTrained, Event

RECIPE = "paper"
WARM_UP_STEPS = 2
MATRIX_SIDE = 4096
MATRIX_PRODUCTS = 6

LEAST_SPEED_UP = 4.0
MOST_OVER_ARITHMETIC = 1.4


@dataclass(frozen=True)
class StepTimes:
    """Seconds of a step by round, both ways, and of its arithmetic; `machine` is what ours chose."""

    plain: list[list[float]]
    ours: list[list[float]]
    arithmetic: list[list[float]]
    operations: int
    machine: MachineSettings


def measured(place: Workplace) -> StepTimes:
    """The steps of both ways, measured once a run."""
    return place.once("step", lambda: _measure(place))


def rows(place: Workplace) -> list[Row]:
    """(1) against the plain loop, (4) against the arithmetic."""
    times = measured(place)
    machine = times.machine
    ways = f"{machine.precision}, {'channels_last' if machine.channels_last else 'contiguous'}"
    plain, ours, arithmetic = _all(times.plain), _all(times.ours), _all(times.arithmetic)
    speed_up = statistics.median(plain) / statistics.median(ours)
    over = statistics.median(ours) / statistics.median(arithmetic)
    return [
        Row(
            "(1) training step, paper recipe; reference: the plain fp32 loop",
            f"{spread(ours, 's')} ({ways})",
            spread(plain, "s"),
            _ratio(speed_up, times.plain, times.ours),
            f"at least {LEAST_SPEED_UP:g} x faster",
            speed_up >= LEAST_SPEED_UP,
        ),
        Row(
            f"(4) training step; reference: its {times.operations / 1e9:.0f} GFLOP at a matrix product's rate",
            spread(ours, "s"),
            spread(arithmetic, "s"),
            _ratio(over, times.ours, times.arithmetic),
            f"at most {MOST_OVER_ARITHMETIC:g} x",
            over <= MOST_OVER_ARITHMETIC,
        ),
    ]


def _measure(place: Workplace) -> StepTimes:
    rounds, steps, plain_steps_ = place.size(3, 1), place.size(8, 4), place.size(4, 2)
    plain, ours, products = [], [], []
    for _ in range(rounds):
        plain.append(call(plain_steps, recipe=RECIPE, steps=plain_steps_, classes=place.classes))
        outcome = call(our_steps, recipe=RECIPE, steps=steps, classes=place.classes, cache=place.cache_dir)
        ours.append(outcome["steps"])
        products.append(outcome["products"])
    share = outcome["operations"] / (2 * MATRIX_SIDE**3)
    arithmetic = [[share * seconds for seconds in one] for one in products]
    return StepTimes(plain, ours, arithmetic, outcome["operations"], MachineSettings(**outcome["machine"]))


def _all(rounds: list[list[float]]) -> list[float]:
    return [seconds for one in rounds for seconds in one]


def _ratio(ratio: float, above: list[list[float]], below: list[list[float]]) -> str:
    """The ratio of all medians, with the smallest and largest of single rounds."""
    single = [statistics.median(a) / statistics.median(b) for a, b in zip(above, below, strict=True)]
    return f"{ratio:.2f}" + (f" ({min(single):.2f} to {max(single):.2f})" if len(single) > 1 else "")


# ---------------------------------------------------------------- in processes of their own


class MadeUpPixels:
    """One batch of noise, given again for every batch."""

    def __init__(self, recipe: Recipe) -> None:
        self.image_size = recipe.image_size
        shape = (recipe.batch_size, *recipe.image_size, 3)
        self.images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def gather(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Images of these rows."""
        return self.images[rows % len(self.images)]


def plain_steps(recipe: str, steps: int, classes: int) -> list[float]:
    """Seconds of each step of the loop that one would write first, after some that warm up."""
    import torch
    from torch import nn

    numbers = RECIPES[recipe]
    height, width = numbers.image_size
    net = nn.Sequential(
        *(nn.Conv2d(3, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(32 * (height // 4) * (width // 4), classes)),
    )
    optimiser = torch.optim.Adam(net.parameters(), lr=numbers.learning_rate)
    images = torch.from_numpy(MadeUpPixels(numbers).images).permute(0, 3, 1, 2).contiguous() / 255
    labels = torch.arange(numbers.batch_size) % classes
    seconds = []
    for _ in range(WARM_UP_STEPS + steps):
        began = time.perf_counter()
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        loss.item()
        seconds.append(time.perf_counter() - began)
    return seconds[WARM_UP_STEPS:]


def our_steps(recipe: str, steps: int, classes: int, cache: str) -> dict[str, Any]:
    """Seconds from one reported batch to the next, and of matrix products before and after, in the chosen precision."""
    return as_in_the_program(lambda: _our_steps(RECIPES[recipe], steps, classes, Path(cache)))


def _our_steps(recipe: Recipe, steps: int, classes: int, cache: Path) -> dict[str, Any]:
    from engine.events.control import StudyControl
    from engine.training import choose_machine, train

    machine = choose_machine(recipe, classes, device="cpu", cache_dir=cache)
    rows = np.arange(recipe.batch_size * (WARM_UP_STEPS + steps + 1))
    times: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, BatchTrained):
            times.append(time.perf_counter())

    products = matrix_products(machine)
    train(
        variant="vanilla",
        seed=0,
        fold=0,
        recipe=replace(recipe, epochs=1),
        machine=machine,
        pixels=MadeUpPixels(recipe),
        rows=rows,
        labels=rows % classes,
        n_classes=classes,
        emit=note,
        control=StudyControl(),
    )
    products += matrix_products(machine)
    return {
        "steps": np.diff(times)[WARM_UP_STEPS:].tolist(),
        "products": products,
        "operations": step_operations(recipe, classes),
        "machine": asdict(machine),
    }


def matrix_products(machine: MachineSettings) -> list[float]:
    """Seconds of large matrix products in the machine's precision, after one that warms up."""
    import torch

    torch.set_num_threads(machine.threads)
    dtype = torch.bfloat16 if machine.precision == "bf16" else torch.float32
    left, right = (torch.randn(MATRIX_SIDE, MATRIX_SIDE).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(MATRIX_PRODUCTS + 1):
        began = time.perf_counter()
        torch.mm(left, right)
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def step_operations(recipe: Recipe, classes: int) -> int:
    """Floating-point operations of one step's convolutions and linear layer, two a multiply-add."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from engine.training.trainer import fresh_model

    model = fresh_model(recipe, classes, recipe.image_size, seed=0, fold=0)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, *recipe.image_size)).sum().backward()
    return int(counter.get_total_flops() * recipe.batch_size)
