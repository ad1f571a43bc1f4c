from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import WeightsError
from engine.training import load_weights, save_weights
from engine.training.trainer import fresh_model


@pytest.fixture
def models(recipe):
    return [fresh_model(recipe, 3, recipe.image_size, seed=seed, fold=0) for seed in (1, 2)]


def test_weights_survive_the_trip(models, tmp_path):
    saved, other = models
    saved = saved.to(memory_format=torch.channels_last)
    saved.blocks.block1.norm.running_mean += 3
    save_weights(saved, tmp_path / "model.safetensors")
    load_weights(other, tmp_path / "model.safetensors")
    for name, tensor in saved.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert load_file(tmp_path / "model.safetensors").keys() == saved.state_dict().keys()


@pytest.mark.parametrize("content", [b"", b"not a weights file", b"\xff" * 100])
def test_garbage_is_refused(models, tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"model\.safetensors: not a weights file"):
        load_weights(models[0], path)


def test_a_cut_off_file_is_refused(models, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(models[0], path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(WeightsError):
        load_weights(models[0], path)


def test_a_bit_that_was_turned_round_is_noticed(models, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(models[0], path)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not those that were written"):
        load_weights(models[1], path)


def test_weights_of_an_earlier_version_have_no_digest_and_are_read(models, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in models[0].state_dict().items()}, path)
    load_weights(models[1], path)
    assert torch.equal(*(next(model.parameters()) for model in models))


def test_a_missing_file_is_named(models, tmp_path):
    with pytest.raises(WeightsError, match=r"none\.safetensors: cannot be read"):
        load_weights(models[0], tmp_path / "none.safetensors")


def test_weights_of_another_network_are_refused(models, recipe, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(fresh_model(replace(recipe, channels=(4, 8)), 3, recipe.image_size, seed=1, fold=0), path)
    with pytest.raises(WeightsError, match="another network or image size"):
        load_weights(models[0], path)
