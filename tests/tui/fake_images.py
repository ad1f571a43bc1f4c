"""Images without a data set: what stands for the engine's gallery in the tests of screens."""

import threading

import numpy as np

from engine.errors import DatasetError, InputError
from engine.reports.pictures import GalleryImage, StepCost, VariantPicture
from engine.reports.quality import ImageQuality

WAIT = 30
CLASSES = ("apu_nahasapeemapetilon", "marge_simpson")
COLOURS = {"train/apu/pic_0.jpg": (200, 30, 20), "train/marge/pic_0.jpg": (20, 40, 220)}


class FakeImages:
    """Twenty images of one class and three of the other; those with a 0 in the name have a box."""

    def __init__(self, broken: str = "", go: threading.Event | None = None) -> None:
        """`broken` is the path of an image that cannot be read; a preview waits for `go`."""
        self.identity = "fake"
        self.classes = CLASSES
        self.broken, self.go = broken, go
        self.previewed: list[str] = []
        self.threads: set[str] = set()
        self.images = tuple(
            GalleryImage(f"{part}/{name}/pic_{number}.jpg", label, part, (4, 6, 30, 28) if "0" in str(number) else None)
            for label, (name, count) in enumerate((("apu", 20), ("marge", 3)))
            for number in range(count)
            for part in (("test",) if number == 1 else ("train",))
        )

    def image(self, path: str) -> GalleryImage:
        for image in self.images:
            if image.path == path:
                return image
        raise InputError(f"{path}: gone")

    def pixels(self, path: str) -> np.ndarray:
        self.threads.add(threading.current_thread().name)
        if path == self.broken:
            raise DatasetError(f"{path}: damaged")
        return np.full((36, 48, 3), COLOURS.get(path, (90, 90, 90)), np.uint8)

    def through(self, path: str, variants: tuple[str, ...]):
        for variant in variants:
            pixels = self.pixels(path)[:24, :32]
            changed = 0.0 if variant == "vanilla" else 7.5
            step = StepCost("resize", (24, 32), 0.0012)
            yield VariantPicture(variant, pixels, (step,), pixels // 2, changed, 4.0)

    def preview(self, path: str, variant: str):
        self.previewed.append(variant)
        if self.go is not None:
            self.go.wait(WAIT)
        (picture,) = self.through(path, (variant,))
        identical = int(variant == "vanilla")
        psnr = None if identical else 20.0 + len(variant)
        return picture, ImageQuality(variant, "vanilla", 1, identical, psnr, None, 0.9, None)
