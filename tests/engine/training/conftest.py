"""A tiny training set that a network can learn, and the settings that every test starts from."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES, Recipe

CLASSES = 3


@dataclass
class ArrayPixels:
    """Pixels in an array, standing in for the table of pre-processed images; notes the rows it was asked for."""

    images: np.ndarray

    def __post_init__(self):
        self.asked = []

    @property
    def image_size(self):
        return self.images.shape[1:3]

    def gather(self, rows):
        self.asked.append(tuple(int(row) for row in rows))
        return np.ascontiguousarray(self.images[rows])


@dataclass
class TinySet:
    pixels: ArrayPixels
    rows: np.ndarray
    labels: np.ndarray


def _make_set(count, size=(16, 20)):
    """Noise with one colour channel brighter: the class. Rows do not start at 0, as in a real table."""
    rng = np.random.default_rng(5)
    images = rng.integers(0, 160, (count + 2, *size, 3), dtype=np.uint8)
    rows = np.arange(2, count + 2)
    labels = np.arange(count, dtype=np.int64) % CLASSES
    images[rows, :, :, labels] += 80
    return TinySet(ArrayPixels(images), rows, labels)


@pytest.fixture
def make_set():
    return _make_set


@pytest.fixture
def tiny():
    return _make_set(25)


@pytest.fixture
def recipe() -> Recipe:
    return replace(RECIPES["quick"], image_size=(16, 20), batch_size=8, epochs=2)


@pytest.fixture
def machine() -> MachineSettings:
    return MachineSettings("cpu", "a processor", "fp32", channels_last=True, threads=1, chosen_by="given")
