"""How long a study would take, and what its stages typically cost on two cores of a server CPU."""

from dataclasses import dataclass

FIXED_SECONDS_PER_IMAGE = {"check": 0.004, "audit": 0.0005, "preprocess": 0.003, "baselines": 0.001}
TRAIN_SECONDS_PER_MEGAPIXEL = 0.14
EVALUATE_SECONDS_PER_MEGAPIXEL = 0.06
QUALITY_SECONDS_PER_MEGAPIXEL = 0.14
"""Of images at the recipe's size; training and evaluation by the paper's network."""

OTHER_NETWORKS = 12
"""So many times what ours take, where a network of others was not timed."""


@dataclass(frozen=True)
class Estimate:
    """What a study will cost.

    Attributes:
        seconds: wall-clock time if nothing is cached.
        disk_bytes: what its pre-processed images take in the cache, if none are there yet.
        free_bytes: what is free on the cache's disk.
        basis: "measured here", "partly measured here" or "typical for two cores".
        memory_bytes: what a training step takes, and `free_memory_bytes` what is free for it; 0 for our own networks,
            whose steps are small.
    """

    seconds: float
    disk_bytes: int
    free_bytes: int
    basis: str
    memory_bytes: int = 0
    free_memory_bytes: int = 0
