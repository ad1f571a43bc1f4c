"""Configuration of a prediction: which model of which run."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelRequest:
    """Which model of which run, and how to compute with it.

    Attributes:
        folder: the run's folder.
        variant: None for the one with the best accuracy.
        seed, fold: None for the first that was evaluated.
        device: "auto" or a torch device name of this machine.
        superres_weights: the file of the run's super-resolution weights, where they are not found by themselves.
        offline: never touch the network.
        cache_dir: our cache folder; None for the user's.
    """

    folder: Path
    variant: str | None = None
    seed: int | None = None
    fold: int | None = None
    device: str = "auto"
    superres_weights: Path | None = None
    offline: bool = False
    cache_dir: Path | None = None
