"""One tiny study whose models are used by all tests of this room."""

import random
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.study.running import run_study

COLOURS = {"blue": (40, 60, 220), "green": (40, 190, 70), "red": (220, 50, 40)}


def draw(path, colour, generator):
    image = Image.new("RGB", (48, 36), tuple(generator.randrange(90, 160) for _ in range(3)))
    x, y = generator.randrange(4, 20), generator.randrange(4, 12)
    ImageDraw.Draw(image).ellipse((x, y, x + 20, y + 18), fill=colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A run of all four variants; 12 test images in batches of 10. Tests must leave it as it is."""
    root, generator = tmp_path_factory.mktemp("trained"), random.Random(5)
    for part, count in (("train", 8), ("test", 4)):
        for name, colour in COLOURS.items():
            for number in range(count):
                draw(root / "images" / part / name / f"pic_{number:04d}.png", colour, generator)
    config = StudyConfig(
        data=root / "images",
        variants=("vanilla", "bbox", "denoise", "superres"),
        recipe=replace(RECIPES["quick"], image_size=(16, 20), batch_size=10, epochs=2),
        offline=True,
        device="cpu",
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        cache_dir=root / "cache",
        runs_dir=root / "runs",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(root / "no-hub"))
        record = run_study(config)
    (folder,) = config.runs_dir.iterdir()
    return SimpleNamespace(folder=folder, record=record, images=root / "images", config=config)
