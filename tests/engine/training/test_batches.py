import threading

import numpy as np
import pytest

from engine.training.batches import derive_seed, epoch_batches, read_ahead, steps_per_epoch


def sizes(images, batch_size):
    return [len(batch) for batch in epoch_batches(images, batch_size, seed=0, fold=0, epoch=0)]


@pytest.mark.parametrize(
    ("images", "batch_size", "expected"),
    [(25, 10, [10, 10, 5]), (20, 10, [10, 10]), (21, 10, [10, 11]), (7, 10, [7]), (1, 10, [1]), (11, 10, [11])],
)
def test_an_epoch_is_cut_into_batches_and_a_lone_image_joins_the_one_before(images, batch_size, expected):
    assert sizes(images, batch_size) == expected
    assert steps_per_epoch(images, batch_size) == len(expected)


def test_every_epoch_holds_every_image_once_in_another_order():
    first, second = (np.concatenate(epoch_batches(50, 8, seed=3, fold=0, epoch=epoch)) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert list(first) != list(second)


def test_seeds_depend_on_every_part():
    assert derive_seed(1, 23, "order") == derive_seed(1, 23, "order")
    assert len({derive_seed(1, 23, "order"), derive_seed(12, 3, "order"), derive_seed(1, 23, "weights")}) == 3


def test_the_next_value_is_loaded_while_the_present_one_is_used():
    started = {key: threading.Event() for key in range(3)}

    def load(key):
        started[key].set()
        return key * 10

    values = read_ahead(range(3), load)
    assert next(values) == 0
    assert started[1].wait(timeout=10)
    assert not started[2].is_set()
    assert list(values) == [10, 20]


def test_an_error_in_loading_comes_where_its_value_would_and_the_thread_ends():
    def load(key):
        if key == 1:
            raise OSError("gone")
        return key

    values = read_ahead([0, 1, 2], load)
    assert next(values) == 0
    with pytest.raises(OSError, match="gone"):
        next(values)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]


def test_closing_early_ends_the_thread():
    values = read_ahead(range(100), lambda key: key)
    next(values)
    values.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]
