"""How long the dashboard takes to answer a key while the engine trains on all cores.

In the real program, in a pseudo-terminal, with the paper recipe, keys are pressed that change the chart: all curves on
one axis (o), smoothing (m), logarithmic scale (y), in turns and at uneven intervals. An answer is the output after
which the screen shows the new chart (its caption tells which one it is), up to the end of that burst of output; other
repaints do not count.
"""

import itertools
import math
import random
import time
from pathlib import Path

import running_studies
from table import Row, percentile, spread
from terminal import Terminal, start_study, study_options
from workplace import Workplace

KEYS = "omy"
INTERVAL_SECONDS = (0.4, 0.8)
BURST_SECONDS = 0.02
"""Output that follows sooner than this belongs to the same repaint."""

CAPTION, LOG_SCALE = "loss by batch", "log scale"
MOST_SECONDS = 0.1
SHARE = 0.95
MILLI = 1000
ENDLESS = "1000"


def rows(place: Workplace) -> list[Row]:
    """(6) median and 95th percentile."""
    presses = place.size(60, 40)
    answers, missed = measure(place, presses)
    times = [MILLI * seconds for seconds in answers]
    high = percentile([*times, *[math.inf] * missed], SHARE)
    lost = f", {missed} of {presses} unanswered" if missed else ""
    return [
        Row(
            f"(6) key press to repaint while training, paper recipe, {presses} presses: median",
            f"{spread(times, 'ms')}{lost}",
        ),
        Row(
            "(6) the same, 95th percentile",
            f"{high:.0f} ms",
            target=f"under {MILLI * MOST_SECONDS:.0f} ms",
            met=high < MILLI * MOST_SECONDS,
        ),
    ]


def measure(place: Workplace, presses: int) -> tuple[list[float], int]:
    """Seconds from each key to the end of its repaint, and how many keys had none."""
    runs = place.folder / "runs-keys"
    options = study_options(place.data_set(200), "paper", place.cache_dir, runs, "--epochs", ENDLESS)
    with Terminal(options) as terminal:
        start_study(terminal)
        _wait_for_training(terminal, runs)
        terminal.wait_for(CAPTION)
        before = signature(terminal.text)
        chance = random.Random(0)
        pressed = []
        for key in itertools.islice(itertools.cycle(KEYS), presses):
            time.sleep(chance.uniform(*INTERVAL_SECONDS))
            pressed.append(terminal.press(key))
        time.sleep(2 * INTERVAL_SECONDS[1])
        return _answers(pressed, before, list(terminal.screens()))


def _wait_for_training(terminal: Terminal, runs: Path) -> None:
    running_studies.wait_until(lambda: len(running_studies.batches_of(runs)) > 2, terminal.alive)


def signature(text: str) -> tuple[int, str] | None:
    """Which chart the screen shows: the first caption's line and words; None where there is no caption."""
    for number, line in enumerate(text.splitlines()):
        if CAPTION in line:
            caption = line[line.index(CAPTION) :].rstrip("─╯╰│ ")
            return number, caption
    return None


def _answers(
    pressed: list[float], before: tuple[int, str] | None, screens: list[tuple[float, str]]
) -> tuple[list[float], int]:
    moments = [moment for moment, _ in screens]
    signatures = [signature(text) for _, text in screens]
    answers, missed, shown = [], 0, before
    for moment, following in itertools.pairwise([*pressed, math.inf]):
        window = [place for place, at in enumerate(moments) if moment <= at < following]
        first = next((place for place in window if signatures[place] not in (None, shown)), None)
        if first is None:
            missed += 1
            continue
        last = first
        while last + 1 < len(moments) and moments[last + 1] - moments[last] < BURST_SECONDS:
            last += 1
        shown = signatures[last]
        answers.append(moments[last] - moment)
    return answers, missed
