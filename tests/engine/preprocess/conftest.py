"""Small drawn pictures, a super-resolution model that only repeats pixels, and a study's one call with its reports."""

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.variants import get_variant
from engine.dataset import Box, CheckedImage, ImageSample
from engine.dataset.fingerprints import take_fingerprint
from engine.dataset.sources import Stamp
from engine.events.control import StudyControl
from engine.preprocess import PixelCache, preprocess
from engine.reports.results import SuperresWeightsInfo

RECIPE = Recipe("small", image_size=(12, 16))
MACHINE = MachineSettings("cpu", "test", "fp32", channels_last=True, threads=2, chosen_by="given")


class CountingSource:
    """A picture's bytes in memory; `reads` counts how often they were wanted."""

    def __init__(self, data):
        self.data = data
        self.reads = 0

    key = "memory"
    stamp = Stamp(0, 0, 0, 0)

    def read(self, limit=-1):
        self.reads += 1
        return self.data


class RepeatingModel:
    """Enlarges by repeating pixels."""

    def __init__(self, sha256="a" * 64):
        self.info = SuperresWeightsInfo("file", "fake", sha256)
        self.images = 0

    def upscale(self, pixels, machine):
        self.images += len(pixels)
        return pixels.repeat(2, axis=1).repeat(2, axis=2)


@pytest.fixture
def picture():
    """Makes a picture with blocks, gradients and noise: (height, width, 3) uint8 from a seed."""

    def make(seed, height=30, width=40):
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).repeat(8, 0).repeat(8, 1)[:height, :width]
        noisy = blocks + np.linspace(0, 40, width)[:, None] + rng.integers(-10, 11, (height, width, 3))
        return np.clip(noisy, 0, 255).astype(np.uint8)

    return make


@pytest.fixture
def make_image(picture):
    """Makes a checked image with a counting source."""

    def make(seed, box=None, height=30, width=40):
        buffer = io.BytesIO()
        Image.fromarray(picture(seed, height, width)).save(buffer, "PNG")
        source = CountingSource(buffer.getvalue())
        digest = hashlib.sha256(source.data).hexdigest()
        fingerprint = take_fingerprint(Image.fromarray(picture(seed, height, width)), "PNG")
        return CheckedImage(ImageSample(f"picture-{seed}.png", 0, box, source), digest, fingerprint)

    return make


@pytest.fixture
def images(make_image):
    """Seven pictures of several sizes; numbers 1 and 4 have a box."""
    boxes = {1: Box(4, 5, 30, 25), 4: Box(0, 0, 20, 30)}
    return [make_image(seed, boxes.get(seed), 30 + seed, 40 + 2 * seed) for seed in range(7)]


@dataclass
class Study:
    """Calls `preprocess` as a study does and remembers what it reported."""

    cache: PixelCache
    images: list
    recipe: Recipe = RECIPE
    machine: MachineSettings = MACHINE
    superres: RepeatingModel = field(default_factory=RepeatingModel)
    control: StudyControl = field(default_factory=StudyControl)
    shared_with: tuple = ()
    started: tuple = ()
    done: list = field(default_factory=list)

    def open(self, variant):
        self.done = []
        return preprocess(
            get_variant(variant) if isinstance(variant, str) else variant,
            self.images,
            self.recipe,
            superres=self.superres,
            machine=self.machine,
            cache=self.cache,
            control=self.control,
            on_start=lambda total, cached: setattr(self, "started", (total, cached)),
            on_progress=self.done.append,
            shared_with=self.shared_with,
        )

    def pixels(self, variant):
        """All pixels of a variant, the table closed again."""
        with self.open(variant) as table:
            return table.gather(np.arange(len(table)))

    @property
    def cached(self):
        return self.started[1]

    @property
    def reads(self):
        return sum(image.sample.source.reads for image in self.images)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "pixels"


@pytest.fixture
def study(folder, images):
    return Study(PixelCache(folder, limit_bytes=10**9), images)


@pytest.fixture
def new_study(folder):
    """Makes a study with a cache object of its own on the same folder, as another process would have."""

    def make(images, **options):
        limit = options.pop("limit_bytes", 10**9)
        return Study(PixelCache(options.pop("folder", folder), limit_bytes=limit), list(images), **options)

    return make
