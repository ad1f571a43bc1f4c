"""How long a study would take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """What a study will cost.

    Attributes:
        seconds: wall-clock time if nothing is cached.
        disk_bytes: what its pre-processed images take in the cache, if none are there yet.
        free_bytes: what is free on the cache's disk.
        basis: "measured here", "partly measured here" or "typical for two cores".
    """

    seconds: float
    disk_bytes: int
    free_bytes: int
    basis: str
