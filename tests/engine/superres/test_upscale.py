import importlib.resources
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torchsr.models import ninasr_b0

from engine.superres import choose_precision, images_per_batch, load_superres, recall_precision, upscale
from engine.superres.making.training_pictures import degrade, draw_scene
from engine.superres.upscale import MAX_DIFFERENCE, MEAN_DIFFERENCE, agree
from engine.superres.weights import SHIPPED_FILE
from engine.system import devices


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


@pytest.mark.parametrize("size", [(48, 64), (33, 47), (5, 3), (1, 1)])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_it_is_torchsrs_network(model, machine, size, precision):
    network = ninasr_b0(scale=2, pretrained=False).requires_grad_(False)
    network.load_state_dict(load((importlib.resources.files("data") / "weights" / SHIPPED_FILE).read_bytes()))
    pixels = drawings(2, size[::-1])
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        enlarged = network(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).float()
    expected = (255 * enlarged).round().clamp(0, 255).permute(0, 2, 3, 1).numpy()
    difference = np.abs(model.upscale(pixels, replace(machine, precision=precision)) - expected)
    assert difference.max() <= (1 if precision == "fp32" else MAX_DIFFERENCE)
    assert difference.mean() <= (0.001 if precision == "fp32" else MEAN_DIFFERENCE)


@pytest.mark.parametrize("level", [0, 255])
def test_black_stays_black_and_white_white(model, machine, level):
    enlarged = model.upscale(np.full((1, 32, 32, 3), level, np.uint8), machine)
    assert np.abs(enlarged[:, 4:-4, 4:-4].astype(int) - level).max() <= 3


def test_a_picture_comes_out_the_same_in_any_company(model, machine):
    pixels = drawings(5, (120, 90))
    together = model.upscale(np.repeat(pixels, 4, axis=0), machine)[::4]
    alone = np.concatenate([model.upscale(picture[None], machine) for picture in pixels])
    assert np.abs(together.astype(int) - alone).max() <= 1


def test_the_memory_format_of_training_changes_nothing(model, machine):
    pixels = drawings(2, (96, 64))
    contiguous = model.upscale(pixels, replace(machine, channels_last=False))
    assert np.array_equal(model.upscale(pixels, machine), contiguous)


def test_threads_change_rounding_at_most(model, machine):
    pixels = drawings(2, (96, 64))
    difference = model.upscale(pixels, machine).astype(int) - model.upscale(pixels, replace(machine, threads=2))
    assert np.abs(difference).max() <= 1


def test_an_accelerator_takes_more_pictures_at_a_time():
    assert images_per_batch("cpu", 255, 342) == 2
    assert images_per_batch("cuda", 255, 342) == 32
    assert images_per_batch("cpu", 4096, 4096) == 1


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


@pytest.fixture
def timed(model, monkeypatch):
    """The model with made-up results that take made-up seconds; `timed.calls` counts them."""

    class Timed:
        info = model.info

        def __init__(self):
            self.seconds, self.off_by, self.calls, self.now = {"fp32": 1.0, "bf16": 1.0}, 0, 0, 0.0

        def upscale(self, pixels, machine):
            self.calls += 1
            self.now += self.seconds[machine.precision]
            return np.full((1, 10, 10, 3), 100 + (self.off_by if machine.precision == "bf16" else 0), np.uint8)

    fake = Timed()
    monkeypatch.setattr(devices, "perf_counter", lambda: fake.now)
    monkeypatch.setattr(devices, "process_time", lambda: fake.now)
    monkeypatch.setattr(upscale, "promises_bf16", lambda device: False)
    monkeypatch.setattr(upscale, "has_bf16", lambda device: True)
    return fake


@pytest.mark.parametrize(
    ("seconds", "off_by", "expected"), [(0.5, 0, "bf16"), (0.95, 0, "fp32"), (1.5, 0, "fp32"), (0.5, 50, "fp32")]
)
def test_bf16_is_taken_only_where_it_is_clearly_faster_and_agrees(timed, machine, seconds, off_by, expected):
    timed.seconds["bf16"], timed.off_by = seconds, off_by
    assert choose_precision(timed, (32, 32), machine) == expected


def test_bf16_is_not_tried_where_the_processor_lacks_it(timed, machine, monkeypatch):
    monkeypatch.setattr(upscale, "has_bf16", lambda device: False)
    timed.seconds["bf16"] = 0.1
    assert choose_precision(timed, (32, 32), machine) == "fp32"
    assert timed.calls == 0


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_precision_that_was_given_is_kept(timed, machine, tmp_path, precision):
    timed.seconds["bf16"] = 0.5 if precision == "fp32" else 2.0
    assert recall_precision(timed, (32, 32), machine, tmp_path, precision=precision) == precision
    assert timed.calls == 0


def test_given_threads_leave_the_precision_to_be_chosen_and_remembered(timed, machine, tmp_path):
    timed.seconds["bf16"] = 0.5
    machine = replace(machine, precision="fp32", threads=1, chosen_by="given")
    assert recall_precision(timed, (32, 32), machine, tmp_path, precision="auto") == "bf16"
    timed.seconds["bf16"], calls = 2.0, timed.calls
    assert recall_precision(timed, (32, 32), machine, tmp_path, precision="auto") == "bf16"
    assert timed.calls == calls
    assert recall_precision(timed, (32, 40), machine, tmp_path, precision="auto") == "fp32"


def test_a_real_choice_is_one_of_the_two_that_agree(model, machine, tmp_path, monkeypatch):
    monkeypatch.setattr(upscale, "has_bf16", lambda device: True)
    monkeypatch.setattr(upscale, "promises_bf16", lambda device: False)
    monkeypatch.setattr(upscale, "is_clearly_faster", lambda one, other, on_processor: one() is not None)
    assert choose_precision(model, (32, 40), machine) == "bf16"


def test_the_number_of_threads_is_put_back(model, machine):
    import torch

    before = torch.get_num_threads()
    model.upscale(np.zeros((1, 8, 8, 3), np.uint8), replace(machine, threads=before + 1))
    assert torch.get_num_threads() == before
