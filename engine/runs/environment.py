"""Versions and machine that a study ran on: numbers differ in their last digits from machine to machine."""

import os
import platform
from typing import Any

from engine.system.process import processor_name
from engine.system.version import installed_version, program_version

_LIBRARIES = ("torch", "torchvision", "numpy", "scikit-learn", "scikit-image", "pillow")


def describe_environment() -> dict[str, Any]:
    """Versions of Python, the program and the libraries that compute, and the machine; loads none of them."""
    return {
        "program": program_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "libraries": {name: installed_version(name) for name in _LIBRARIES},
    }
