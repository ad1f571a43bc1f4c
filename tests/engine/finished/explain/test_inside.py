"""Feature maps, filters and Grad-CAM on networks whose weights are set by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.config.recipes import RECIPES
from engine.errors import WeightsError
from engine.finished.explain.inside import feature_maps, first_filters, grad_cam, probabilities
from engine.training import save_weights
from engine.training.inference import load_network
from engine.training.trainer import fresh_model

SIZE = (16, 24)
RECIPE = replace(RECIPES["quick"], image_size=SIZE, channels=(2, 2), kernel_size=1)
RED, BLUE = 0, 1


@pytest.fixture
def model():
    """Channel 0 is how red, channel 1 how blue a place is; class 0 adds up the red, class 1 the blue."""
    net = fresh_model(RECIPE, 2, SIZE, seed=0, fold=0).eval()
    with torch.no_grad():
        for block, weights in zip(net.blocks, ([[1.0, 0, 0], [0, 0, 1.0]], [[1.0, 0], [0, 1.0]]), strict=True):
            block.convolution.weight.copy_(torch.tensor(weights)[:, :, None, None])
            block.convolution.bias.zero_()
        places = SIZE[0] // 4 * (SIZE[1] // 4)
        net.linear.weight.zero_()
        net.linear.weight[RED, :places] = 1
        net.linear.weight[BLUE, places:] = 1
        net.linear.bias.zero_()
    return net


@pytest.fixture
def pixels():
    """A red patch at the upper left, a smaller blue one at the lower right, on black."""
    image = np.zeros((*SIZE, 3), np.uint8)
    image[0:8, 0:8, 0] = 255
    image[12:16, 16:24, 2] = 255
    return image


def test_feature_maps_are_the_blocks_outputs(model, pixels):
    first, second = feature_maps(model, pixels)
    assert (first.name, second.name) == ("block1", "block2")
    assert first.maps.shape == (2, 8, 12)
    assert second.maps.shape == (2, 4, 6)
    red, blue = second.maps > 0.5
    assert red.tolist() == [[row < 2 and column < 2 for column in range(6)] for row in range(4)]
    assert blue.tolist() == [[row == 3 and column >= 4 for column in range(6)] for row in range(4)]


@pytest.mark.parametrize(("label", "rows", "columns"), [(RED, (0, 2), (0, 2)), (BLUE, (3, 4), (4, 6))])
def test_grad_cam_highlights_the_planted_patch_of_each_class(model, pixels, label, rows, columns):
    evidence = grad_cam(model, pixels, label)
    assert evidence.shape == (4, 6)
    inside = np.zeros_like(evidence, dtype=bool)
    inside[slice(*rows), slice(*columns)] = True
    assert evidence[inside].min() == evidence.max() == 1
    assert evidence[~inside].max() == 0


def test_grad_cam_is_what_the_paper_computes(pixels):
    """Against the formula written out for a network with a linear layer: mean weight a channel times its map."""
    net = fresh_model(replace(RECIPE, channels=(4, 5), kernel_size=3), 3, SIZE, seed=3, fold=0).eval()
    maps = torch.from_numpy(feature_maps(net, pixels)[-1].maps)
    for label in range(3):
        weights = net.linear.weight[label].detach().reshape(maps.shape).mean(dim=(1, 2))
        expected = torch.relu((weights[:, None, None] * maps).sum(0))
        expected = expected / expected.max() if expected.max() > 0 else expected
        assert grad_cam(net, pixels, label) == pytest.approx(expected.numpy(), abs=1e-5)


def test_grad_cam_leaves_the_network_as_it_was(model, pixels):
    before = probabilities(model, pixels)
    grad_cam(model, pixels, RED)
    assert all(weight.grad is None for weight in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    assert np.array_equal(probabilities(model, pixels), before)


def test_nothing_speaks_for_a_class_whose_colour_is_missing(model, pixels):
    pixels[..., 2] = 0
    assert not grad_cam(model, pixels, BLUE).any()


def test_probabilities_follow_the_larger_patch(model, pixels):
    said = probabilities(model, pixels)
    assert said.sum() == pytest.approx(1)
    assert said[RED] > 0.85


def test_filters_show_signs_around_grey(model):
    with torch.no_grad():
        model.blocks[0].convolution.weight[0] = torch.tensor([0.5, -0.25, 0.0])[:, None, None]
    filters = first_filters(model)
    assert filters.shape == (2, 1, 1, 3)
    assert filters[0, 0, 0].tolist() == pytest.approx([255, 64, 128], abs=1)


def test_a_network_comes_back_from_its_weights_file(model, pixels, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(model, path)
    loaded = load_network(path, RECIPE, 2, SIZE, seed=5, fold=0)
    assert np.array_equal(probabilities(loaded, pixels), probabilities(model, pixels))
    with pytest.raises(WeightsError, match="another network"):
        load_network(path, RECIPE, 3, SIZE, seed=5, fold=0)
