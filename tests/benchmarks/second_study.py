"""A second study on the same data: from the imports to the first training step.

All images were checked, and those of the first variant pre-processed, by a study before it, which is stopped in its
first batches. Then, in a new process each time: everything is imported, the clock starts, and the study is run from the
opening of the data set until training begins (its stage is reported) and until its first step is done.
"""

import statistics
import time
from pathlib import Path

import growth
from processes import as_in_the_program, call
from table import Row, spread
from workplace import Workplace

MOST_SECONDS = 3.0


def rows(place: Workplace) -> list[Row]:
    """The second study, and for comparison the first one."""
    images = (growth.QUICK if place.quick else growth.FULL)[growth.TRAINED][1]
    data, cache = place.data_set(images), place.folder / "cache-second"
    first = _start(place, data, cache)
    later = [_start(place, data, cache) for _ in range(place.size(3, 2))]
    found = []
    for name, what in (("begun", "training begins"), ("stepped", "its first step is done")):
        seconds = [one[name] for one in later]
        middle = statistics.median(seconds)
        found.append(
            Row(
                f"second study on {images:,} images, from imports done until {what}; reference: the first study",
                spread(seconds, "s"),
                spread([first[name]], "s"),
                f"{first[name] / middle:.1f}",
                f"under {MOST_SECONDS:g} s",
                middle < MOST_SECONDS,
            )
        )
    return found


def _start(place: Workplace, data: Path, cache: Path) -> dict[str, float]:
    return call(start, data=data, cache=cache, runs=place.folder / "runs-second")


# ---------------------------------------------------------------- in a process of its own


def start(data: str, cache: str, runs: str) -> dict[str, float]:
    """Seconds from the imports until training begins ("begun") and until its first step is done ("stepped")."""
    return as_in_the_program(lambda: _start_here(Path(data), Path(cache), Path(runs)))


def _start_here(data: Path, cache: Path, runs: Path) -> dict[str, float]:
    from engine.config.study import StudyConfig
    from engine.events.control import StudyControl
    from engine.events.study import BatchTrained, Event, StageStarted
    from engine.study.running import run_study, warm_up

    warm_up()
    control = StudyControl()
    found: dict[str, float] = {}
    began = time.perf_counter()

    def note(event: Event) -> None:
        if isinstance(event, StageStarted) and event.stage == "train":
            found.setdefault("begun", time.perf_counter() - began)
        elif isinstance(event, BatchTrained):
            found.setdefault("stepped", time.perf_counter() - began)
            control.stop()

    config = StudyConfig(data=data, device="cpu", offline=True, cache_dir=cache, runs_dir=runs)
    run_study(config, note, control)
    return found
