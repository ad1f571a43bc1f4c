"""Start weights: fetched from a server of the test's own, and taken over name by name."""

import hashlib
import http.server
import threading
from dataclasses import replace

import pytest
import safetensors.torch
import torch

from engine.config.recipes import RECIPES
from engine.errors import DownloadError, WeightsError
from engine.models import build_model, open_network, start_model, torchvision
from engine.models.pretrained import Pretrained, read_weights
from engine.training import save_weights

CLASSES = 3
RECIPE = replace(RECIPES["quick"], image_size=(32, 40), network="squeezenet1_1")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """The default weights of the recipe's network, on a server; `body` is what it sends."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    torch.manual_seed(3)
    network, _ = torchvision.build("squeezenet1_1", 1000, pretrained=True)
    file = tmp_path / "weights.pth"
    torch.save(network.state_dict(), file)

    class Handler(http.server.BaseHTTPRequestHandler):
        body, status, asked = file.read_bytes(), 200, 0

        def do_GET(self):
            Handler.asked += 1
            self.send_response(self.status)
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        digest = hashlib.sha256(Handler.body).hexdigest()
        url = f"http://127.0.0.1:{server.server_port}/squeezenet-{digest[:8]}.pth"
        kept = tmp_path / "hub" / "hub" / "checkpoints" / url.rsplit("/", 1)[-1]
        found = Pretrained("torchvision squeezenet", kept, url, digest[:8])
        monkeypatch.setattr(torchvision, "pretrained", lambda name: found)
        Handler.pretrained, Handler.digest, Handler.tensors = found, digest, network.state_dict()
        yield Handler
        server.shutdown()


def opened(**changes):
    told = []
    recipe = replace(RECIPE, **{"weights": "default", **changes})
    info = open_network(recipe, CLASSES, recipe.image_size, offline=False, tell=told.append)
    return info, told


def test_the_makers_weights_are_fetched_once_checked_and_begun_from(served):
    info, told = opened()
    assert (info.weights, info.weights_sha256) == ("torchvision squeezenet", served.digest)
    assert info.weights_file == str(served.pretrained.path)
    assert told == [f"fetching torchvision squeezenet from {served.pretrained.url}"]
    assert info.notes == ("the last layer (classifier.1) begins at random: the weights have other classes",)
    opened()
    assert served.asked == 1
    model, _ = start_model(replace(RECIPE, weights="default"), CLASSES, RECIPE.image_size)
    own = model.network.state_dict()
    same = [name for name in own if torch.equal(own[name], served.tensors[name])]
    assert set(own) - set(same) == {"classifier.1.weight", "classifier.1.bias"}


def test_the_names_of_the_real_files_hold_the_beginning_of_their_digest():
    assert torchvision.pretrained("resnet18").sha256 == "f37072fd"
    assert torchvision.pretrained("resnet18").path.name == "resnet18-f37072fd.pth"


def test_offline_says_which_file_goes_where(served):
    recipe = replace(RECIPE, weights="default")
    with pytest.raises(WeightsError, match=r"--offline: .*not on this machine: fetch http://\S+ elsewhere, and put"):
        open_network(recipe, CLASSES, recipe.image_size, offline=True)
    assert served.asked == 0


@pytest.mark.parametrize(
    ("status", "body", "words"), [(404, b"", "the server answered 404"), (200, b"<html>", "another SHA-256")]
)
def test_a_failure_says_why_and_what_to_do_and_leaves_nothing(served, status, body, words):
    served.status, served.body = status, body
    with pytest.raises(DownloadError, match=f"could not be fetched from .*{words}.*: try again, put the file at"):
        opened()
    assert not list(served.pretrained.path.parent.iterdir())


def test_a_file_that_is_something_else_is_not_begun_from(served):
    served.pretrained.path.parent.mkdir(parents=True)
    served.pretrained.path.write_bytes(b"not these")
    with pytest.raises(WeightsError, match=r"not torchvision squeezenet .its SHA-256 begins with"):
        opened()


def saved(tmp_path, n_classes, name="own.safetensors"):
    path = tmp_path / name
    model = build_model(RECIPE, n_classes, RECIPE.image_size)
    save_weights(model, path)
    return path, model


def test_a_runs_own_weights_are_begun_from_with_the_last_layer_where_it_fits(tmp_path):
    path, before = saved(tmp_path, CLASSES)
    model, note = start_model(replace(RECIPE, weights=str(path)), CLASSES, RECIPE.image_size)
    assert note == ""
    assert all(
        torch.equal(one, other)
        for one, other in zip(model.state_dict().values(), before.state_dict().values(), strict=True)
    )
    _, note = start_model(replace(RECIPE, weights=str(path)), CLASSES + 2, RECIPE.image_size)
    assert note == "the last layer (classifier.1) begins at random: the weights have other classes"


def test_ours_begin_from_a_file_too(tmp_path):
    recipe = replace(RECIPES["quick"], image_size=(16, 20))
    path = tmp_path / "ours.safetensors"
    before = build_model(recipe, 5, recipe.image_size)
    save_weights(before, path)
    model, note = start_model(replace(recipe, weights=str(path)), CLASSES, recipe.image_size)
    assert torch.equal(model.blocks[0].convolution.weight, before.blocks[0].convolution.weight)
    assert note == "the last layer (linear) begins at random: the weights have other classes"


def test_names_as_data_parallel_training_writes_them_are_read(tmp_path):
    path = tmp_path / "wrapped.pth"
    torch.save({"epoch": 3, "state_dict": {"module.weight": torch.ones(2)}}, path)
    assert list(read_weights(path)) == ["weight"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("features.0.bias"), r"features\.0\.bias is missing"),
        (lambda tensors: tensors.update({"features.0.bias": torch.ones(2)}), r"features\.0\.bias has the shape \(2,\)"),
        (lambda tensors: tensors.update(extra=torch.ones(1)), "it also holds extra"),
    ],
)
def test_weights_of_another_network_are_refused_with_the_first_that_differs(tmp_path, change, words):
    tensors = build_model(RECIPE, CLASSES, RECIPE.image_size).network.state_dict()
    change(tensors)
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file(tensors, path)
    with pytest.raises(WeightsError, match=f"weights of another network: {words}"):
        start_model(replace(RECIPE, weights=str(path)), CLASSES, RECIPE.image_size)


class Runs:
    """What a pickle could run."""

    def __reduce__(self):
        return print, ("ran",)


@pytest.mark.parametrize("content", [Runs(), [1, 2], {"a": "text"}])
def test_no_code_in_a_file_is_run(tmp_path, capsys, content):
    path = tmp_path / "evil.pth"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=r"no \.pth file of tensors alone|holds no table of tensors"):
        read_weights(path)
    assert capsys.readouterr().out == ""
