from dataclasses import replace

import pytest

from engine.config.networks import NetworkName, parse_network
from engine.config.recipes import RECIPES
from engine.errors import InputError

QUICK = RECIPES["quick"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("two-block", NetworkName("ours", "two-block")),
        ("resnet18", NetworkName("torchvision", "resnet18")),
        ("timm:tf_efficientnet_lite0.in1k", NetworkName("timm", "tf_efficientnet_lite0.in1k")),
        ("my_net.py:build", NetworkName("file", "build", "my_net.py")),
        ("a folder/C:/net.py:make_it", NetworkName("file", "make_it", "a folder/C:/net.py")),
    ],
)
def test_a_name_has_parts(text, parts):
    assert parse_network(text) == parts
    assert replace(QUICK, network=text).network == text


@pytest.mark.parametrize("text", ["", "Res Net", "timm:", "my_net.py", "my_net.py:", "my_net.py:2x", "net.txt:build"])
def test_what_is_no_name_is_refused_with_what_can_be_given(text):
    with pytest.raises(InputError, match=r"--network .*give two-block or residual, a torchvision model .*FILE\.py"):
        replace(QUICK, network=text)


def test_start_weights_are_a_word_or_a_file():
    for weights in ("none", "default", "w.safetensors", "/a/w.pth"):
        assert replace(QUICK, network="resnet18", weights=weights).weights == weights
    with pytest.raises(InputError, match=r"--weights w\.bin: give none, default or a file that ends in"):
        replace(QUICK, network="resnet18", weights="w.bin")
    with pytest.raises(InputError, match="--weights default: there are none for residual"):
        replace(QUICK, network="residual", weights="default")


def test_the_image_size_that_our_blocks_need_is_not_asked_of_other_networks():
    deep = replace(QUICK, channels=(4, 4, 4, 4, 4))
    with pytest.raises(InputError, match="too small: at least 32x32"):
        replace(deep, image_size=(16, 16))
    assert replace(deep, network="resnet18", image_size=(16, 16)).least_side == 8


def test_finetune_begins_from_weights_and_with_the_last_layer():
    recipe = RECIPES["finetune"]
    assert parse_network(recipe.network).source == "torchvision"
    assert (recipe.weights, recipe.schedule) == ("default", "one-cycle")
    assert 0 < recipe.head_share < 0.5
    assert recipe.learning_rate < recipe.head_learning_rate
