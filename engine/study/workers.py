"""What a study and the processes that work on its jobs have to agree on."""

import contextlib
import sys
from pathlib import Path

from engine.config.execution import Execution
from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.executing.attempts import attempts_of
from engine.runs.layout import ATTEMPTS
from engine.steps.registry import named_steps
from engine.system.locations import cache_folder
from engine.system.named_code import named_networks

WORKER = "engine.study.worker"
"""The module that a worker runs."""

WORK_ROOMS = (
    "engine.audit",
    "engine.preprocess",
    "engine.dataset.torch_images",
    "engine.superres",
    "engine.training",
    "engine.evaluation",
    "skimage.restoration",
    "torchsr.models",
    "torchvision.transforms.v2",
)
"""What the work needs and is not imported before: seconds."""

WORKER_MODULES = (WORKER, "cattrs", *WORK_ROOMS, "engine.models.map_kernels")

IMAGES_FILE = "images.json"
"""Beside the attempts: the study's images (see `engine.study.stored_images`)."""

LEFT = "asked to end"
"""Why an attempt ended that has saved its place."""

MOST_QUEUED = 100
"""Jobs that a batch system or a cluster gets at once: it lets them wait as it sees fit."""

_SEEN = "seen-by"
"""A folder of the cache with a file a study: who does not see the file works on another cache."""


def worker_command(run: Path, attempt: Path, module: str = WORKER) -> tuple[str, ...]:
    """What starts a worker; the user's own code that was named in this process is named in that one too."""
    steps = [word for name in named_steps() for word in ("--steps", name)]
    networks = [word for name in named_networks() for word in ("--network", name)]
    return (sys.executable, "-m", module, str(run.absolute()), str(attempt.absolute()), *steps, *networks)


def cache_sign(config: StudyConfig, run: str) -> Path:
    """The file by which workers know the study's cache."""
    return cache_folder(config.cache_dir) / _SEEN / run


def show_cache(config: StudyConfig, run: str) -> None:
    """Leave that file.

    Raises:
        OSError: the cache cannot be written.
    """
    sign = cache_sign(config, run)
    sign.parent.mkdir(parents=True, exist_ok=True)
    sign.touch()


def clear_up(config: StudyConfig, run: Path) -> None:
    """Remove what only unfinished jobs need: of the attempts stays what each was and what it printed."""
    for attempt in attempts_of(run):
        with contextlib.suppress(OSError):
            attempt.tidy()
    for path in (run / ATTEMPTS / IMAGES_FILE, cache_sign(config, run.name)):
        with contextlib.suppress(OSError):
            path.unlink()


def how_many(execution: Execution, machine: MachineSettings, jobs: int) -> int:
    """Jobs at once: as many as the user says, else a job a GPU, or as many as the cores have threads for."""
    if execution.workers is not None:
        return execution.workers
    if execution.on != "local":
        return max(1, min(jobs, MOST_QUEUED))
    from engine.executing.local import visible_gpus

    return len(visible_gpus()) or max(1, available_cores() // machine.threads)


def crowding(config: StudyConfig, machine: MachineSettings) -> float:
    """How many times longer a step takes than alone, because the study's workers share this machine's cores; from 1."""
    if config.execution.on != "local" or machine.device != "cpu":
        return 1.0
    workers = min(config.jobs, how_many(config.execution, machine, config.jobs))
    return max(1.0, workers * machine.threads / available_cores())


def sharing(workers: int, machine: MachineSettings) -> str:
    """What to say of so many workers of this machine's cores; empty where each thread has one."""
    cores = available_cores()
    if machine.device != "cpu" or workers * machine.threads <= cores or machine.threads == 1:
        return ""
    return (
        f"{workers} workers of {machine.threads} threads share {cores} cores: a new study is faster with --threads "
        f"{max(1, cores // workers)}, or with --workers auto"
    )


def available_cores() -> int:
    """Cores that this process may use."""
    import joblib  # type: ignore[import-untyped]

    return int(joblib.cpu_count())
