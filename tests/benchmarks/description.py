"""What machine, software and data the figures are from."""

import contextlib
import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psutil
from processes import PROJECT

LIBRARIES = ("torch", "torchvision", "scikit-image", "textual", "plotext")


def describe(data: Path | None, *, quick: bool) -> str:
    """Some lines of Markdown."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    lines = (
        f"{_processor()}, {cores} cores to use, {memory:.0f} GiB memory, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {libraries}",
        f"commit {_commit()}, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {'quick' if quick else 'full'} "
        f"sizes, {'real frames' if data is not None else 'the drawn demo set'}, all on the CPU",
        f"load before the start (1, 5, 15 minutes): {loads}",
    )
    return "\n".join(f"- {line}" for line in lines)


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """The commit, and whether files differ from it."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        return f"{name} with changes" if _git("status", "--porcelain") else name
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
