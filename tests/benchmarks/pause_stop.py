"""How soon a study of two workers stands still when it is paused, and is gone when it is stopped.

Part of `python tests/benchmarks`, or alone: `python tests/benchmarks/pause_stop.py [--rounds N] [RECIPE...]`.

Each round runs the real command on the demo set and asks as another machine's dashboard does, through the run folder,
at a random moment while both workers train. When the last batch was is what its worker wrote beside it.
"""

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import running_studies
from processes import PROGRAM, environment, kill
from table import Row, spread
from terminal import study_options
from workplace import Workplace

from engine.demo import ensure_demo
from engine.events.study import AttemptStarted, BatchTrained, Event, StudyFinished, StudyPaused
from engine.runs.requests import send_request

RECIPES = ("quick", "paper")
ROUNDS, QUICK_ROUNDS = 10, 3
WORKERS = 2
BATCHES = 2
"""That both workers have trained before anything is asked."""
CALM_SECONDS = 3.0
"""How long a paused study is listened to."""
MOST_SECONDS = 2.0
SEED = 3


@dataclass
class Times:
    """Seconds from the request, by round: to the last batch, to the study's own word, to the last process."""

    last_batch: list[float] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    last_batch_of_stop: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    gone: list[float] = field(default_factory=list)


def rows(place: Workplace) -> list[Row]:
    """Rows for both recipes."""
    rounds = place.size(ROUNDS, QUICK_ROUNDS)
    return [row for recipe in RECIPES for row in _rows(place, recipe, rounds)]


def _rows(place: Workplace, recipe: str, rounds: int) -> Iterator[Row]:
    times, generator = Times(), random.Random(SEED)
    for number in range(rounds):
        with _study(place, recipe, number) as (process, runs):
            _measure(process, runs, generator, times)
    where = f"{WORKERS} workers, {recipe} recipe"
    for what, seconds, most in (
        (f"pause, {where}: to the last batch of any worker", times.last_batch, MOST_SECONDS),
        (f"pause, {where}: until the study says so", times.paused, None),
        (f"stop, {where}: to the last batch of any worker", times.last_batch_of_stop, MOST_SECONDS),
        (f"stop, {where}: to the conclusion", times.finished, None),
        (f"stop, {where}: until no process is left", times.gone, MOST_SECONDS),
    ):
        met = None if most is None else max(seconds) <= most
        yield Row(what, spread(seconds, "s"), target="-" if most is None else f"at most {most:g} s", met=met)


@contextmanager
def _study(place: Workplace, recipe: str, number: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A study of several jobs that lasts until it is stopped."""
    runs, nowhere = place.folder / f"runs-{recipe}-{number}", subprocess.DEVNULL
    options = study_options(ensure_demo(place.cache_dir), recipe, place.cache_dir, runs)
    jobs = ("--variants", "vanilla,bbox", "--repeats", "2", "--epochs", "1000")
    command = [*PROGRAM, "run", *options, *jobs, "--workers", str(WORKERS), "--threads", "1"]
    process = subprocess.Popen(command, env=environment(), stdin=nowhere, stdout=nowhere, stderr=nowhere)
    try:
        yield process, runs
    finally:
        kill(process)


def _measure(process: subprocess.Popen[bytes], runs: Path, generator: random.Random, times: Times) -> None:
    def alive() -> bool:
        return process.poll() is None

    running_studies.wait_until(lambda: _all_train(running_studies.events_of(runs)), alive)
    folder = next(runs.iterdir())
    time.sleep(generator.uniform(0.0, 1.0))

    asked = time.time()
    send_request(folder, "pause")
    running_studies.wait_until(lambda: bool(_of(runs, StudyPaused)), alive)
    time.sleep(CALM_SECONDS)
    times.last_batch.append(_last_batch(runs, asked))
    times.paused.append(_of(runs, StudyPaused)[-1].time - asked)

    asked = time.time()
    send_request(folder, "unpause")
    running_studies.wait_until(lambda: _all_train(running_studies.events_of(runs), since=asked), alive)
    time.sleep(generator.uniform(0.0, 1.0))

    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    asked = time.time()
    send_request(folder, "stop")
    psutil.wait_procs(family, running_studies.PATIENCE_SECONDS)
    times.gone.append(time.time() - asked)
    times.finished.append(_of(runs, StudyFinished)[-1].time - asked)
    times.last_batch_of_stop.append(_last_batch(runs, asked))


def _of(runs: Path, kind: type[Event]) -> list[Event]:
    return [event for event in running_studies.events_of(runs) if isinstance(event, kind)]


def _all_train(events: list[Event], since: float = 0.0) -> bool:
    """Whether each worker has trained some batches since then."""
    batches = [event for event in events if isinstance(event, BatchTrained) and event.time > since]
    jobs = [(batch.variant, batch.seed) for batch in batches]
    started = [event for event in events if isinstance(event, AttemptStarted)]
    return len(started) == WORKERS and all(jobs.count((one.variant, one.seed)) >= BATCHES for one in started)


def _last_batch(runs: Path, asked: float) -> float:
    """Seconds from then to the last batch; 0 where none came."""
    return max([0.0, *(batch.time - asked for batch in running_studies.batches_of(runs))])


def main() -> None:
    """Print the rows of the recipes that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=RECIPES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="simpsons-pause-") as folder:
        place = Workplace(Path(folder), None, quick=False)
        place.cache_dir.mkdir()
        for recipe in options.recipes:
            for row in _rows(place, recipe, options.rounds):
                print(row.what, "->", row.ours, flush=True)


if __name__ == "__main__":
    main()
