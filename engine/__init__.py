"""Trains one image classifier on differently pre-processed versions of the same images and compares the results.

Importing this package is cheap: its names are looked up on first use, and torch is loaded when a study starts.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.combinations import COMBINATIONS
    from engine.config import RECIPES, MachineSettings, Recipe, StudyConfig
    from engine.control import StudyControl
    from engine.errors import SimpsonsError
    from engine.events import Event
    from engine.record import StudyRecord
    from engine.study import list_runs, load_record, resume_study, run_study
    from engine.variants import VARIANTS, Variant

_HOMES = {
    "COMBINATIONS": "engine.combinations",
    "RECIPES": "engine.config",
    "VARIANTS": "engine.variants",
    "Event": "engine.events",
    "MachineSettings": "engine.config",
    "Recipe": "engine.config",
    "SimpsonsError": "engine.errors",
    "StudyConfig": "engine.config",
    "StudyControl": "engine.control",
    "StudyRecord": "engine.record",
    "Variant": "engine.variants",
    "list_runs": "engine.study",
    "load_record": "engine.study",
    "resume_study": "engine.study",
    "run_study": "engine.study",
}

__all__ = [
    "COMBINATIONS",
    "RECIPES",
    "VARIANTS",
    "Event",
    "MachineSettings",
    "Recipe",
    "SimpsonsError",
    "StudyConfig",
    "StudyControl",
    "StudyRecord",
    "Variant",
    "list_runs",
    "load_record",
    "resume_study",
    "run_study",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
