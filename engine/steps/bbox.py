"""Crops by the box, which the engine does itself (`engine.preprocess.steps`); an image without a box stays whole."""

from engine.steps.spec import StepSpec

bbox = StepSpec("bbox", "cropped to the character's box", place="first", uses_box=True, seconds_per_megapixel=0.0)

bbox_paper = StepSpec(
    "bbox-paper",
    "resized and cropped at the original's box (the paper's way)",
    place="first",
    uses_box=True,
    seconds_per_megapixel=0.0,
)
