"""Which layers of a network of others are looked at."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.finished.explain.inside import feature_maps, first_filters, grad_cam
from engine.finished.explain.layers import evidence_layer, map_layers
from engine.models import build_model

SIZE = (48, 64)
PIXELS = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)


def built(name):
    recipe = replace(RECIPES["quick"], image_size=SIZE, network=name)
    return build_model(recipe, 3, SIZE).eval()


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("resnet18", ["relu", "layer1", "layer2", "layer3", "layer4"]),
        ("squeezenet1_1", ["features.1", "features.4", "features.7", "features"]),
        ("mobilenet_v3_small", ["features.0", "features.1", "features.3", "features.8", "features"]),
    ],
)
def test_the_blocks_are_the_outermost_layers_of_each_size(name, blocks):
    model = built(name)
    images = torch.rand(1, 3, *SIZE)
    layers = map_layers(model, images)
    assert list(layers) == blocks
    assert evidence_layer(model, images) is layers[blocks[-1]]
    maps = feature_maps(model, PIXELS)
    assert [one.name for one in maps] == blocks
    sizes = [one.maps.shape[1:] for one in maps]
    assert sizes == sorted(set(sizes), reverse=True)
    evidence = grad_cam(model, PIXELS, 1)
    assert evidence.shape == sizes[-1]
    assert 0 <= evidence.min() <= evidence.max() <= 1
    assert first_filters(model).shape[3] == 3
    assert not any(module._forward_hooks for module in model.modules())


@pytest.fixture
def transformer():
    """A vision transformer as torchvision's are, small."""
    from torchvision.models.vision_transformer import VisionTransformer

    from engine.models.foreign import ForeignNetwork, ImageInput

    network = VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=16, num_classes=3
    )
    return ForeignNetwork(network, ImageInput(size=(32, 32)), 3, shown="a_vit", mirror_average=False).eval()


def test_a_vision_transformer_has_filters_and_says_why_it_has_no_evidence(transformer):
    with pytest.raises(InputError, match="no Grad-CAM for a_vit: it works on patches"):
        grad_cam(transformer, PIXELS, 0)
    assert [one.name for one in feature_maps(transformer, PIXELS)] == ["conv_proj"]
    assert first_filters(transformer).shape == (16, 8, 8, 3)


def test_a_network_without_maps_says_so():
    from torch import nn

    from engine.models.foreign import ForeignNetwork, ImageInput

    network = nn.Sequential(nn.Flatten(), nn.Linear(SIZE[0] * SIZE[1] * 3, 3))
    model = ForeignNetwork(network, ImageInput(), 3, shown="flat", mirror_average=False).eval()
    assert feature_maps(model, PIXELS) == ()
    with pytest.raises(InputError, match="no Grad-CAM for flat"):
        grad_cam(model, PIXELS, 0)
    with pytest.raises(InputError, match="no filters of flat to show"):
        first_filters(model)
