"""Cropping to the box, which the engine does itself (see `engine.preprocess.steps`)."""

from engine.steps.spec import StepSpec

bbox = StepSpec("bbox", "cropped to the character's box", place="first", uses_box=True, seconds_per_megapixel=0.0)
"""An image without a box stays whole."""
