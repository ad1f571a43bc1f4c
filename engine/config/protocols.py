"""Protocols: which images train, which are held out and which test."""

from types import MappingProxyType
from typing import Literal

Closeness = Literal["near", "scene"]
"""What counts as a copy: "near" a re-encoded, scaled or slightly changed picture; "scene" also a frame of the same
shot, found by looser limits, with false pairs among them."""
Protocol = Literal["official", "clean", "grouped", "boxed"]

PROTOCOLS: MappingProxyType[Protocol, str] = MappingProxyType(
    {
        "official": "training and test images as the data set gives them",
        "clean": "as official, without the training images that copy a test image or share a given group with one",
        "grouped": "the test images are set aside; a part of the training images tests, copies and groups together",
        "boxed": "as grouped, but tested on images with a bounding box only",
    }
)
"""How images are divided into training and test images, in words. Where a data set gives no test images, "official" and
"clean" set a part of the images aside, near copies and groups together."""

DIVIDES_TRAINING_IMAGES: frozenset[Protocol] = frozenset({"grouped", "boxed"})
"""The protocols that take their test images from the training images, and so can be cross-validated."""
