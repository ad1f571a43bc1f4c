"""Super-resolution with its two ends, which the engine does itself (see `engine.superres`)."""

from engine.steps.spec import StepSpec

superres = StepSpec("superres", "super-resolved x2 and shrunk back", seconds_per_megapixel=2.5)
"""NinaSR-B0, then the mean of each square of 2 x 2 pixels."""

superres_full = StepSpec(
    "superres-full", "super-resolved x2 and kept at twice the size", place="last", seconds_per_megapixel=2.5
)
"""NinaSR-B0; the network then trains on images of twice the size."""
