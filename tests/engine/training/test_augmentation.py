"""Changes of training images: seeded, as strong as the recipe says, and none where it says none."""

from dataclasses import replace

import pytest
import torch

from engine.config.recipes import RECIPES
from engine.training.augmentation import augment

PLAIN = RECIPES["paper"]
SIZE = (32, 40)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    coarse = torch.rand(12, 3, 4, 5, generator=generator(9))
    return torch.nn.functional.interpolate(coarse, size=SIZE, mode="bilinear")


def test_a_recipe_without_augmentation_leaves_the_images_as_they_are(images):
    assert augment(images, PLAIN, SIZE, generator()) is images


@pytest.mark.parametrize(
    "change",
    [{"flip": True}, {"affine": 1.0}, {"colour_jitter": 0.2}, {"erase": 0.3}, {"low_resolution": 0.9}],
    ids=lambda change: next(iter(change)),
)
def test_each_change_follows_from_the_seed_and_keeps_shape_and_memory_format(images, change):
    recipe = replace(PLAIN, **change)
    images = images.contiguous(memory_format=torch.channels_last)
    first, again, other = (augment(images, recipe, SIZE, generator(seed)) for seed in (1, 1, 2))
    assert first.shape == images.shape
    assert first.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, images)


def test_mirroring_alone_mirrors_about_half_of_the_images_and_changes_nothing_else(images):
    mirrored = augment(images, replace(PLAIN, flip=True), SIZE, generator(3))
    kept = [bool(torch.allclose(a, b, atol=1e-5)) for a, b in zip(mirrored, images, strict=True)]
    turned = [bool(torch.allclose(a, b.flip(2), atol=1e-5)) for a, b in zip(mirrored, images, strict=True)]
    assert all(one or other for one, other in zip(kept, turned, strict=True))
    assert 2 < sum(turned) < 10


def test_an_affine_change_is_a_similarity_of_the_picture_not_of_the_square():
    """A disc in a wide image stays about as wide as it is high, however it is turned."""
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(96.0), indexing="ij")
    disc = (((rows - 23.5) ** 2 + (columns - 47.5) ** 2).sqrt() < 10).float().expand(64, 3, 48, 96)
    moved = augment(disc, replace(PLAIN, affine=1.0), (48, 96), generator())[:, 0] > 0.5
    heights, widths = moved.any(2).sum(1).float(), moved.any(1).sum(1).float()
    ratio = widths / heights
    assert ratio.log().abs().max() < 0.35  # stretch and shear are at most a tenth each
    assert ratio.log().mean().abs() < 0.05


def test_another_size_is_trained_at_with_and_without_moving(images):
    small = (16, 24)
    assert augment(images, replace(PLAIN, affine=0.5), small, generator()).shape == (12, 3, *small)
    resized = augment(images, PLAIN, small, generator())
    assert resized.shape == (12, 3, *small)
    assert resized.mean() == pytest.approx(images.mean().item(), abs=0.01)


def test_lower_resolution_takes_detail_from_a_share_of_the_images():
    noise = torch.rand(200, 3, 32, 32, generator=generator(4))
    lowered = augment(noise, replace(PLAIN, low_resolution=0.4), (32, 32), generator(6))
    spread = lowered.std(dim=(1, 2, 3)) / noise.std(dim=(1, 2, 3))
    changed = spread < 0.9
    assert 50 < int(changed.sum()) < 110
    assert torch.equal(lowered[~changed], noise[~changed])


def test_erasing_greys_a_rectangle_of_the_given_side(images):
    erased = augment(images, replace(PLAIN, erase=0.5), SIZE, generator(2))
    grey = (erased == 0.5).all(dim=1)
    share = grey.float().mean(dim=(1, 2))
    assert share.max() <= 0.5 * 0.5 * 1.2
    assert share.min() > 0
    assert torch.equal(erased[~grey[:, None].expand_as(erased)], images[~grey[:, None].expand_as(images)])
