"""Processes that fill one cache of pre-processed images with the same images at once, where no lock holds anybody back.

So it is where nodes share a disk that carries no locks between them: GPFS, Lustre with `localflock`, NFS with `nolock`.
"""

import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from processes import call
from table import Row
from workplace import Workplace

PROCESSES, IMAGES, SIDE = 4, 1000, 64


def rows(place: Workplace) -> list[Row]:
    """How many of the images that each reads back are not those that were kept, and how many are in no file."""
    folder = place.folder / "shared-cache"
    start = time.time() + PROCESSES * 5  # importing takes seconds, and all must write at once
    with ThreadPoolExecutor(PROCESSES) as pool:
        wrong = list(pool.map(lambda seed: call(fill, folder=folder, seed=seed, start=start), range(PROCESSES)))
    lost = call(fill, folder=folder, seed=PROCESSES, start=0)
    return [
        Row(
            f"{PROCESSES} processes fill one cache with the same {IMAGES:,} images, without locks",
            f"{sum(wrong) + lost} wrong, {call(missing, folder=folder)} lost",
            target="0 wrong, 0 lost",
            met=not sum(wrong) and not lost and not call(missing, folder=folder),
        )
    ]


def fill(folder: str, seed: int, start: float) -> int:
    """Look up, write what is not there, read all; how many images are not their own."""
    results, chain, keys = _results(folder)
    random.Random(seed).shuffle(keys)
    time.sleep(max(0.0, start - time.time()))
    found = results.find(chain, keys)
    results.expect((len(keys) - len(found)) * chain.entry_bytes, 0)
    for key in keys:
        if key not in found:
            results.add(chain, key, _made(key))
    results.flush()
    read = (results.read(chain, key) for key in keys)
    return sum(not np.array_equal(pixels, _made(key)) for key, pixels in zip(keys, read, strict=True))


def missing(folder: str) -> int:
    """How many images no process finds afterwards."""
    results, chain, keys = _results(folder)
    return len(keys) - len(results.find(chain, keys))


def _results(folder: str):  # type: ignore[no-untyped-def]
    """The cache as a process opens it, with a lock that holds nobody back, a chain of steps and all keys."""
    from engine.config.machine import MachineSettings
    from engine.config.recipes import Recipe
    from engine.config.variants import VARIANTS
    from engine.dataset import ImageSample
    from engine.dataset.sources import FileSource
    from engine.preprocess import PixelCache, StepContext, build_steps, cache, results
    from engine.preprocess.chains import ChainBuilder
    from engine.system import locks

    cache.FileLock = locks.FileLock = _NoLock  # type: ignore[misc, assignment]
    results.WRITE_BYTES = 16 * SIDE * SIDE * 3
    context = StepContext(Recipe("", image_size=(SIDE, SIDE)), MachineSettings("cpu", "", "fp32", True, 1, "given"))
    chain = ChainBuilder(build_steps(VARIANTS["vanilla"], context)).chain_for(ImageSample("", 0, None, FileSource("")))
    keys = [hashlib.sha256(str(number).encode()).digest() for number in range(IMAGES)]
    return results.Results(PixelCache(Path(folder), 10**10)), chain, keys


def _made(key: bytes) -> npt.NDArray[np.uint8]:
    """The pixels of a key, which tell it from all others."""
    return np.resize(np.frombuffer(hashlib.sha512(key).digest(), np.uint8), (SIDE, SIDE, 3))


class _NoLock:
    def __init__(self, path: Path, **_: object) -> None:
        self.lock_file = str(path)

    def acquire(self, **_: object) -> "_NoLock":
        Path(self.lock_file).touch()
        return self

    def release(self, *_: object) -> None:
        pass

    __enter__, __exit__ = acquire, release
