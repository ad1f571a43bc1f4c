"""Studies on a real Slurm and a real Ray, each disturbed in one way; none may come out otherwise than undisturbed.

Part of `python tests/benchmarks`, or alone: `python tests/benchmarks/engines.py [NAME...]`, with NAMEs from the table.
Slurm wants root and its programs, Ray the extra; what is not there is left out, and said.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from table import Row
from workplace import Workplace

from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.study import AttemptEnded, AttemptSubmitted, BatchTrained, Event
from engine.runs import load_record
from engine.runs.listing import list_runs
from engine.runs.reader import read_events
from engine.study.running import resume_study, run_study
from tests.engine.executing.slurm_cluster import SlurmCluster, unavailable, wait_until
from tests.engine.study.mortal import difference, outcome

IMAGES, EPOCHS = 48, 60
STEP = 30
"""The batch of some job after which the disturbance comes."""

Fault = Callable[[Any], None]


def nothing(cluster: Any) -> None:
    """Nothing happens."""


def preempt(slurm: SlurmCluster) -> None:
    """A job of more importance wants all nodes for a second."""
    slurm.call("sbatch", "-p", "urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap", "sleep 1")


def cancel(slurm: SlurmCluster) -> None:
    """Somebody cancels all that runs."""
    slurm.call("scancel", "--me", "--state=RUNNING")


def lose_node(slurm: SlurmCluster) -> None:
    """A node is lost, with the job on it."""
    slurm.kill_node(busy_node(slurm))


def lose_daemon(slurm: SlurmCluster) -> None:
    """A node's slurmd is killed, its job lives: another is started all the same, and this one has to see it."""
    slurm.kill_daemon(busy_node(slurm))


def restart_controller(slurm: SlurmCluster) -> None:
    """The controller is away for some seconds."""
    slurm.stop_controller()
    time.sleep(5)
    slurm.start_controller()


def busy_node(slurm: SlurmCluster) -> int:
    """A node on which a job runs."""
    return int(slurm.call("squeue", "-h", "--me", "-t", "RUNNING", "-o", "%N").split()[0].removeprefix("n"))


def lose_ray_node(ray: Any) -> None:
    """A node is lost with the tasks on it, and another comes."""
    ray.remove_node(next(iter(ray.worker_nodes)), allow_graceful=False)
    ray.add_node(num_cpus=1)


def kill_ray_worker(ray: Any) -> None:
    """Ray's process around a task is killed."""
    workers = [process for process in psutil.process_iter() if _is_worker(process)]
    workers[0].parent().kill()


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        parent = process.parent()
        return "engine.study.worker" in process.cmdline() and parent is not None and parent.name().startswith("ray::")
    return False


FAULTS: dict[str, dict[str, Fault]] = {
    "slurm": {
        "undisturbed": nothing,
        "preempted": preempt,
        "cancelled by hand": cancel,
        "node lost": lose_node,
        "slurmd killed, its job lives": lose_daemon,
        "controller away": restart_controller,
    },
    "slurm with accounting": {
        "undisturbed": nothing,
        "preempted": preempt,
        "cancelled by hand": cancel,
        "node lost": lose_node,
    },
    "ray": {"undisturbed": nothing, "node removed": lose_ray_node, "worker killed": kill_ray_worker},
}
COORDINATOR_KILLED = ("coordinator killed, resumed there", "coordinator killed, resumed in one process")


def rows(place: Workplace) -> list[Row]:
    """Whether studies on Slurm and Ray come out the same, however they are disturbed."""
    return [*_rows(place, ())]


def _rows(place: Workplace, names: tuple[str, ...]) -> Iterator[Row]:
    work = place.folder / "engines"
    config = _config(place, work)
    run_study(replace(config, runs_dir=work / "expected"), lambda event: None)
    expected = _outcome(work / "expected")
    for on, opened in (("slurm", _slurm), ("slurm with accounting", partial(_slurm, accounting=True)), ("ray", _ray)):
        wanted = [name for name in (*FAULTS[on], *COORDINATOR_KILLED) if not names or {on, name} & {*names}]
        if not wanted:
            continue
        try:
            with opened(work) as (cluster, execution):
                for name in wanted:
                    folder = work / f"{on} {name}"
                    folder.mkdir()
                    disturbed = replace(
                        config, runs_dir=folder / "runs", cache_dir=folder / "cache", execution=execution
                    )
                    started = time.perf_counter()
                    told = _disturb(disturbed, cluster, name, FAULTS[on].get(name))
                    found = _outcome(disturbed.runs_dir)
                    if found != expected:
                        sys.stderr.write(f"{on}, {name}: {difference(str(found), str(expected))}\n")
                    words = "same losses, scores, predictions, weights" if found == expected else "another outcome"
                    yield Row(
                        f"{on}, {name}: {told}, {time.perf_counter() - started:.0f} s",
                        words,
                        "in this process",
                        target="the same to the bit",
                        met=found == expected,
                    )
        except ImportError as error:
            yield Row(f"{on}: not measured here ({error})", "-")


def _config(place: Workplace, work: Path) -> StudyConfig:
    return StudyConfig(
        data=place.data_set(IMAGES),
        variants=("vanilla", "denoise"),
        recipe=replace(RECIPES["quick"], image_size=(32, 40), batch_size=8, epochs=place.size(2 * EPOCHS, EPOCHS)),
        offline=True,
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        device="cpu",
        cache_dir=work / "cache",
    )


@contextmanager
def _slurm(work: Path, *, accounting: bool = False) -> Iterator[tuple[SlurmCluster, Execution]]:
    if reason := unavailable(accounting=accounting):
        raise ImportError(reason)
    with SlurmCluster(work / f"slurm-{accounting}", accounting=accounting) as cluster:
        os.environ.update(cluster.environment)
        yield cluster, Execution(on="slurm", slurm_options="-p main -c 2", workers=2)


@contextmanager
def _ray(work: Path) -> Iterator[tuple[Any, Execution]]:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(2):
        cluster.add_node(num_cpus=1)
    try:
        yield cluster, Execution(on="ray", ray_address=cluster.address, workers=2)
    finally:
        cluster.shutdown()


def _disturb(config: StudyConfig, cluster: Any, name: str, fault: Fault | None) -> str:
    """Run the study with its disturbance; returns how many attempts there were and why some ended."""
    if fault is None:
        _kill_coordinator(config)
        run = list_runs(config.runs_dir)[0].folder
        there = name == COORDINATOR_KILLED[0]
        resume_study(run, lambda event: None, execution=config.execution if there else Execution())
    else:
        waiting = [fault]

        def watch(event: Event) -> None:
            if isinstance(event, BatchTrained) and event.step >= STEP and waiting:
                waiting.pop()(cluster)

        run_study(config, watch)
        assert not waiting
        if isinstance(cluster, SlurmCluster):
            cluster.start_lost_nodes()
    events = [*read_events(list_runs(config.runs_dir)[0].folder)]
    attempts = Counter((event.variant, event.seed) for event in events if isinstance(event, AttemptSubmitted))
    reasons = {event.reason for event in events if isinstance(event, AttemptEnded)} - {""}
    return f"{attempts.total()} attempts at {len(attempts)} jobs" + "".join(f"; {reason}" for reason in sorted(reasons))


def _kill_coordinator(config: StudyConfig) -> None:
    """Begin the study in another process, and kill that in the middle of a job."""
    child = multiprocessing.get_context("spawn").Process(target=_begin, args=(config,))
    child.start()

    def in_the_middle() -> bool:
        runs = list_runs(config.runs_dir) if config.runs_dir and config.runs_dir.is_dir() else []
        events = read_events(runs[0].folder) if runs else []
        return any(isinstance(event, BatchTrained) and event.step >= STEP for event in events)

    wait_until(in_the_middle, 120)
    child.kill()
    child.join()


def _begin(config: StudyConfig) -> None:
    run_study(config, lambda event: None)


def _outcome(runs: Path) -> tuple[object, ...]:
    """All that must not depend on where a study runs: record, losses, files."""
    (run,) = list_runs(runs)
    record = load_record(run.folder)
    files = {
        path.name: path.read_bytes() for part in ("weights", "predictions") for path in (run.folder / part).iterdir()
    }
    return outcome(record), record.losses, files


def main() -> int:
    """Print the table of what was asked for."""
    with tempfile.TemporaryDirectory(prefix="simpsons-engines-") as folder:
        place = Workplace(Path(folder), None, quick=True)
        for row in _rows(place, tuple(sys.argv[1:])):
            print(row.what, "->", row.ours, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
