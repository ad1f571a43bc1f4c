"""How charts of 100,000 batches x 8 curves answer while the engine trains on all cores, and what the dashboard costs.

The dashboard runs in a pseudo-terminal of 120 x 40 on a made-up stream of eight variants of 100,000 batches; then, in
the engine's thread of the same process, steps of the paper recipe's own trainer go on and on, on all cores, and each is
reported as a batch of the last variant. Keys that move the cursor and zoom are pressed at uneven intervals, on eight
charts and on one axis for all curves. An answer is the output after which the screen shows another reading or another
range, up to the end of that burst.

What the dashboard costs is told by processor time, which holds on a busy machine too: that of the thread that draws
against all processors' time, over a minute without keys; bytes to the terminal in the same minute. `dashboard_cost`
compares the rates themselves.
"""

import itertools
import math
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import running_studies
from processes import PROJECT, drawing_seconds
from table import Row, percentile, spread
from terminal import Terminal
from workplace import Workplace

CURVES, BATCHES, EPOCHS = 8, 100_000, 20
VARIANTS = (
    *("vanilla", "bbox", "denoise", "superres"),
    *("bbox+denoise", "bbox+superres", "denoise+superres", "bbox+denoise+superres"),
)
RIGHT, LEFT, FAR_RIGHT, FAR_LEFT = "\x1b[C", "\x1b[D", "\x1b[1;2C", "\x1b[1;2D"
KEYS = (RIGHT, FAR_LEFT, "+", LEFT, "-", FAR_RIGHT)
"""Each changes what is read or what is seen, whatever was pressed before."""

INTERVAL_SECONDS = (0.4, 0.8)
BURST_SECONDS = 0.02
MOST_MEDIAN, MOST_HIGH, SHARE = 0.05, 0.1, 0.95
MOST_COST, MOST_BYTES = 0.01, 10_000
MILLI, KILO = 1000, 1000
_SHOWN = re.compile(r"step [\d,]+  epoch|step \d+–\d+")


def rows(place: Workplace) -> list[Row]:
    """(15) answers of cursor and zoom, processor time and bytes."""
    with Terminal((), program=(sys.executable, __file__, str(place.folder))) as terminal:
        terminal.wait_for("Enter starts")
        terminal.press("\r")
        terminal.wait_for("trained on all cores", "loss by batch")
        running_studies.wait_until((place.folder / "steps").exists, terminal.alive)
        time.sleep(2)
        cost, traffic, rate = _watched(terminal, place.folder, place.size(60, 20))
        found = _answer_rows(terminal, place, "eight charts")
        terminal.press("o")
        time.sleep(2)
        found += _answer_rows(terminal, place, "eight curves on one axis")
    cores = os.cpu_count() or 1
    return [
        *found,
        Row(
            f"(15) processor time of the thread that draws, of {cores} processors' time, while training",
            f"{cost:.2%}",
            f"{rate:.1f} batches/s",
            target=f"at most {MOST_COST:.0%}",
            met=cost <= MOST_COST,
        ),
        Row(
            "(15) bytes to the terminal in the same time, mean",
            f"{traffic / KILO:.2f} kB/s",
            target=f"at most {MOST_BYTES // KILO} kB/s",
            met=traffic <= MOST_BYTES,
        ),
    ]


def _watched(terminal: Terminal, folder: Path, seconds: float) -> tuple[float, float, float]:
    """Share of all processors' time that drawing took, bytes a second, and batches a second meanwhile."""
    steps = _step(folder)
    begin, spent = time.time(), drawing_seconds(terminal.pid)
    time.sleep(seconds)
    end = time.time()
    share = (drawing_seconds(terminal.pid) - spent) / (end - begin) / (os.cpu_count() or 1)
    return share, terminal.bytes_between(begin, end) / (end - begin), (_step(folder) - steps) / (end - begin)


def _step(folder: Path) -> int:
    """How far the training is, by the program's own count."""
    return int((folder / "steps").read_text())


def _answer_rows(terminal: Terminal, place: Workplace, what: str) -> list[Row]:
    presses = place.size(60, 30)
    answers, missed = measure(terminal, presses)
    times = [MILLI * seconds for seconds in answers]
    high = percentile([*times, *[math.inf] * missed], SHARE)
    middle = statistics.median([*times, *[math.inf] * missed])
    lost = f", {missed} of {presses} unanswered" if missed else ""
    head = f"(15) cursor and zoom, {CURVES} x {BATCHES:,} batches, {what}, {presses} presses"
    return [
        Row(
            f"{head}: median",
            f"{spread(times, 'ms')}{lost}",
            target=f"within {MILLI * MOST_MEDIAN:.0f} ms",
            met=middle <= MILLI * MOST_MEDIAN,
        ),
        Row(
            "(15) the same, 95th percentile",
            f"{high:.0f} ms",
            target=f"within {MILLI * MOST_HIGH:.0f} ms",
            met=high <= MILLI * MOST_HIGH,
        ),
    ]


def measure(terminal: Terminal, presses: int) -> tuple[list[float], int]:
    """Seconds from each key to the end of its repaint, and how many keys had none."""
    chance = random.Random(0)
    # The cursor begins far enough from the first value that none of the keys comes to the axis' end and does nothing.
    for key in ("\x1b[H", *itertools.repeat(FAR_RIGHT, 4)):
        terminal.press(key)
        time.sleep(INTERVAL_SECONDS[1])
    for _ in terminal.screens():
        pass
    before, pressed = signature(terminal.text), []
    for key in itertools.islice(itertools.cycle(KEYS), presses):
        time.sleep(chance.uniform(*INTERVAL_SECONDS))
        pressed.append(terminal.press(key))
    time.sleep(2 * INTERVAL_SECONDS[1])
    return _answers(pressed, before, list(terminal.screens()))


def signature(text: str) -> tuple[str, ...]:
    """What the cursor reads and what range is seen: by a caption, or where it has no room, the ticks below an axis."""
    lines = text.splitlines()
    read = [line[found.start() : found.start() + 40] for line in lines if (found := _SHOWN.search(line))]
    return (*read, *(below for line, below in itertools.pairwise(lines) if "└" in line))


def _answers(
    pressed: list[float], before: tuple[str, ...], screens: list[tuple[float, str]]
) -> tuple[list[float], int]:
    moments = [moment for moment, _ in screens]
    signatures = [signature(text) for _, text in screens]
    answers, missed, shown = [], 0, before
    for moment, following in itertools.pairwise([*pressed, math.inf]):
        window = [place for place, at in enumerate(moments) if moment <= at < following]
        last = next((place for place in window if signatures[place] != shown), None)
        if last is None:
            missed += 1
            continue
        while last + 1 < len(moments) and moments[last + 1] - moments[last] < BURST_SECONDS:
            last += 1
        shown = signatures[last]
        answers.append(moments[last] - moment)
    return answers, missed


# ---------------------------------------------------------------- the program in the terminal


def stream(folder: Path) -> Iterator[object]:
    """Eight variants of 100,000 batches but for the last, whose batches are then really trained, without end."""
    from dataclasses import replace

    from engine.config.machine import MachineSettings
    from engine.config.recipes import RECIPES
    from engine.events.study import BatchTrained, MachineChosen, Notice, StageStarted, StudyStarted
    from tests.tui.fake_study import SUMMARY

    chance, began = random.Random(0), time.time()
    recipe = replace(RECIPES["paper"], epochs=EPOCHS)
    machine = MachineSettings("cpu", "a processor", "fp32", True, os.cpu_count() or 1, "measured")
    yield StudyStarted(
        study="charts",
        dataset=SUMMARY,
        variants=VARIANTS,
        protocol="official",
        recipe=recipe,
        seed=0,
        program_version="",
    )
    yield MachineChosen(machine=machine)
    for number, variant in enumerate(VARIANTS):
        yield StageStarted(stage="train", total=BATCHES, variant=variant)
        for step in range(BATCHES - (BATCHES // 10 if variant == VARIANTS[-1] else 0)):
            loss = (2.5 + 0.1 * number) * math.exp(-4 * step / BATCHES) + 0.3 + chance.gauss(0, 0.12)
            epoch = step * EPOCHS // BATCHES
            yield BatchTrained(time=began + step / 4, variant=variant, epoch=epoch, step=step, loss=loss, images=64)
    yield Notice(message="from here on trained on all cores")
    for extra, loss in enumerate(_trained(recipe, machine)):
        step = BATCHES - BATCHES // 10 + extra
        (folder / "steps").write_text(str(step))
        epoch = step * EPOCHS // BATCHES
        yield BatchTrained(
            time=began + step / 4, variant=VARIANTS[-1], epoch=epoch, step=step, loss=loss, images=recipe.batch_size
        )


def _trained(recipe: object, machine: object) -> Iterator[float]:
    """Losses of steps on random images, as the engine trains, in its thread and on all cores."""
    import torch

    from engine import lower_priority
    from engine.training.arithmetic import arithmetic
    from engine.training.trainer import Trainer

    lower_priority()  # as the engine does, before its first arithmetic
    with arithmetic(machine):
        trainer = Trainer(recipe, machine, 10, recipe.image_size, steps=BATCHES, seed=0, fold=0)
        images = torch.randint(0, 255, (recipe.batch_size, *recipe.image_size, 3), dtype=torch.uint8)
        labels = torch.randint(0, 10, (recipe.batch_size,))
        while True:
            yield float(trainer.step(images, labels)[0])


def main() -> None:
    """The program in the terminal; the argument is a folder for what it tells."""
    from dataclasses import replace

    import engine as real_engine
    from tests.tui.fake_engine import FakeEngine
    from tests.tui.fake_study import CONFIG
    from tui.app.app import DashboardApp
    from tui.app.open import collect_seldom

    collect_seldom()  # as the command does
    folder = Path(sys.argv[1])
    engine = FakeEngine(stream=lambda variants: stream(folder))
    engine.warm_up = real_engine.warm_up  # type: ignore[method-assign]
    config = replace(CONFIG, variants=VARIANTS, runs_dir=folder / "runs-charts")
    DashboardApp(config, engine=engine).run()


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT))
    main()
