"""Makes the demo set once, in the layout of the real one, and never leaves half of it behind.

simpsons_dataset/<character>/pic_NNNN.jpg       training images
kaggle_simpson_testset/<character>_N.jpg        test images
annotation.txt                                  boxes, of training images only and of a third of them
"""

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random
from types import MappingProxyType

import PIL
from filelock import FileLock, Timeout

from engine.demo.scene import draw_box, draw_picture
from engine.errors import StorageError

DEMO_VERSION = 1
"""Raised when the set changes on purpose."""

TRAIN_IMAGES = MappingProxyType({"basil": 92, "clover": 84, "hazel": 76, "juniper": 64, "olive": 78, "rowan": 90})
"""Training images of each character; slightly uneven, as in the real set."""

TEST_IMAGES_A_CLASS = 20
BOX_EVERY = 3
"""One training image in so many has a box, as in the real set."""

TRAIN_FOLDER = "simpsons_dataset"
TEST_FOLDER = "kaggle_simpson_testset"
ANNOTATIONS = "annotation.txt"

TRAIN_HEIGHTS = (192, 300)
TEST_HEIGHTS = (120, 180)
"""Smallest and largest picture height in pixels; test images are smaller, as in the real set."""

ASPECTS = (4 / 3, 4 / 3, 16 / 9, 1.0, 3 / 4)
"""Width over height; one is chosen a picture."""

JPEG_QUALITIES = (35, 88)

_UNFINISHED = ".unfinished-"
_WORKERS = 2
_FINGERPRINT_DIGITS = 8

_LOCK_SECONDS = 60.0
"""How long to wait for another process that draws; drawing takes a few seconds."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Image:
    """One file of the set before it is drawn."""

    path: str
    character: str
    seed: str
    heights: tuple[int, int]
    boxed: bool


def _images() -> Iterator[_Image]:
    for character, count in TRAIN_IMAGES.items():
        for i in range(count):
            path = f"{TRAIN_FOLDER}/{character}/pic_{i:04d}.jpg"
            yield _Image(path, character, f"train/{i}", TRAIN_HEIGHTS, i % BOX_EVERY == 0)
    for character in TRAIN_IMAGES:
        for i in range(TEST_IMAGES_A_CLASS):
            yield _Image(f"{TEST_FOLDER}/{character}_{i}.jpg", character, f"test/{i}", TEST_HEIGHTS, boxed=False)


def _draw(image: _Image) -> tuple[bytes, tuple[int, int, int, int] | None]:
    """The file's bytes, and the box of its character if it gets one."""
    rng = Random(f"{image.character}/{image.seed}/file")
    height = rng.randint(*image.heights)
    size = (round(height * rng.choice(ASPECTS)), height)
    data = io.BytesIO()
    draw_picture(image.character, image.seed, size).save(data, "JPEG", quality=rng.randint(*JPEG_QUALITIES))
    return data.getvalue(), draw_box(image.character, image.seed, size) if image.boxed else None


@cache
def fingerprint() -> str:
    """Changes with the drawing code and with the Pillow that draws, so that no stale set is ever taken for this one."""
    digest = hashlib.sha256(f"Pillow {PIL.__version__}".encode())
    for source in sorted(resources.files("engine.demo").iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".py"):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]


def demo_folder(cache_dir: Path) -> Path:
    """Where the set of this version lies in a cache folder."""
    return cache_dir / f"demo-v{DEMO_VERSION}-{fingerprint()}"


def ensure_demo(cache_dir: Path, progress: Progress | None = None) -> Path:
    """The demo set's folder, drawn on first use (a few seconds).

    The set appears whole or not at all; of two processes that ask at once, one draws and the other waits for it. A set
    that has lost files is drawn again.

    Args:
        cache_dir: folder for what can be made again; made if missing.
        progress: called with (images done, images in all) as they are drawn; not at all if the set is there.

    Raises:
        StorageError: the cache folder cannot be written, or another process draws and does not end.
    """
    folder = demo_folder(cache_dir)
    try:
        if _is_whole(folder):
            return folder
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{folder.name}.lock", timeout=_LOCK_SECONDS):
            if not _is_whole(folder):
                _build(folder, progress or (lambda _done, _total: None))
    except Timeout as error:
        raise StorageError(
            f"the demo set in {cache_dir} is being drawn by another simpsons-tui that does not move: "
            "end it, or use --cache-dir"
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"cannot draw the demo set into {cache_dir} ({reason}): name a writable folder with --cache-dir"
        ) from error
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether no file of the set is missing, such as after a clean-up of old files."""
    return (folder / ANNOTATIONS).is_file() and all((folder / image.path).is_file() for image in _images())


def _build(folder: Path, progress: Progress) -> None:
    """Draw everything beside `folder` and rename it into place; called with the lock held."""
    for leftover in folder.parent.glob(f"{folder.name}{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)  # of a process that was killed: whoever draws holds the lock
    unfinished = Path(tempfile.mkdtemp(prefix=folder.name + _UNFINISHED, dir=folder.parent))
    try:
        _write_files(unfinished, progress)
        unfinished.chmod(0o755)  # mkdtemp's folders are the owner's alone
        if folder.is_dir():
            shutil.rmtree(folder)  # it has lost files
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_files(folder: Path, progress: Progress) -> None:
    images = list(_images())
    (folder / TEST_FOLDER).mkdir()
    for character in TRAIN_IMAGES:
        (folder / TRAIN_FOLDER / character).mkdir(parents=True)
    lines = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        try:
            for done, (image, (data, box)) in enumerate(zip(images, pool.map(_draw, images), strict=True), start=1):
                (folder / image.path).write_bytes(data)
                if box is not None:
                    name = image.path.rpartition("/")[2]
                    corners = ",".join(map(str, box))
                    lines.append(f"./characters/{image.character}/{name},{corners},{image.character}\n")
                progress(done, len(images))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    with (folder / ANNOTATIONS).open("w", encoding="utf-8", newline="\n") as annotations:
        annotations.writelines(lines)
        annotations.flush()
        os.fsync(annotations.fileno())
