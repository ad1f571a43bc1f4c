"""Turns images into the pixels that a variant trains on: once an image, in parallel, kept on disk.

`preprocess` runs a variant's steps (`engine.preprocess.steps`) over checked images and returns a `PixelTable`; a
`PixelCache` keeps the results. Importing this package imports torch: do so when work starts.
"""

from engine.preprocess.cache import PixelCache
from engine.preprocess.pipeline import preprocess
from engine.preprocess.step import Step, StepContext, run_steps
from engine.preprocess.steps import build_steps, make_step
from engine.preprocess.table import PixelTable

__all__ = [
    "PixelCache",
    "PixelTable",
    "Step",
    "StepContext",
    "build_steps",
    "make_step",
    "preprocess",
    "run_steps",
]
