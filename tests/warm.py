"""The program in a process of its own that does not import torch once more: forked from one that has only imported.

The start of the real command, its imports and its patience with what stands on PYTHONPATH, takes a real start.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

IMPORTED = [
    "torch._dynamo",  # by torchvision and by the optimizers
    "torchvision.models",
    "torchsr.models",
    "engine.study.jobs",
    "engine.evaluation.baselines",
    "engine.finished.predicting",
    "tui.cli",
]
FILES = (os.devnull, "stdout.txt", "stderr.txt")


def _be_the_program(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for stream, name in enumerate(FILES):
        os.dup2(os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), stream)
    from tui.cli import main

    sys.exit(main(arguments))


def run_warm(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end without input; what it writes goes through files of `folder`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    folder.mkdir(exist_ok=True)
    process = context.Process(target=_be_the_program, args=(arguments, environment, folder))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        raise subprocess.TimeoutExpired(arguments, timeout)
    out, err = ((folder / name).read_text(encoding="utf-8") for name in FILES[1:])
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)
