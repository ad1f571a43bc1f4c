"""Data sets of any size for measuring, made of the frames that there are.

Where more images are asked for than there are, frames are repeated with a few bytes after the picture's end: another
file with another hash, the same pixels.
"""

import itertools
import os
import random
from collections.abc import Sequence
from pathlib import Path

from processes import PROJECT

from engine.dataset import ImageSample, open_dataset
from engine.demo import ensure_demo

TEST_IMAGES_A_CLASS = 4
TRAIN_FOLDER, TEST_FOLDER, ANNOTATIONS = "simpsons_dataset", "kaggle_simpson_testset", "annotation.txt"


def default_data() -> Path | None:
    """The real frames where they are; None for the demo set."""
    folder = Path(os.environ.get("SIMPSONS_DATA", PROJECT.parent / "shared" / "simpsons"))
    return folder if folder.is_dir() else None


def source_folder(data: Path | None, cache_dir: Path) -> Path:
    """The data set that frames are taken from; the demo set is drawn where it is wanted and missing."""
    return data if data is not None else ensure_demo(cache_dir)


def build(source: Path, count: int, target: Path) -> Path:
    """Write a data set of `count` training images and a few test images, in the Kaggle layout; returns its folder.

    Every start of the (seeded) order has the source's mixture of classes, sizes and boxes.
    """
    if target.is_dir():
        return target
    dataset = open_dataset(source)
    train = list(dataset.train)
    random.Random(0).shuffle(train)
    boxes = []
    for number, sample in enumerate(itertools.islice(itertools.cycle(train), count)):
        name = dataset.classes[sample.label]
        path = target / TRAIN_FOLDER / name / f"pic_{number:05d}{Path(sample.path).suffix}"
        _write(sample, path, repeat=number // len(train))
        if sample.box is not None:
            box = sample.box
            corners = f"{box.left},{box.top},{box.right},{box.bottom}"
            boxes.append(f"./characters/{name}/{path.name},{corners},{name}")
    for label, name in enumerate(dataset.classes):
        _write_tests([sample for sample in dataset.test if sample.label == label], name, target / TEST_FOLDER)
    (target / ANNOTATIONS).write_text("\n".join(boxes) + "\n", encoding="utf-8")
    return target


def _write_tests(samples: Sequence[ImageSample], name: str, folder: Path) -> None:
    for number, sample in enumerate(samples[:TEST_IMAGES_A_CLASS]):
        _write(sample, folder / f"{name}_{number}{Path(sample.path).suffix}", repeat=0)


def _write(sample: ImageSample, path: Path, *, repeat: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sample.source.read() + (f"repeat {repeat}".encode() if repeat else b""))
