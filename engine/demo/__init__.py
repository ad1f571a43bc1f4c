"""The demo set: six cartoon characters of the project's own, drawn on first use in the real data set's layout."""

from engine.demo.build import DEMO_VERSION, TEST_IMAGES_A_CLASS, TRAIN_IMAGES, demo_folder, ensure_demo
from engine.demo.characters import CHARACTERS
from engine.demo.scene import draw_box, draw_picture

DEMO_CLASSES: tuple[str, ...] = tuple(CHARACTERS)
"""The six characters, in alphabetical order."""

__all__ = [
    "DEMO_CLASSES",
    "DEMO_VERSION",
    "TEST_IMAGES_A_CLASS",
    "TRAIN_IMAGES",
    "demo_folder",
    "draw_box",
    "draw_picture",
    "ensure_demo",
]
