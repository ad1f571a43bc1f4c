"""The pre-processing steps that ship, one file a step; `engine.config.variants` says how variants name them."""

from engine.steps.clahe import clahe
from engine.steps.spec import Parameter, StepSpec, step

__all__ = ["BUILT_IN", "Parameter", "StepSpec", "step"]

BUILT_IN: tuple[StepSpec, ...] = (clahe,)
"""In the order in which they are listed."""
