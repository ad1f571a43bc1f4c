"""What a study of 400 jobs side by side costs: opening its run, and the dashboard's keys while 200 events/s come in.

    python -m tests.benchmarks.many_jobs [--workers 100] [--batches 500] [--presses 60] [--size 120x40]

8 variants x 10 seeds x 5 folds, 500 batches each, 650 test images of 18 classes a job; made up, and written by the run
store. The run is opened as a record, and followed as `watch` does; each in a process of its own, for its memory. Then
the second half of the stream is fed to the real dashboard on a pretended terminal, at 200 events/s, while keys are
pressed that change what is shown; the time is from the key to the end of the repaint that follows it.
"""

import argparse
import asyncio
import inspect
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.events import Key

from engine import load_record
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study import BatchTrained, Event
from engine.runs import EventFollower, RunFolder
from tests.many_jobs import ManyJobs
from tests.tui.fake_engine import FakeEngine
from tui.app.app import DashboardApp
from tui.app.open import collect_seldom
from tui.screens.training.screen import TrainingScreen
from tui.state.view_state import ViewState

VARIANTS = ("vanilla", "bbox", "denoise", "superres", "equalize", "clahe", "sharpen", "gamma")
SEEDS, FOLDS, CLASSES, IMAGES = 10, 5, 18, 650
EVENTS_A_SECOND, TICK = 200, 0.05
KEYS = "ojbmyjb"
INTERVAL = (0.4, 0.8)
MILLI, MEGA = 1000, 1 << 20


def main() -> int:
    """Make the run, open it, replay it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--batches", type=int, default=500)
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--open", choices=("record", "watch"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="an existing run to open, or where to make it")
    options = parser.parse_args()
    if options.open:
        _open(options.open, options.folder)
        return 0
    jobs = ManyJobs(VARIANTS, SEEDS, FOLDS, options.batches, options.workers, classes=CLASSES, images=IMAGES)
    with tempfile.TemporaryDirectory(prefix="many-jobs-") as scratch:
        folder = options.folder or _make(jobs, Path(scratch))
        for way in ("record", "watch"):
            module = "tests.benchmarks.many_jobs"
            subprocess.run([sys.executable, "-m", module, "--open", way, "--folder", str(folder)], check=True)
        columns, lines = map(int, options.size.split("x"))
        asyncio.run(_replay(jobs, (columns, lines), options.presses, Path(scratch)))
    return 0


def _make(jobs: ManyJobs, runs_dir: Path) -> Path:
    run, record = RunFolder.create(runs_dir, StudyConfig(variants=VARIANTS)), StudyRecord()
    for event in jobs.events():
        if not isinstance(event, BatchTrained):
            record.apply(event)
        run.append(event)
    run.write_summary(record)
    run.close()
    return run.folder


def _open(way: str, folder: Path) -> None:
    load_record, ViewState  # noqa: B018 - imported before the clock starts
    began, spent = time.perf_counter(), time.process_time()
    if way == "record":
        batches = sum(map(len, load_record(folder).losses.values()))
    else:
        state, follower = ViewState(), EventFollower(folder)
        while events := follower.drain(MEGA):
            for event in events:
                state.apply(event)
        batches = sum(map(len, state.record.losses.values()))
    processor = time.process_time() - spent
    print(
        f"opened ({way}): {batches:,} batches in {processor:.2f} s of processor time, "
        f"{time.perf_counter() - began:.2f} s, {_memory():.0f} MB"
    )


def _memory() -> float:
    """The most that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGA


def _paced(events: Iterator[Event], begin: threading.Event, end: threading.Event, fast: int) -> Iterator[Event]:
    """The first so many events at once, the rest at their rate once `begin` is set, until `end` is."""
    for number, event in enumerate(events):
        if number >= fast:
            begin.wait()
            if end.is_set():
                return
            if number % round(EVENTS_A_SECOND * TICK) == 0:
                time.sleep(TICK)
        yield event


class TimedApp(DashboardApp):
    """Says when what a key asked for is on the screen; a pilot waits for quiet after that, too."""

    CSS_PATH = Path(inspect.getfile(DashboardApp)).with_name("app.tcss")  # else looked for here
    painted = asyncio.Event()

    async def run_action(self, *args: Any, **kwargs: Any) -> bool:
        """Act, and tell of the repaint that follows."""
        done = await super().run_action(*args, **kwargs)
        self.screen.call_after_refresh(self.painted.set)
        return done


async def _replay(jobs: ManyJobs, size: tuple[int, int], presses: int, scratch: Path) -> None:
    begin, end, fast = threading.Event(), threading.Event(), 400 * jobs.batches // 2
    engine = FakeEngine(summary=jobs.summary, stream=lambda _: _paced(jobs.events(), begin, end, fast))
    config = StudyConfig(data=scratch, variants=VARIANTS, repeats=SEEDS, runs_dir=scratch / "r", cache_dir=scratch)
    app = TimedApp(config, engine=engine)
    collect_seldom()
    answers, work, chance, moved = [], [], random.Random(0), 0
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.session.start_study(config)
        while not isinstance(app.screen, TrainingScreen) or len(app.session.state.jobs) < len(jobs.jobs) // 2:
            await asyncio.sleep(TICK)
        state = app.session.state
        begin.set()
        shown = {variant: state.job(variant) for variant in VARIANTS}
        spent, began = time.process_time(), time.perf_counter()
        for press in range(presses):
            await asyncio.sleep(chance.uniform(*INTERVAL))
            moved += sum(state.job(name) is not job and not job.ended for name, job in shown.items())
            pressed, worked = time.perf_counter(), time.thread_time()
            app.painted.clear()
            app.post_message(Key(KEYS[press % len(KEYS)], KEYS[press % len(KEYS)]))
            await app.painted.wait()
            answers.append(MILLI * (time.perf_counter() - pressed))
            work.append(MILLI * (time.thread_time() - worked))
            shown = {variant: state.job(variant) for variant in VARIANTS}
        share = (time.process_time() - spent) / (time.perf_counter() - began)
        end.set()
    high, most = (statistics.quantiles(values, n=20)[-1] for values in (answers, work))
    print(
        f"replayed at {EVENTS_A_SECOND} events/s, {size[0]}x{size[1]}: key to paint median "
        f"{statistics.median(answers):.0f} ms, 95th percentile {high:.0f} ms of {presses} "
        f"(of processor time {statistics.median(work):.0f} and {most:.0f} ms); {share:.0%} of a core; "
        f"charts that left a job under way: {moved}; {_memory():.0f} MB with the study's maker"
    )


if __name__ == "__main__":
    sys.exit(main())
