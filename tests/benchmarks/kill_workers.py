"""Kills workers and coordinators of small studies at random moments; every outcome must be that of one process.

    python tests/benchmarks/kill_workers.py [--workers 30] [--coordinators 10] [--seed 7] [--design small|orders]

Each study runs with two workers in a process of its own; a worker that is killed is replaced, after the death of a
coordinator the study is resumed, now and then in one process. With `orders` it is one study of 65 pipelines x 2 seeds
on the demo set, 32x40 pixels. Prints one JSON object.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.config.study_file import read_study
from engine.errors import StorageError
from engine.events import study as events
from engine.runs import load_record, read_events
from engine.runs.layout import EVENTS_FILE, STUDY_FILE
from engine.runs.listing import list_runs
from engine.runs.reader import StreamFollower
from engine.study.running import resume_study, run_study, warm_up
from tests.engine.study.mortal import difference, outcome

MOST_KILLS = 3
LONGEST = 2.5
"""Seconds of a study that nobody disturbs."""


@dataclass
class Toll:
    """What is still to be killed, and what was."""

    workers: int
    coordinators: int
    killed: dict[str, int] = field(default_factory=lambda: {"workers": 0, "coordinators": 0})

    def left(self) -> list[str]:
        return [name for name, count in self.killed.items() if count < getattr(self, name)]


def fork(work: Callable[[], object]) -> int:
    """Do it in another process; returns its number."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def begin(config: StudyConfig, execution: Execution) -> int:
    """The study's next process: its first, or one that goes on."""
    runs = [run for run in list_runs(config.runs_dir) if (run.folder / EVENTS_FILE).exists()]
    if not runs:
        return fork(lambda: run_study(replace(config, execution=execution)))
    return fork(lambda: resume_study(runs[0].folder, execution=execution, replay=lambda event: None, wait_seconds=10))


def living_workers(config: StudyConfig) -> dict[tuple[object, ...], int]:
    """The processes that work on the study's jobs, by variant, seed and fold."""
    started: dict[tuple[object, ...], int] = {}
    for run in list_runs(config.runs_dir):
        try:
            for event in StreamFollower(run.folder, STUDY_FILE).drain():
                if isinstance(event, events.AttemptStarted | events.AttemptEnded):
                    key = event.variant, event.seed, event.fold
                    if isinstance(event, events.AttemptStarted):
                        started[key] = event.process
                    else:
                        started.pop(key, None)
        except StorageError:
            continue
    return {job: process for job, process in started.items() if Path(f"/proc/{process}").exists()}


def disturb(config: StudyConfig, toll: Toll, generator: random.Random) -> None:
    """Run a study to its end, and kill what is left to be killed meanwhile."""
    killed: Counter[tuple[object, ...]] = Counter()
    child = begin(config, Execution(workers=2))
    at = time.monotonic() + generator.uniform(0.2, LONGEST)
    while True:
        process, status = os.waitpid(child, os.WNOHANG)
        if process and not status:
            return
        if process:
            assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "a coordinator ended by itself"
            child = begin(config, Execution(workers=generator.choice((1, 2, 2, 2))))
            at = time.monotonic() + generator.uniform(0.2, LONGEST)
        if time.monotonic() >= at and (left := toll.left()):
            at = time.monotonic() + generator.uniform(0.2, LONGEST)
            # A job that lost four processes has failed, as it should.
            workers = {job: process for job, process in living_workers(config).items() if killed[job] < MOST_KILLS}
            if not workers:
                continue
            victim = generator.choices(left, [getattr(toll, name) - toll.killed[name] for name in left])[0]
            toll.killed[victim] += 1
            job = generator.choice(sorted(workers))
            if victim == "workers":
                killed[job] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[job] if victim == "workers" else child, signal.SIGKILL)
        time.sleep(0.01)


def verdict(config: StudyConfig, expected: str) -> list[str]:
    """What is wrong with a study that came to its end."""
    (run,) = list_runs(config.runs_dir)
    found = outcome(load_record(run.folder))
    faults = [] if found == expected else [difference(found, expected)]
    faults += [f"{key}: {result.reason}" for key, result in load_record(run.folder).results.items() if result.reason]
    finished = [event for event in read_events(run.folder) if isinstance(event, events.JobFinished)]
    jobs = [(event.result.variant, event.result.seed) for event in finished]
    faults += [f"{len(jobs) - len(set(jobs))} jobs came to their end twice"] if len(jobs) != len(set(jobs)) else []
    faults += ["checkpoints are left"] if list((run.folder / "checkpoints").glob("*")) else []
    return faults


def design(name: str, work: Path) -> StudyConfig:
    """The study to disturb."""
    recipe = replace(RECIPES["quick"], image_size=(32, 40), epochs=3)
    config = StudyConfig(variants=("vanilla", "bbox", "denoise"), recipe=recipe, sample=120)
    if name == "orders":
        (fields,) = read_study("orders")
        config = StudyConfig(variants=fields["variants"], repeats=2, recipe=replace(recipe, epochs=1))
    return replace(
        config,
        offline=True,
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        device="cpu",
        cache_dir=work / "cache",
        runs_dir=work / "undisturbed",
    )


def main() -> None:
    """Disturb studies until all have died that should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("workers", 30), ("coordinators", 10), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--design", choices=("small", "orders"), default="small")
    options = parser.parse_args()
    warm_up()
    generator, toll = random.Random(options.seed), Toll(options.workers, options.coordinators)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        config = design(options.design, work)
        began = time.monotonic()
        os.waitpid(begin(config, Execution()), 0)
        alone = time.monotonic() - began
        (run,) = list_runs(config.runs_dir)
        expected, studies, faults = outcome(load_record(run.folder)), 0, list[str]()
        began = time.monotonic()
        while toll.left():
            studies += 1
            disturbed = replace(config, runs_dir=work / str(studies))
            shutil.rmtree(work / "cache" / "pixels")  # filling it is disturbed too
            disturb(disturbed, toll, generator)
            faults += verdict(disturbed, expected)
            print(f"{studies} studies, {toll.killed}, {len(faults)} faults", file=sys.stderr, flush=True)
        seconds = time.monotonic() - began
    print(json.dumps({"studies": studies, **toll.killed, "faults": faults, "alone": alone, "seconds": seconds}))


if __name__ == "__main__":
    main()
