"""A process that is killed while it writes leaves a cache that others can use."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.dataset import CheckedImage, ImageSample
from engine.dataset.fingerprints import Fingerprint
from engine.dataset.sources import FileSource

ROOT = Path(__file__).parents[3]

# Writes image by image and, when the third one's pixels are on the disk but not in the index, says so and waits.
CHILD = """
import os, sys
from pathlib import Path
from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.events.control import StudyControl
from engine.dataset import CheckedImage, ImageSample
from engine.dataset.fingerprints import Fingerprint
from engine.dataset.sources import FileSource
from engine.preprocess import PixelCache, preprocess, results
from engine.config.variants import VARIANTS

folder, *pictures = sys.argv[1:]
results.WRITE_BYTES = 1
calls = []

def fsync(descriptor):
    calls.append(descriptor)
    if len(calls) == 5:
        print("here", flush=True)
        sys.stdin.read()

os.fsync = fsync
images = [
    CheckedImage(ImageSample(path, 0, None, FileSource(path)), digest, Fingerprint(digest, 0, b"", (30, 40), "PNG"))
    for path, _, digest in (picture.rpartition("=") for picture in pictures)
]
preprocess(VARIANTS["vanilla"], images, Recipe("small", image_size=(12, 16)), superres=None,
    machine=MachineSettings("cpu", "test", "fp32", True, 1, "given"), cache=PixelCache(Path(folder), 10**9),
    control=StudyControl(), on_start=lambda total, cached: None, on_progress=lambda done: None)
"""


@pytest.fixture
def files(tmp_path, picture):
    images = []
    for seed in range(6):
        path = tmp_path / f"{seed}.png"
        Image.fromarray(picture(seed)).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        fingerprint = Fingerprint(digest, 0, b"", (30, 40), "PNG")
        images.append(CheckedImage(ImageSample(str(path), 0, None, FileSource(str(path))), digest, fingerprint))
    return images


def test_killed_in_the_middle_of_writing(files, folder, new_study):
    pictures = [f"{image.sample.path}={image.digest}" for image in files]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), *pictures],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout.readline() == b"here\n"
        expected = new_study(files, folder=folder.parent / "elsewhere").pixels("vanilla")

        # Halted while it writes, it keeps nobody else from working.
        halted = new_study(files)
        with halted.open("vanilla") as table:
            np.testing.assert_array_equal(table.gather(np.arange(6)), expected)
            assert table.note == ""
        assert halted.started == (6, 2)
    finally:
        child.kill()
        child.communicate()

    after = new_study(files)
    with after.open("vanilla") as table:
        np.testing.assert_array_equal(table.gather(np.arange(6)), expected)
        assert table.note == ""
    assert after.started == (6, 6)
    after.cache.clear()
    assert after.cache.size() == 0  # the dead process's leases are gone
