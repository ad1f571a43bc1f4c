from dataclasses import replace

import pytest
import torch
from torch import nn

from engine.config.recipes import RECIPES
from engine.models import SeededDropout, build_model

PAPER = RECIPES["paper"]


def test_the_papers_network_has_the_papers_layers():
    model = build_model(PAPER, 6, PAPER.image_size)
    shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    assert shapes["blocks.block1.convolution.weight"] == (16, 3, 5, 5)
    assert shapes["blocks.block2.convolution.weight"] == (32, 16, 5, 5)
    assert shapes["linear.weight"] == (6, 32 * 63 * 85)
    assert model(torch.zeros(2, 3, 255, 342)).shape == (2, 6)


def test_blocks_give_their_feature_maps_by_name():
    model = build_model(PAPER, 6, (16, 20))
    images = torch.rand(2, 3, 16, 20)
    first = model.blocks.block1(images)
    assert first.shape == (2, 16, 8, 10)
    assert model.blocks.block2(first).shape == (2, 32, 4, 5)
    assert [name for name, _ in model.blocks.named_children()] == ["block1", "block2"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pooling_before_relu_changes_neither_outputs_nor_gradients(dtype):
    values = torch.randn(4, 8, 16, 20, generator=torch.Generator().manual_seed(0)).to(dtype)
    upstream = torch.randn(4, 8, 8, 10, generator=torch.Generator().manual_seed(1)).to(dtype)
    pool, relu = nn.MaxPool2d(2), nn.ReLU()
    results = []
    for layers in (nn.Sequential(pool, relu), nn.Sequential(relu, pool)):
        leaf = values.clone().requires_grad_()
        output = layers(leaf)
        output.backward(upstream)
        results.append((output, leaf.grad))
    (ours, our_gradient), (theirs, their_gradient) = results
    assert torch.equal(ours, theirs)
    assert torch.equal(our_gradient, their_gradient)


def test_more_blocks_are_a_longer_list_of_channels():
    model = build_model(replace(PAPER, channels=(4, 8, 8), kernel_size=3), 6, (16, 20))
    assert model(torch.zeros(2, 3, 16, 20)).shape == (2, 6)


@pytest.mark.parametrize(("place", "zeroed"), [("logits", True), ("features", False)])
def test_dropout_stands_where_the_recipe_says(place, zeroed):
    model = build_model(replace(PAPER, dropout_place=place), 6, (16, 20)).train()
    logits = model(torch.rand(20, 3, 16, 20))
    assert bool((logits == 0).any()) is zeroed


@pytest.mark.parametrize("side", [200, 300])
def test_seeded_dropout_repeats_its_mask_and_keeps_the_mean(side):
    layer = SeededDropout(0.25).train()
    ones = torch.ones(side, side)
    layer.reseed(7)
    first, again = layer(ones), layer(ones)
    layer.reseed(8)
    other = layer(ones)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert first.mean().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("probability", [0.001, 0.3, 0.5, 0.97])
def test_seeded_dropout_drops_as_many_as_it_says_wherever_they_are(probability):
    layer = SeededDropout(probability).train()
    layer.reseed(3)
    dropped = (layer(torch.ones(1001, 1003)) == 0).double()
    several = 5 * (probability * (1 - probability) / 1001) ** 0.5  # standard errors of a row's or a column's share
    assert dropped.mean().item() == pytest.approx(probability, abs=several / 1001**0.5)
    for axis in (0, 1):
        assert (dropped.mean(axis) - probability).abs().max() < several + 5 / 1001
    neighbours = torch.corrcoef(torch.stack((dropped[:, :-1].flatten(), dropped[:, 1:].flatten())))[0, 1]
    assert abs(neighbours) < 0.01


def test_seeded_dropout_is_plain_dropout_without_a_seed_and_nothing_in_evaluation():
    layer = SeededDropout(0.5).train()
    ones = torch.ones(100, 100)
    assert not torch.equal(layer(ones), layer(ones))
    assert layer.eval()(ones) is ones


def test_dropping_everything_is_refused():
    with pytest.raises(ValueError, match="below 1"):
        SeededDropout(1.0)
