"""Where the jobs of a study run, and how many at once."""

from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import require

Engine = Literal["local", "slurm", "ray"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


@dataclass(frozen=True)
class Execution:
    """Where jobs run; it changes when a study ends, not what it finds, so a resumed study may have another.

    Attributes:
        on: "local" for processes of this machine, "slurm" or "ray".
        workers: jobs at once; None for as many as fill the cores or GPUs. One on this machine is the study's own
            process.
        slurm_options: what `sbatch` gets besides, as one would type it.
        ray_address: the Ray cluster; empty for RAY_ADDRESS, or the one that is up on this machine.
        gpus: of each job, as a share of one or several; None for one where there are any. Only Ray shares a GPU.
    """

    on: Engine = "local"
    workers: int | None = 1
    slurm_options: str = ""
    ray_address: str = ""
    gpus: float | None = None

    def __post_init__(self) -> None:
        require(self.on in ENGINES, f"--on {self.on}: choose from {', '.join(ENGINES)}")
        require(self.workers is None or self.workers >= 1, f"--workers {self.workers}: at least 1, or auto")
        require(self.gpus is None or self.gpus >= 0, f"--gpus {self.gpus}: 0 or more")
        only = "only --on slurm takes --slurm-options"
        require(not self.slurm_options or self.on == "slurm", only)

    @property
    def in_process(self) -> bool:
        """Whether the study's own process trains, one job after another."""
        return self.on == "local" and self.workers == 1


IN_PROCESS = Execution()
