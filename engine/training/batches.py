"""Batches of an epoch in a seeded order, and reading the next one ahead."""

import hashlib
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_SEED_BYTES = 7  # fits torch's and numpy's seeds without a sign


def derive_seed(*parts: int | str) -> int:
    """A seed that depends on all parts and on nothing else; different purposes get unrelated seeds."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=_SEED_BYTES).digest()
    return int.from_bytes(digest, "big")


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Number of batches that `epoch_batches` makes."""
    if images <= batch_size:
        return 1
    full, rest = divmod(images, batch_size)
    return full + (rest > 1)


def epoch_batches(images: int, batch_size: int, *, seed: int, fold: int, epoch: int) -> list[Places]:
    """Places 0 .. images - 1 in a new order for each epoch, cut into batches.

    The last batch holds what is left; where that is a single image it joins the batch before, because batch norm's
    statistics over one image are no estimate of anything. A batch size above `images` makes one batch.
    """
    order = np.random.default_rng(derive_seed(seed, fold, "order", epoch)).permutation(images).astype(np.int64)
    cuts = [step * batch_size for step in range(1, steps_per_epoch(images, batch_size))]
    return np.split(order, cuts)


def read_ahead(keys: Iterable[_Key], load: Callable[[_Key], _Value]) -> Generator[_Value, None, None]:
    """`load(key)` for every key in order, always one ahead in a thread; the thread ends with the iterator.

    An error in `load` is raised where its value would have come. Close the iterator when leaving it early.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="next-batch") as thread:
        upcoming = None
        for key in keys:
            current, upcoming = upcoming, thread.submit(load, key)
            if current is not None:
                yield current.result()
        if upcoming is not None:
            yield upcoming.result()
