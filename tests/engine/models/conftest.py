"""Networks of the user's own, in files of the test's own."""

import pytest

from engine.system import named_code
from engine.system.named_code import name_network

TINY = """
from torch import nn


def build(classes, image_size):
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(4, classes),
    )
    network.mean, network.std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    return network
"""


@pytest.fixture(autouse=True)
def _nothing_named_yet(monkeypatch):
    monkeypatch.setattr(named_code, "_named", {})


@pytest.fixture
def own_network(tmp_path):
    """A function from the text of a file to the recipe's name of its `build`."""

    def name(text=TINY, file="my_net.py"):
        path = tmp_path / file
        path.write_text(text)
        return name_network(f"{path}:build")

    return name
