from dataclasses import replace

import pytest
import torch

from engine.config.recipes import RECIPES
from engine.models import ResidualNetwork, build_model, predict_logits

BEST = RECIPES["best"]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_model(replace(BEST, channels=(4, 8, 8)), 5, (24, 32)).eval()


def test_the_best_recipes_network_is_a_residual_one_of_about_a_million_weights():
    model = build_model(BEST, 6, BEST.image_size)
    assert isinstance(model, ResidualNetwork)
    assert 1.0e6 < sum(weight.numel() for weight in model.parameters()) < 1.5e6
    assert model.eval()(torch.zeros(2, 3, *BEST.image_size)).shape == (2, 6)


@pytest.mark.parametrize("size", [(24, 32), (25, 33), (17, 40)])
def test_images_of_any_size_are_taken(network, size):
    assert network(torch.rand(2, 3, *size)).shape == (2, 5)


def test_blocks_give_maps_of_half_the_size_that_are_not_negative(network):
    maps = torch.rand(2, 3, 25, 32)
    for name, block in network.blocks.named_children():
        height, width = maps.shape[2:]
        maps = block(maps)
        assert name.startswith("block")
        assert maps.shape[2:] == ((height + 1) // 2, (width + 1) // 2)
        assert maps.min() >= 0


def test_a_fresh_block_is_its_shortcut(network):
    block = network.blocks.block2
    maps = torch.rand(2, 4, 12, 16)
    assert torch.equal(block(maps), torch.relu(block.shortcut(maps)))


def test_an_answer_is_the_mean_over_the_image_and_its_mirror_image(network):
    images = torch.rand(3, 3, 24, 32)
    with torch.no_grad():
        mean = (network(images).softmax(1) + network(images.flip(3)).softmax(1)) / 2
        assert torch.allclose(predict_logits(network, images).softmax(1), mean, atol=1e-6)
        assert torch.allclose(predict_logits(network, images), predict_logits(network, images.flip(3)), atol=1e-5)


def test_a_network_without_mirror_averaging_answers_with_its_logits():
    model = build_model(RECIPES["paper"], 5, (16, 20)).eval()
    images = torch.rand(2, 3, 16, 20)
    with torch.no_grad():
        assert torch.equal(predict_logits(model, images), model(images))
