"""Models of timm; where it is not installed, a package of the test's own that looks like it."""

import sys
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
import safetensors.torch
import torch
from torch import nn

from engine.config.recipes import RECIPES
from engine.errors import DownloadError, InputError, WeightsError
from engine.models import build_model, open_network, start_model

CLASSES = 3
RECIPE = replace(RECIPES["quick"], image_size=(16, 20), network="timm:tiny_net")


@dataclass
class Config:
    hf_hub_id: str = "timm/tiny_net.in1k"
    url: str = ""
    tag: str = "in1k"


class TinyNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2)
        self.fc = nn.Linear(4, num_classes)
        self.pretrained_cfg = {
            "mean": (0.4, 0.5, 0.6), "std": (0.1, 0.2, 0.3), "input_size": (3, 32, 32), "fixed_input_size": True,
        }  # fmt: skip

    def forward(self, images):
        return self.fc(self.conv(images).mean((2, 3)))


@pytest.fixture
def package(monkeypatch, tmp_path):
    """Has one model, whose weights are on its hub unless `error` is raised there."""
    found = ModuleType("timm")
    found.__spec__ = ModuleSpec("timm", None)
    found.__version__ = "0"
    found.list_models = lambda: ["tiny_net", "other_net"]
    found.get_pretrained_cfg = lambda name: Config()
    hub = ModuleType("huggingface_hub")
    file = tmp_path / "model.safetensors"
    torch.manual_seed(1)
    there = TinyNet(1000)
    safetensors.torch.save_file(there.state_dict(), file)

    def create_model(name, pretrained, num_classes, pretrained_cfg_overlay=None):
        network = TinyNet(num_classes)
        if pretrained:
            tensors = safetensors.torch.load_file(pretrained_cfg_overlay["file"])
            network.conv.load_state_dict({key: tensors[f"conv.{key}"] for key in ("weight", "bias")})
        return network

    def hf_hub_download(repository, filename, etag_timeout, local_files_only):
        assert (repository, filename) == ("timm/tiny_net.in1k", "model.safetensors")
        if hub.error is not None:
            raise hub.error
        return str(file)

    found.create_model, found.there, hub.hf_hub_download, hub.error = create_model, there, hf_hub_download, None
    found.hub = hub
    monkeypatch.setitem(sys.modules, "timm", found)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    return found


def opened(*, offline=False):
    return open_network(replace(RECIPE, weights="default"), CLASSES, RECIPE.image_size, offline=offline)


def test_without_the_package_the_command_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"--network timm:NAME: timm is not installed: pip install timm"):
        build_model(RECIPE, CLASSES, RECIPE.image_size)


def test_a_model_is_built_and_gets_the_images_that_it_wants(package):
    model = build_model(RECIPE, CLASSES, RECIPE.image_size).eval()
    assert model.wants.mean == (0.4, 0.5, 0.6)
    assert model.wants.resized(16, 20) == (32, 32)
    assert model(torch.rand(2, 3, 16, 20)).shape == (2, CLASSES)


def test_an_unknown_model_is_answered_with_the_nearest(package):
    with pytest.raises(InputError, match=r"timm 0 has no such model: did you mean tiny_net\?"):
        build_model(replace(RECIPE, network="timm:tinynet"), CLASSES, RECIPE.image_size)


def test_its_weights_come_from_its_hub_and_are_begun_from(package):
    info = opened()
    assert info.weights == "timm tiny_net.in1k"
    assert len(info.weights_sha256) == 64
    model, _ = start_model(replace(RECIPE, weights="default"), CLASSES, RECIPE.image_size)
    assert torch.equal(model.network.conv.weight, package.there.conv.weight)
    assert model.network.fc.weight.shape == (CLASSES, 4)


@pytest.mark.parametrize(
    ("offline", "error", "words"),
    [
        (
            True,
            WeightsError,
            r"--offline: .* fetch model\.safetensors of https://.* elsewhere and give it with --weights",
        ),
        (False, DownloadError, r"could not be fetched from https://\S+ .OSError: no route.: try again, or give"),
    ],
)
def test_a_hub_that_cannot_be_reached_is_one_line(package, offline, error, words):
    package.hub.error = OSError("no route")
    with pytest.raises(error, match=words) as caught:
        opened(offline=offline)
    assert "\n" not in str(caught.value)


def test_the_real_package_builds_a_model():
    timm = pytest.importorskip("timm")
    assert timm.__version__
    recipe = replace(RECIPE, network="timm:mobilenetv3_small_050", image_size=(32, 40))
    model = build_model(recipe, CLASSES, recipe.image_size).eval()
    assert model.head == "network.classifier"
    assert model(torch.rand(2, 3, 32, 40)).shape == (2, CLASSES)
