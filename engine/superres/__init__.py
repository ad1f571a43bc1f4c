"""Super-resolution: NinaSR-B0 at x2, where its weights come from, and how well it enlarges.

Importing this package imports torch: do so when work starts.
"""

from engine.superres.upscale import SuperresModel, choose_precision, images_per_batch, recall_precision
from engine.superres.weights import find_superres, load_superres, recall_superres

__all__ = [
    "SuperresModel",
    "choose_precision",
    "find_superres",
    "images_per_batch",
    "load_superres",
    "recall_precision",
    "recall_superres",
]
