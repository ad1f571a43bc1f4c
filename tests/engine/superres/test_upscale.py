import random
from dataclasses import replace

import numpy as np
import pytest

from engine.superres import choose_precision, load_superres
from engine.superres.training_pictures import degrade, draw_scene
from engine.superres.upscale import MAX_DIFFERENCE, MEAN_DIFFERENCE, agree


@pytest.fixture
def model(tmp_path):
    return load_superres(None, offline=True, cache_dir=tmp_path)


def drawings(count, size):
    rng = random.Random(5)
    return np.stack([np.asarray(degrade(draw_scene(rng, size), rng).resize(size)) for _ in range(count)])


@pytest.mark.parametrize("size", [(48, 64), (33, 47), (5, 3), (1, 1)])
def test_any_size_comes_out_doubled(model, machine, size):
    pixels = np.random.default_rng(0).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    before = pixels.copy()
    enlarged = model.upscale(pixels, machine)
    assert enlarged.shape == (2, 2 * size[0], 2 * size[1], 3)
    assert enlarged.dtype == np.uint8
    assert enlarged.flags.c_contiguous
    assert np.array_equal(pixels, before)


def test_no_pictures(model, machine):
    assert model.upscale(np.empty((0, 8, 8, 3), np.uint8), machine).shape == (0, 16, 16, 3)


def test_an_array_that_cannot_be_written_is_read(model, machine):
    pixels = drawings(1, (32, 32))
    enlarged = model.upscale(pixels, machine)
    pixels.flags.writeable = False
    assert np.array_equal(model.upscale(pixels, machine), enlarged)


@pytest.mark.parametrize("level", [0, 255])
def test_black_stays_black_and_white_white(model, machine, level):
    enlarged = model.upscale(np.full((1, 32, 32, 3), level, np.uint8), machine)
    assert np.abs(enlarged[:, 4:-4, 4:-4].astype(int) - level).max() <= 3


def test_a_picture_comes_out_the_same_in_any_company(model, machine):
    pixels = drawings(5, (120, 90))
    together = model.upscale(np.repeat(pixels, 4, axis=0), machine)[::4]
    alone = np.concatenate([model.upscale(picture[None], machine) for picture in pixels])
    assert np.abs(together.astype(int) - alone).max() <= 1


@pytest.mark.parametrize("change", [{"channels_last": False}, {"threads": 2}])
def test_layout_and_threads_change_rounding_at_most(model, machine, change):
    pixels = drawings(2, (96, 64))
    difference = model.upscale(pixels, machine).astype(int) - model.upscale(pixels, replace(machine, **change))
    assert np.abs(difference).max() <= 1


def test_bf16_agrees_with_fp32_within_the_stated_tolerance(model, machine):
    pixels = drawings(2, (128, 96))
    exact = model.upscale(pixels, machine)
    rough = model.upscale(pixels, replace(machine, precision="bf16"))
    assert agree(exact, rough)


def test_agreement_has_a_bound_on_the_largest_and_on_the_mean_difference():
    exact = np.full((1, 10, 10, 3), 100, np.uint8)
    one_off = exact.copy()
    one_off[0, 0, 0, 0] += MAX_DIFFERENCE + 1
    assert agree(exact, exact)
    assert not agree(exact, one_off)
    assert not agree(exact, exact + np.uint8(np.ceil(MEAN_DIFFERENCE + 0.01)))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_precision_that_was_given_is_kept(model, machine, precision):
    assert choose_precision(model, (32, 32), replace(machine, precision=precision)) == precision


def test_bf16_is_taken_only_where_it_is_faster_and_agrees(model, machine, monkeypatch):
    exact = np.full((1, 10, 10, 3), 100, np.uint8)
    for rough, seconds, expected in [
        (exact, 0.5, "bf16"),
        (exact, 1.5, "fp32"),
        (exact + np.uint8(50), 0.5, "fp32"),
    ]:
        answers = {"fp32": (exact, 1.0), "bf16": (rough, seconds)}
        monkeypatch.setattr("engine.superres.upscale._timed", lambda _m, _p, m, a=answers: a[m.precision])
        assert choose_precision(model, (32, 32), replace(machine, chosen_by="measured")) == expected


def test_a_precision_is_chosen_by_timing(model, machine):
    assert choose_precision(model, (32, 40), replace(machine, chosen_by="measured")) in ("fp32", "bf16")


def test_the_number_of_threads_is_put_back(model, machine):
    import torch

    before = torch.get_num_threads()
    model.upscale(np.zeros((1, 8, 8, 3), np.uint8), replace(machine, threads=before + 1))
    assert torch.get_num_threads() == before
