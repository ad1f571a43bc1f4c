"""What the dashboard costs while it is open: images a second with it and without it, and bytes to the terminal.

The real program runs the same study once without a screen and once in a pseudo-terminal of 120 x 40, in turns. The
times are those in the run folder, from the third batch of the first variant to its last; the number of images is such
that five epochs last half a minute or so on two slow cores, so that the chart fills up as it does in a real study. Each
round the other way goes first. The bytes are those that the program wrote in the same time.
"""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import running_studies
from processes import PROGRAM, drawing_seconds, environment, kill
from table import Row, spread
from terminal import Terminal, start_study, study_options
from workplace import Workplace

from engine.events.study import BatchTrained

WARM_UP_BATCHES = 2
LEAST_RATE = {"paper": 0.99, "quick": 0.99}
MOST_BYTES, MOST_DRAWING = 10_000, 0.01
"""A second, mean."""

FULL_IMAGES = {"paper": 500, "quick": 2500}
QUICK_IMAGES = {"paper": 200, "quick": 1000}
KILO = 1000


@dataclass(frozen=True)
class Rates:
    """By round: images a second with the dashboard and without it, bytes a second, and the drawing thread's share."""

    shown: list[float]
    unseen: list[float]
    traffic: list[float]
    drawing: list[float]


def rows(place: Workplace) -> list[Row]:
    """(5) throughput and bytes, for both recipes."""
    found = []
    for recipe, least in LEAST_RATE.items():
        rates = _measure(place, recipe)
        single = [a / b for a, b in zip(rates.shown, rates.unseen, strict=True)]
        share = statistics.median(rates.shown) / statistics.median(rates.unseen)
        extent = f" ({min(single):.3f} to {max(single):.3f})" if len(single) > 1 else ""
        traffic = statistics.median(rates.traffic)
        found += [
            Row(
                f"(5) throughput with the dashboard open, {recipe} recipe; reference: without a screen",
                spread(rates.shown, "img/s"),
                spread(rates.unseen, "img/s"),
                f"{share:.3f}{extent}",
                f"at least {least:g}",
                share >= least,
            ),
            Row(
                f"(5) bytes to the terminal while training, {recipe} recipe, default settings, mean",
                spread([value / KILO for value in rates.traffic], "kB/s"),
                target=f"at most {MOST_BYTES // KILO} kB/s",
                met=traffic <= MOST_BYTES,
            ),
            Row(
                f"(5) processor time of the thread that draws, of all processors' time, {recipe} recipe",
                spread([100 * value for value in rates.drawing], "%"),
                target=f"at most {MOST_DRAWING:.0%}",
                met=statistics.median(rates.drawing) <= MOST_DRAWING,
            ),
        ]
    return found


def _measure(place: Workplace, recipe: str) -> Rates:
    data = place.data_set((QUICK_IMAGES if place.quick else FULL_IMAGES)[recipe])
    shown: list[tuple[float, float, float]] = []
    unseen: list[float] = []
    for number in range(place.size(3, 1)):
        turns = ("unseen", "shown") if number % 2 == 0 else ("shown", "unseen")
        for way in turns:
            runs = place.folder / f"runs-{recipe}-{way}-{number}"
            options = study_options(data, recipe, place.cache_dir, runs)
            if way == "shown":
                shown.append(_show(options, runs))
            else:
                unseen.append(_run(options, runs))
    rates, traffic, drawing = map(list, zip(*shown, strict=True))
    return Rates(rates, unseen, traffic, drawing)


def _run(options: list[str], runs: Path) -> float:
    """Images a second without a screen."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(
        [*PROGRAM, "run", *options], env=environment(), stdin=nowhere, stdout=nowhere, stderr=nowhere
    )
    try:
        running_studies.wait_until(lambda: running_studies.training_ended(runs), lambda: process.poll() is None)
    finally:
        kill(process)
    return _rate(_measured_batches(runs))


def _show(options: list[str], runs: Path) -> tuple[float, float, float]:
    """Images and bytes a second with the dashboard, and what share of all processors' time its thread takes."""
    with Terminal(options) as terminal:
        start_study(terminal)
        running_studies.wait_until(lambda: bool(running_studies.batches_of(runs)), terminal.alive)
        began, spent = time.time(), drawing_seconds(terminal.pid)
        running_studies.wait_until(lambda: running_studies.training_ended(runs), terminal.alive)
        drawing = (drawing_seconds(terminal.pid) - spent) / (time.time() - began) / (os.cpu_count() or 1)
        batches = _measured_batches(runs)
        begin, end = batches[0].time, batches[-1].time
        return _rate(batches), terminal.bytes_between(begin, end) / (end - begin), drawing


def _measured_batches(runs: Path) -> list[BatchTrained]:
    batches = running_studies.batches_of(runs)
    return [batch for batch in batches if batch.variant == batches[0].variant][WARM_UP_BATCHES:]


def _rate(batches: list[BatchTrained]) -> float:
    """Images a second, from the end of the first batch to the end of the last."""
    return sum(batch.images for batch in batches[1:]) / (batches[-1].time - batches[0].time)
