"""Torch's own random numbers, seeded for a while."""

import contextlib
import threading
from collections.abc import Iterator

import torch

_ALONE = threading.RLock()
"""They are one state for all threads, and a screen may open a network while another one trains."""


@contextlib.contextmanager
def seeded(seed: int, device: str = "cpu") -> Iterator[None]:
    """Torch's default generators, of the CPU and of `device`, begin at a seed; as before afterwards."""
    place = torch.device(device)
    devices = [place.index or 0] if place.type == "cuda" else []
    with _ALONE, torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.default_generators[devices[0]].manual_seed(seed)
        yield
