"""The fake engine takes what the real one takes, and has all that the dashboard may ask for."""

import ast
import inspect

import pytest

import engine
from tests.tui.fake_engine import NAMES, FakeEngine, check_signature
from tests.tui.fake_images import FakeImages
from tui.session import engine as seam


@pytest.mark.parametrize("name", sorted(NAMES))
def test_it_takes_what_the_real_function_takes(name):
    check_signature(name, vars(FakeEngine)[name])


def test_it_has_every_function_of_the_seam():
    tree = ast.parse(inspect.getsource(seam))
    asked = {
        node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert asked - {"REAL_ENGINE"} == NAMES


def test_what_a_test_puts_in_its_place_is_checked_too():
    with pytest.raises(AssertionError, match="load_config is not what the engine has"):
        FakeEngine().load_config = lambda where: None
    with pytest.raises(AssertionError, match="warm_up"):
        type("Wrong", (FakeEngine,), {"warm_up": lambda self, seconds: None})


@pytest.mark.parametrize("name", ["image", "pixels", "preview", "through"])
def test_the_fake_images_take_what_a_gallery_takes(name):
    own, real = (list(inspect.signature(getattr(owner, name)).parameters) for owner in (FakeImages, engine.Gallery))
    assert own == real
