import os
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.demo import DEMO_CLASSES, draw_picture
from engine.superres import load_superres
from engine.superres.making.quality import crop_to_even, enlarge_bicubic, luma_psnr, psnr_after_halving
from engine.superres.making.training_pictures import degrade, draw_scene, load_photo, make_pair

PROJECT = Path(__file__).resolve().parents[3]
REAL_FRAMES = Path(os.environ.get("SIMPSONS_DATA", PROJECT.parent / "shared" / "simpsons")) / "simpsons_dataset"
HELD_OUT_SEED = 2**31
EVERY = 150


def mean_gain(pictures, machine, folder):
    model = load_superres(None, offline=True, cache_dir=folder)
    pairs = [psnr_after_halving(picture, lambda p: model.upscale(p[None], machine)[0]) for picture in pictures]
    return np.mean([ours - bicubic for bicubic, ours in pairs])


def test_psnr_of_a_known_difference():
    reference = np.full((10, 10, 3), 100, np.uint8)
    assert luma_psnr(reference, reference) == float("inf")
    assert luma_psnr(reference + np.uint8(10), reference) == pytest.approx(20 * np.log10(25.5))
    green = reference.copy()
    green[..., 1] += 10
    assert luma_psnr(green, reference) == pytest.approx(20 * np.log10(255 / 5.87))


def test_psnr_leaves_the_border_out():
    reference = np.full((10, 10, 3), 100, np.uint8)
    picture = reference.copy()
    picture[:2] = picture[-2:] = 0
    picture[:, :2] = picture[:, -2:] = 0
    assert luma_psnr(picture, reference) == float("inf")
    assert luma_psnr(picture, reference, border=0) < 15


def test_odd_sides_lose_a_line():
    assert crop_to_even(Image.new("RGB", (7, 5))).size == (6, 4)
    assert crop_to_even(Image.new("RGB", (8, 6))).size == (8, 6)


def test_bicubic_against_itself_gains_nothing():
    bicubic, ours = psnr_after_halving(draw_scene(random.Random(0), (61, 41)), enlarge_bicubic)
    assert bicubic == ours


def test_training_pictures_repeat_by_seed_and_halve():
    pairs = [make_pair(draw_scene(random.Random(3), (80, 60)), random.Random(4)) for _ in range(2)]
    assert np.array_equal(pairs[0].large, pairs[1].large)
    assert pairs[0].large.shape == (2 * pairs[0].small.shape[0], 2 * pairs[0].small.shape[1], 3)
    other = make_pair(draw_scene(random.Random(5), (80, 60)), random.Random(4))
    assert not np.array_equal(pairs[0].large, other.large)


def test_shipped_weights_beat_bicubic_on_pictures_that_they_were_not_trained_on(machine, tmp_path):
    rng = random.Random(HELD_OUT_SEED)
    drawings = [degrade(draw_scene(rng, (160, 120)), rng) for _ in range(6)]
    demo_drawings = [draw_picture(name, HELD_OUT_SEED, (160, 120)) for name in DEMO_CLASSES]
    assert mean_gain(drawings, machine, tmp_path) > 1
    assert mean_gain(demo_drawings, machine, tmp_path) > 1
    assert mean_gain([load_photo("chelsea").resize((224, 150))], machine, tmp_path) > 0.2


@pytest.mark.skipif(not REAL_FRAMES.is_dir(), reason="the real frames are not here (SIMPSONS_DATA)")
def test_shipped_weights_beat_bicubic_by_a_decibel_on_real_frames(machine, tmp_path):
    frames = [Image.open(path).convert("RGB") for path in sorted(REAL_FRAMES.rglob("*.jpg"))[::EVERY]]
    assert len(frames) >= 15
    assert mean_gain(frames, machine, tmp_path) >= 1
