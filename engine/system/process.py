"""Memory, priority and processor of this process; standard library only, harmless everywhere."""

import contextlib
import ctypes
import os
import platform
import re
import sys
import threading

# Parameters of glibc's mallopt (malloc.h) with the values that keep big tensors in the process: glibc otherwise gives
# each back to the system after use, and the kernel spends half of a training step zeroing the pages again.
_MALLOPT = (
    (-4, 0),  # M_MMAP_MAX: no block gets a mapping of its own, which is unmapped when it is freed
    (-1, 2_000_000_000),  # M_TRIM_THRESHOLD: keep up to 2 GB of free memory at the top of the heap
    (-2, 512 << 20),  # M_TOP_PAD: grow the heap in steps of 512 MB
    (-8, 1),  # M_ARENA_MAX: one heap for all threads; the others cannot hold big blocks and would map them
)
_MAX_NICE = 19

NICER = 10
"""Training beside a screen, as the command `nice` gives: at 5 zooming eight charts takes a fifth longer."""

_ARITHMETIC_FLAG = re.compile("avx|amx|fma|bf16|sve|asimd")


def keep_memory() -> bool:
    """Have the C library keep freed memory for the next tensor; returns whether it will.

    Call it in the main thread before other threads start: a thread that has its own heap already keeps it. Does
    nothing, and says so, where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not (hasattr(library, "gnu_get_libc_version") and hasattr(library, "mallopt")):
        return False
    return all(library.mallopt(parameter, value) for parameter, value in _MALLOPT)


def lower_priority(by: int = NICER) -> None:
    """Give the calling thread, and the threads that it starts from now on, less of a busy processor than the main one.

    Call it in the engine's thread before its first arithmetic, so that torch's own threads inherit it and a screen in
    the main thread stays quick. Another call changes nothing, nor does one in the main thread. Linux only: elsewhere
    priorities belong to processes, and nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    thread, main_thread = threading.get_native_id(), os.getpid()
    if thread == main_thread:
        return
    with contextlib.suppress(OSError):
        niceness = os.getpriority(os.PRIO_PROCESS, main_thread) + by
        os.setpriority(os.PRIO_PROCESS, thread, min(_MAX_NICE, niceness))


def processor_flags() -> frozenset[str]:
    """What the processor can do, in Linux's words; empty where that is not told."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
        for line in lines:
            name, _, words = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return frozenset(words.split())
    return frozenset()


def arithmetic_flags() -> str:
    """The flags that decide which way to compute is fast, in one word."""
    return "+".join(sorted(flag for flag in processor_flags() if _ARITHMETIC_FLAG.match(flag))) or "no flags"


def processor_name() -> str:
    """What this machine calls its processor."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
