"""Processes that share a cache on a disk whose locks hold nobody back."""

import hashlib
import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.config.variants import VARIANTS
from engine.preprocess import PixelCache, StepContext, build_steps, cache, results
from engine.preprocess.chains import ChainBuilder

SLOT = 12 * 16 * 3
IMAGES, WRITERS = 1000, 4


def keys():
    return [hashlib.sha256(str(number).encode()).digest() for number in range(IMAGES)]


def made(key):
    """The pixels of a key, which tell it from all others."""
    return np.resize(np.frombuffer(hashlib.sha512(key).digest(), np.uint8), (12, 16, 3))


def write_and_read(folder, chain, seed):
    """What a process does: look up, make the others, write, read all; the number of images that are not their own."""
    order = keys()
    random.Random(seed).shuffle(order)
    held = results.Results(PixelCache(folder, limit_bytes=10**9))
    found = held.find(chain, order)
    held.expect((len(order) - len(found)) * SLOT, 0)
    for key in order:
        if key not in found:
            held.add(chain, key, made(key))
    held.flush()
    with held.table((12, 16), [(chain.key, key) for key in order], lambda row: made(order[row])) as table:
        pixels = table.gather(np.arange(len(order)))
    return sum(not np.array_equal(image, made(key)) for key, image in zip(order, pixels, strict=True))


class NoLock:
    """A lock of a disk on which locks hold nobody back."""

    def __init__(self, path, **_):
        self.lock_file = str(path)

    def acquire(self, **_):
        Path(self.lock_file).touch()
        return self

    release = __exit__ = lambda *_: None
    __enter__ = acquire


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("evicting", [False, True])
def test_without_locks_no_pixels_are_wrong_and_no_image_is_lost(study, folder, monkeypatch, evicting):
    monkeypatch.setattr(cache, "FileLock", NoLock)
    monkeypatch.setattr("engine.system.locks.FileLock", NoLock)
    monkeypatch.setattr(results, "WRITE_BYTES", 50 * SLOT)
    monkeypatch.setattr(cache, "SEGMENT_BYTES", 130 * SLOT)
    context = StepContext(study.recipe, study.machine)
    chain = ChainBuilder(build_steps(VARIANTS["vanilla"], context)).chain_for(study.images[0].sample)
    with ProcessPoolExecutor(WRITERS, mp_context=multiprocessing.get_context("fork")) as pool:
        jobs = [pool.submit(write_and_read, folder, chain, seed) for seed in range(WRITERS)]
        while evicting and not all(job.done() for job in jobs):
            PixelCache(folder).clear()  # of what is in use too, as no lock says so
        assert [job.result() for job in jobs] == [0] * WRITERS
    assert write_and_read(folder, chain, WRITERS) == 0
    assert len(results.Results(PixelCache(folder)).find(chain, keys())) == IMAGES
