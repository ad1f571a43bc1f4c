"""A tiny data set, drawn here, and a study configuration that keeps to the test's own folders."""

import random
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from engine.config.recipes import RECIPES
from engine.config.search import TuningConfig
from engine.config.study import StudyConfig

COLOURS = {"blue": (40, 60, 220), "green": (40, 190, 70), "red": (220, 50, 40)}
TRAIN, TEST = 12, 5


def draw(path, colour, generator):
    # A patchwork behind the shape, so that no two pictures pass for copies of each other.
    patches = bytes(generator.randrange(256) for _ in range(6 * 4 * 3))
    image = Image.frombytes("RGB", (6, 4), patches).resize((48, 36), Image.Resampling.NEAREST)
    x, y = generator.randrange(4, 20), generator.randrange(4, 12)
    ImageDraw.Draw(image).ellipse((x, y, x + 20, y + 18), fill=colour)
    image.save(path)
    return x, y, x + 20, y + 18


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory):
    """train/ and test/ folders of three classes; every other training image has a box."""
    root, generator, boxes = tmp_path_factory.mktemp("tiny"), random.Random(5), []
    for part, count in (("train", TRAIN), ("test", TEST)):
        for name, colour in COLOURS.items():
            folder = root / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                box = draw(folder / f"pic_{i:04d}.png", colour, generator)
                if part == "train" and i % 2 == 0:
                    boxes.append(f"./characters/{name}/pic_{i:04d}.png,{','.join(map(str, box))},{name}")
    (root / "annotation.txt").write_text("\n".join(boxes) + "\n")
    return root


@pytest.fixture
def config(tiny_dataset, tmp_path, monkeypatch):
    """A study of a second or two on the tiny data set."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-hub"))
    return StudyConfig(
        data=tiny_dataset,
        variants=("vanilla", "bbox"),
        recipe=replace(RECIPES["quick"], image_size=(16, 20), batch_size=10, epochs=3),
        offline=True,
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        device="cpu",
        cache_dir=tmp_path / "cache",
        runs_dir=tmp_path / "runs",
    )


@pytest.fixture
def search(config):
    """Three trials of two epochs."""
    study = replace(
        config,
        variants=("vanilla",),
        protocol="clean",
        validation_fraction=0.25,
        recipe=replace(config.recipe, epochs=2),
    )
    return TuningConfig(study, trials=3)
