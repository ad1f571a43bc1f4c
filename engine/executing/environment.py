"""What a process needs to run this code on another node, and what its exit status says."""

import os
import signal
from pathlib import Path

import engine
from engine.errors import SIGNAL_STATUS

PATH_VARIABLE = "PYTHONPATH"
_INSTALLED = ("site-packages", "dist-packages")


def python_path() -> str:
    """PYTHONPATH for a process that runs this code: this process's own, and the checkout that the package lies in."""
    given = [str(Path(part).absolute()) for part in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if part]
    home = Path(engine.__file__).absolute().parents[1]
    return os.pathsep.join(dict.fromkeys(given if home.name in _INSTALLED else [*given, str(home)]))


def describe_status(status: int) -> str:
    """Why a process ended; empty for status 0. A signal is below 0 as Python has it, or above 128 as shells do."""
    number = status - SIGNAL_STATUS if status > SIGNAL_STATUS else -status
    if number > 0:
        return f"ended by {signal.Signals(number).name if number in {*signal.Signals} else f'signal {number}'}"
    return f"exit status {status}" if status else ""
