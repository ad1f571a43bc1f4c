"""Precision, timing and threads of a device; shared by training and super-resolution.

Importing this module imports torch: do so when work starts.
"""

import contextlib
from collections.abc import Callable, Iterator
from time import perf_counter

import torch

CLEARLY_FASTER = 0.9
"""Another way to compute must take less than this share of the time: timings vary by a tenth."""

TIMED_PAIRS = 5
"""Pairs of calls that are timed; fewer where they have decided already."""


def has_bf16(device: str) -> bool:
    """Whether bfloat16 is worth a try; elsewhere even trying it takes minutes (CPU) or fails (old macOS)."""
    kind = torch.device(device).type
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if kind == "cpu":
        return str(torch.backends.cpu.get_cpu_capability()).startswith(("AVX512", "SVE"))
    return False


@contextlib.contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """Compute with so many CPU threads, and with as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def is_clearly_faster(candidate: Callable[[], object], reference: Callable[[], object]) -> bool:
    """Call both in turn, and judge by the median of how long one took against the other.

    In turn, because a machine that is busy for a while then slows both. Both have been called before, to warm up.
    """
    needed = TIMED_PAIRS // 2 + 1  # so many on one side have the median with them, whatever the others say
    faster = slower = 0
    while max(faster, slower) < needed:
        if _seconds(candidate) < CLEARLY_FASTER * _seconds(reference):
            faster += 1
        else:
            slower += 1
    return faster == needed


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began
