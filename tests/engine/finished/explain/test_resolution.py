"""Counting what smaller images cost, and the sentences that follow."""

import numpy as np
import pytest

from engine.finished.explain.curves import count_ladder, native_sizes, resolution_answers
from engine.reports.resolution import ResolutionReport

SIZES = (128, 64, 32)


def answers_at(images, *counts):
    """(images, 1 + sizes): so many are right, always the first ones."""
    return np.stack([np.arange(images) < count for count in counts], axis=1)


def ladder(*counts, images=200, part="test", side=200, variant="vanilla"):
    longer = np.full(images, side)
    return count_ladder(variant, part, longer, SIZES[: len(counts) - 1], answers_at(images, *counts))


def report(*ladders, training=480, test=171):
    sizes = [native_sizes("training", np.array([training] * 5)), native_sizes("test", np.array([test] * 5))]
    return ResolutionReport("s", 0, 0, tuple(sizes), ladders)


def test_losses_and_gains_are_paired():
    right = np.zeros((100, 2), np.bool_)
    right[:80, 0] = True
    right[25:85, 1] = True
    (step,) = count_ladder("vanilla", "test", np.full(100, 90), (64,), right).steps
    assert (step.size, step.shrunk, step.right, step.lost, step.gained) == (64, 100, 60, 25, 5)
    assert step.difference == pytest.approx(-0.2)
    assert step.difference_interval.low < -0.2 < step.difference_interval.high < 0
    assert step.difference_interval.method == "Newcombe, paired"
    # Wilson's interval of 60 of 100 at 95 %, by the formula.
    z, n, p = 1.959964, 100, 0.6
    scale = 1 + z * z / n
    middle, half = (p + z * z / 2 / n) / scale, z / scale * (p * (1 - p) / n + (z / 2 / n) ** 2) ** 0.5
    assert (step.interval.low, step.interval.high) == pytest.approx((middle - half, middle + half))


def test_an_image_that_is_no_larger_keeps_its_answer():
    longer = np.array([200, 100, 100, 50])
    right = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 1], [1, 0, 0]], np.bool_)
    found = count_ladder("vanilla", "test", longer, (128, 64), right)
    assert (found.right, found.largest) == (3, 200)
    assert [(step.shrunk, step.right, step.lost, step.gained) for step in found.steps] == [(1, 2, 1, 0), (3, 3, 1, 1)]


def test_sizes_that_shrink_nothing_are_no_steps():
    found = count_ladder("vanilla", "test", np.array([100, 60]), (128, 100, 64), np.ones((2, 4), np.bool_))
    assert [step.size for step in found.steps] == [64]
    assert found.at(128) is None
    assert found.at(64).shrunk == 1


def test_a_step_just_below_five_points_is_not_notable():
    found = ladder(160, 150, 149)
    assert [step.notable for step in found.steps] == [False, True]
    assert found.first_notable.size == 64
    assert found.first_surely_notable is None


def test_percentiles_tell_how_sizes_are_spread():
    sizes = native_sizes("test", np.arange(101))
    assert (sizes.images, sizes.low, sizes.median, sizes.high, sizes.largest) == (101, 5, 50, 95, 100)


def sentences(*ladders, **sizes):
    return "\n".join(resolution_answers(report(*ladders, **sizes)))


def test_the_first_size_that_loses_and_the_first_that_surely_does_are_named():
    text = sentences(ladder(160, 160, 148, 80))
    assert "vanilla, 200 test images: 0.800 as they are; 64 px is the first size that loses more than 5 points" in text
    assert "−6.0 points [−9." in text
    assert "beyond the uncertainty of these images 32 px does, −40.0 points" in text


def test_a_loss_that_is_sure_at_once_is_said_once():
    text = sentences(ladder(160, 160, 80))
    assert "64 px is the first size" in text
    assert "], beyond the uncertainty of these images." in text


def test_a_loss_that_is_never_sure():
    assert "no size does so beyond the uncertainty" in sentences(ladder(160, 148))


def test_a_network_that_loses_nothing():
    text = sentences(ladder(160, 160, 160, 159))
    assert "no size loses more than 5 points, the smallest, 32 px, −0.5 points" in text


def test_images_that_no_size_shrinks():
    assert "no size is smaller than any of them" in sentences(ladder(160, 160, side=20))


def test_the_sizes_are_compared():
    assert "The test images have 0.36 of the training images' size: 171 against 480 pixels" in sentences()
    assert "are about equally large" in sentences(training=180)
    assert "The test images are 2.00 times as large as the training images" in sentences(training=100, test=200)


def test_what_larger_images_lose_at_the_test_images_size_is_said():
    held_out = ladder(160, 158, 120, part="held out", side=500)
    assert "held-out images change by −1.0 points" in sentences(ladder(150, 150), held_out, test=120)
    assert "vanilla: shrunk to 128 px, about as small as the test images" in sentences(held_out, test=120)
    assert "about as small" not in sentences(ladder(150, 150))
