"""torchvision's models behind one face; most without memory for their weights."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision.models import regnet

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.models import ForeignNetwork, build_model, open_network, require_network
from engine.models.foreign import ImageInput, find_head
from engine.models.torchvision import build, model_names

QUICK = replace(RECIPES["quick"], image_size=(48, 64))
CLASSES = 3


def shapes(network):
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


@pytest.fixture
def _regnet_reckons(monkeypatch):
    """RegNets find their widths by tensors, which need their numbers."""
    reckon = regnet.BlockParams.from_init_params

    def on_cpu(*arguments, **options):
        with torch.device("cpu"):
            return reckon(*arguments, **options)

    monkeypatch.setattr(regnet.BlockParams, "from_init_params", on_cpu)


@pytest.fixture
def _nothing_drawn(monkeypatch):
    """Tensors without memory take no numbers, and drawing them is most of what building such a model costs."""
    for name in (name for name in vars(nn.init) if name.endswith("_") and not name.startswith("_")):
        monkeypatch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)


@pytest.mark.usefixtures("_regnet_reckons", "_nothing_drawn")
@pytest.mark.parametrize("name", model_names())
def test_the_last_layer_of_every_model_has_the_classes_and_is_found(name):
    """What differs between a network for 3 classes and one for 4 is its last layer."""
    with torch.device("meta"):
        (three, wants), (four, _) = (build(name, n_classes, pretrained=True) for n_classes in (3, 4))
    one, other = shapes(three), shapes(four)
    assert one.keys() == other.keys()
    differing = {key.rpartition(".")[0] for key in one if one[key] != other[key]}
    assert differing == {find_head(three, 3)}
    assert len(wants.mean) == len(wants.deviation) == 3
    assert min(wants.deviation) > 0


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small"])
def test_a_model_gives_logits_of_images_of_any_size(name):
    model = build_model(replace(QUICK, network=name), CLASSES, QUICK.image_size).eval()
    with torch.inference_mode():
        for size in ((48, 64), (64, 80)):
            assert model(torch.rand(2, 3, *size)).shape == (2, CLASSES)


def test_mean_and_deviation_are_taken_off_and_are_no_weights():
    model = build_model(replace(QUICK, network="squeezenet1_1"), CLASSES, QUICK.image_size).eval()
    assert isinstance(model, ForeignNetwork)
    assert model.wants.mean == pytest.approx((0.485, 0.456, 0.406))
    images = torch.rand(2, 3, 48, 64)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (model.wants.mean, model.wants.deviation))
    with torch.inference_mode():
        assert torch.equal(model(images), model.network((images - mean) / deviation))
    assert all(name.startswith("network.") for name in model.state_dict())


@pytest.mark.parametrize(
    ("wants", "size"),
    [
        (ImageInput(), (48, 64)),
        (ImageInput(size=(224, 224)), (224, 224)),
        (ImageInput(least=32), (48, 64)),
        (ImageInput(least=96), (96, 128)),
    ],
)
def test_images_are_resized_inside_where_a_network_takes_no_others(wants, size):
    assert wants.resized(48, 64) == size


def test_a_batch_of_one_image_trains_although_batch_norm_needs_two():
    recipe = replace(QUICK, network="mobilenet_v3_small", image_size=(32, 32))
    model = build_model(recipe, CLASSES, recipe.image_size).train()
    assert model(torch.rand(1, 3, 32, 32)).shape == (1, CLASSES)


def test_what_is_opened_says_what_it_is_and_what_happens_to_its_images():
    info = open_network(replace(QUICK, network="squeezenet1_1"), CLASSES, (16, 20), offline=True)
    assert (info.name, info.weights, info.weights_sha256, info.source_sha256) == (
        "squeezenet1_1", "none: at random", "", "",
    )  # fmt: skip
    assert info.parameters > 700_000
    assert info.notes == ("images are resized inside the network, to 17x21 (bilinear)",)


@pytest.mark.parametrize(("name", "nearest"), [("resnet19", "resnet18"), ("two_block", "two-block"), ("qqqq", "")])
def test_an_unknown_name_is_refused_with_the_nearest(name, nearest):
    hint = f"did you mean .*{nearest}" if nearest else "two-block, residual or a classification model"
    with pytest.raises(InputError, match=f"--network {name}: {hint}"):
        build_model(replace(QUICK, network=name), CLASSES, QUICK.image_size)


@pytest.mark.parametrize("changed", [{"dropout": 0.3}, {"dropout_place": "logits"}, {"channels": (8, 16)}])
def test_numbers_that_only_our_networks_take_are_refused(changed):
    with pytest.raises(InputError, match=r"squeezenet1_1 has its own; only two-block and residual take it"):
        require_network(replace(RECIPES["finetune"], network="squeezenet1_1", **changed))


@pytest.mark.parametrize("name", ["paper", "quick"])
@pytest.mark.parametrize("place", ["logits", "features"])
def test_a_run_whose_recipe_was_called_so_before_the_readings_changed_names_opens(name, place):
    require_network(replace(RECIPES[name], network="squeezenet1_1", dropout_place=place))
