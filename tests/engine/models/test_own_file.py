"""A network of the user's own: run only where it is named, and every mistake in it is one line."""

from dataclasses import replace

import pytest
import torch

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.models import adopt_network, build_model, open_network, require_network
from engine.system.named_code import name_network, named_network
from engine.system.own_code import printed
from tests.engine.models.conftest import TINY

QUICK = replace(RECIPES["quick"], image_size=(16, 20))
CLASSES = 3

BUILD = "from torch import nn\ndef build(classes, image_size):\n    "
NET = "nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 20, {}))"


def open_it(network, **changes):
    return open_network(replace(QUICK, network=network, **changes), CLASSES, QUICK.image_size, offline=True)


def test_it_is_built_for_the_classes_with_its_own_mean_and_deviation(own_network):
    network = own_network()
    model = build_model(replace(QUICK, network=network), CLASSES, QUICK.image_size).eval()
    assert model(torch.rand(2, 3, 16, 20)).shape == (2, CLASSES)
    assert (model.wants.mean, model.wants.deviation) == ((0.5,) * 3, (0.25,) * 3)
    info = open_it(network)
    assert info.name == "my_net.py:build"
    assert info.source_sha256 == named_network(network).file.sha256


def test_without_them_it_gets_pixels_from_0_to_1(own_network):
    info = open_it(own_network(BUILD + f"return {NET.format('classes')}"))
    assert (info.mean, info.deviation) == ((0.0,) * 3, (1.0,) * 3)


def test_answers_with_logits_in_them_are_taken(own_network):
    text = f"""
from torch import nn
from types import SimpleNamespace
class Wrapped(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.inner = {NET.format("classes")}
    def forward(self, images):
        return SimpleNamespace(logits=self.inner(images))
def build(classes, image_size):
    return Wrapped(classes)
"""
    assert open_it(own_network(text)).parameters == 3 * 16 * 20 * CLASSES + CLASSES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def build(:\n", r"my_net\.py, line 1: invalid syntax"),
        ("x = 1\n\nraise OSError('no disk')\n", r"my_net\.py, line 3: OSError: no disk"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
        ("def make(classes, image_size): ...\n", "has no function build: it has make"),
        ("build = 3\n", "has no function build: it has none"),
        ("def build():\n    pass\n", "TypeError: build.* takes 0 positional arguments but 2 were given"),
        ("def build(classes, image_size):\n    return classes[0]\n", "line 2: TypeError"),
        ("def build(classes, image_size):\n    return 'resnet'\n", r"build gives str, not a torch\.nn\.Module"),
        (BUILD + f"return {NET.format(10)}", r"gives torch\.float32 \(2, 10\), not logits of shape \(2, 3\)"),
        (BUILD + "return nn.Flatten()", r"not logits of shape \(2, 3\)"),
        (BUILD + "return nn.Linear(5, classes)", "fails on images of 16x20 .RuntimeError: mat1 and mat2"),
        (BUILD + f"net = {NET.format('classes')}\n    net.mean = 0.5\n    return net", "its mean must be 3 numbers"),
        (
            BUILD + f"net = {NET.format('classes')}\n    net.std = (1, 0, 1)\n    return net",
            "its std must be 3 numbers",
        ),
    ],
)
def test_a_mistake_in_it_is_one_line(own_network, text, words):
    with pytest.raises(InputError, match=words) as caught:
        open_it(own_network(text))
    message = str(caught.value)
    assert message.startswith("--network my_net.py:build: ")
    assert "\n" not in message


def test_the_line_of_its_forward_that_fails_is_named(own_network):
    text = """
from torch import nn
class Net(nn.Module):
    def forward(self, images):
        return images.no_such_thing
def build(classes, image_size):
    return Net()
"""
    with pytest.raises(InputError, match=r"fails on images of 16x20, line 5 \(AttributeError"):
        open_it(own_network(text))


def test_one_that_ends_in_a_softmax_is_told_of(own_network):
    net = f"nn.Sequential({NET.format('classes')}, nn.Softmax(dim=1))"
    assert "as after a softmax" in "".join(open_it(own_network(BUILD + f"return {net}")).notes)
    assert not open_it(own_network(BUILD + f"return {NET.format('classes')}")).notes


def test_the_layer_that_learns_first_is_told(own_network):
    text = BUILD + f"return {NET.format('classes')}"
    notes = open_it(own_network(text), head_share=0.2).notes
    assert notes == ("1 is its head, which learns first",)


def test_what_it_prints_is_kept_in_a_few_lines_however_often_it_is_built(own_network, capsys):
    network = own_network(
        "print('loading')\n" + TINY.replace("    network =", "    print('building')\n    network =", 1)
    )
    for _ in range(30):
        build_model(replace(QUICK, network=network), CLASSES, QUICK.image_size)
    lines = printed.drain()
    assert lines[:2] == ["loading", "building"]
    assert lines[-1] == "it prints more, which is not shown"
    assert len(lines) < 30
    assert capsys.readouterr().out == ""


def test_a_file_that_nobody_named_is_not_run(tmp_path):
    path = tmp_path / "evil.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n{TINY}")
    recipe = replace(QUICK, network=f"{path}:build")
    for use in (require_network, lambda recipe: build_model(recipe, CLASSES, QUICK.image_size)):
        with pytest.raises(
            InputError, match=r"evil\.py:build is code of your own, which is only run where you name it"
        ):
            use(recipe)
    assert not (tmp_path / "ran").exists()


def test_a_missing_file_is_refused_where_it_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nope\.py: cannot be read: No such file"):
        name_network(f"{tmp_path / 'nope.py'}:build")


def test_a_run_takes_the_same_source_from_another_place_and_no_other_source(own_network, tmp_path):
    before, sha256 = own_network(), named_network(own_network()).file.sha256
    recorded = f"{tmp_path / 'gone' / 'my_net.py'}:build"
    with pytest.raises(InputError, match="not the source that the run was trained with"):
        adopt_network(recorded, "0" * 64)
    adopt_network(recorded, sha256)
    assert named_network(recorded).file.path == named_network(before).file.path


def test_a_source_that_has_changed_since_is_not_the_runs(own_network):
    network = own_network()
    sha256 = named_network(network).file.sha256
    own_network(TINY + "# changed\n")
    with pytest.raises(InputError, match="not the source that the run was trained with"):
        adopt_network(network, sha256)
