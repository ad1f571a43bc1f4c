"""Small data sets of drawn scenes, and the module that plants copies."""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from engine.audit import audit_images
from engine.config.protocols import Closeness
from engine.dataset import check_images, open_dataset
from engine.demo import DEMO_CLASSES, draw_picture
from engine.events.control import StudyControl
from engine.reports.audit import AuditReport
from tests.benchmarks import planted_copies as planted

ROOT = Path(__file__).parents[3]
SIZE = (160, 120)


def silent(_done: int, _total: int) -> None:
    pass


@pytest.fixture(scope="session")
def planted_copies() -> ModuleType:
    """The benchmark that plants copies and says which the audit finds."""
    return planted


@pytest.fixture(scope="session")
def scene() -> Callable[[int], Image.Image]:
    """The drawn scene of a number; each is a drawing of its own."""
    drawn: dict[int, Image.Image] = {}

    def draw(number: int) -> Image.Image:
        if number not in drawn:
            drawn[number] = draw_picture(DEMO_CLASSES[number % len(DEMO_CLASSES)], f"scene {number}", SIZE)
        return drawn[number].copy()

    return draw


@pytest.fixture
def root(tmp_path: Path, scene: Callable[[int], Image.Image]) -> Path:
    """train/ and test/ folders of two classes, without a copy: ten training images and four test images."""
    folder = tmp_path / "set"
    for number in range(14):
        part, name = "train" if number < 10 else "test", "ab"[number % 2]
        place = folder / part / name
        place.mkdir(parents=True, exist_ok=True)
        scene(number).save(place / f"{number}.png")
    return folder


@pytest.fixture
def audit(tmp_path: Path) -> Callable[..., AuditReport]:
    """Opens, checks and audits a folder."""

    def look(
        folder: Path,
        closeness: Closeness = "near",
        control: StudyControl | None = None,
        progress: Callable[[int, int], None] = silent,
        classes: tuple[str, ...] | None = None,
    ) -> AuditReport:
        control = control or StudyControl()
        dataset = open_dataset(folder, classes=classes)
        checked = check_images(dataset, tmp_path / "cache", control=control, progress=silent)
        return audit_images(checked, closeness=closeness, control=control, progress=progress)

    return look


@pytest.fixture
def real_frames() -> Path:
    """The real piece of the data set, where the machine has it."""
    named = os.environ.get("SIMPSONS_DATA")
    folder = Path(named) if named else Path(__file__).parents[4] / "shared" / "simpsons"
    if not (folder / "simpsons_dataset").is_dir():
        pytest.skip("needs the real frames (SIMPSONS_DATA)")
    return folder
