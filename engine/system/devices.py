"""Precision, timing and threads of a device; shared by training and super-resolution.

Importing this module imports torch: do so when work starts.
"""

import contextlib
from collections.abc import Callable, Iterator
from time import perf_counter, process_time
from typing import NamedTuple

import torch

from engine.system.process import processor_flags

CLEARLY_FASTER = 0.9
"""Another way to compute must take less than this share of the time: timings vary by a tenth."""

TIMED_PAIRS = 5
"""Pairs of calls that are timed; fewer where they have decided already."""

MOST_PAIRS = 4 * TIMED_PAIRS
"""Pairs that are timed where a busy machine has the two clocks say different things."""

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16", "svebf16"})
"""What Linux calls instructions for bfloat16, of x86 and of ARM."""


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


def promises_bf16(device: str) -> bool:
    """Whether the device has instructions of its own for bfloat16, so that it is the one to begin with."""
    kind = torch.device(device).type
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return kind == "cpu" and not _BF16_FLAGS.isdisjoint(processor_flags())


def is_clearly_faster(
    candidate: Callable[[], object], reference: Callable[[], object], *, on_processor: bool = True
) -> bool:
    """Call both in turn, and judge by the median of how long one took against the other.

    In turn, because a machine that is busy for a while then slows both. Where the processor computes, a pair counts
    if the time on the clock and the processor time of this process say the same: what others take from a busy machine
    shows in the first only. The quickest call of each must say it too: a busy machine makes calls longer, never
    shorter. Both have been called before, to warm up.
    """
    needed = TIMED_PAIRS // 2 + 1  # so many on one side have the median with them, whatever the others say
    faster = slower = 0
    ones: list[_Times] = []
    others: list[_Times] = []
    while max(faster, slower) < needed and len(ones) < MOST_PAIRS:
        one, other = _times(candidate), _times(reference)
        by_clock = one.clock < CLEARLY_FASTER * other.clock
        by_processor = one.processor < CLEARLY_FASTER * other.processor if on_processor else by_clock
        faster += by_clock and by_processor
        slower += not (by_clock or by_processor)
        ones.append(one)
        others.append(other)
    if faster < needed:
        return False
    quickest, known = (min(one.processor if on_processor else one.clock for one in calls) for calls in (ones, others))
    return quickest < CLEARLY_FASTER * known


class _Times(NamedTuple):
    clock: float
    processor: float


def _times(call: Callable[[], object]) -> _Times:
    clock, processor = perf_counter(), process_time()
    call()
    return _Times(perf_counter() - clock, process_time() - processor)
