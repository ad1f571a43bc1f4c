"""The pre-processing steps that ship, one file a step; `engine.config.variants` says how variants name them."""

from engine.steps.bbox import bbox
from engine.steps.clahe import clahe
from engine.steps.denoise import denoise
from engine.steps.spec import Parameter, StepSpec, step
from engine.steps.superres import superres, superres_full

__all__ = ["BUILT_IN", "Parameter", "StepSpec", "step"]

BUILT_IN: tuple[StepSpec, ...] = (
    bbox,
    denoise,
    superres,
    superres_full,
    clahe,
)
"""In the order in which they are listed."""
