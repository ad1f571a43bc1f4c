"""How a recipe names its network and the weights that it starts from; nothing is built or read here."""

import re
from dataclasses import dataclass
from typing import Literal

from engine.errors import InputError

Source = Literal["ours", "torchvision", "timm", "file"]

OURS = ("two-block", "residual")

OURS_ALONE = ("channels", "kernel_size", "dropout", "dropout_place")
"""Numbers of the recipe that only our networks are built from; others have their own."""

NO_WEIGHTS, DEFAULT_WEIGHTS = "none", "default"
WEIGHTS_ENDS = (".safetensors", ".pth", ".pt")

_TIMM = "timm:"
_MODEL = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TIMM_MODEL = re.compile(r"[A-Za-z0-9_.\-/:]+", re.ASCII)
_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>[^\W\d]\w*)", re.DOTALL)


@dataclass(frozen=True)
class NetworkName:
    """A network's name in its parts.

    Attributes:
        source: who builds it.
        name: of the model, or of the function in `file`.
        file: path of the user's own file; "" where there is none.
    """

    source: Source
    name: str
    file: str = ""


def parse_network(text: str) -> NetworkName:
    """The parts of a network's name: "two-block", "residual", "resnet18", "timm:NAME" or "FILE.py:FUNCTION".

    Whether there is such a model shows when a study is opened.

    Raises:
        InputError: it is none of these.
    """
    if text in OURS:
        return NetworkName("ours", text)
    if match := _FILE.fullmatch(text):
        return NetworkName("file", match["function"], match["file"])
    if text.startswith(_TIMM) and _TIMM_MODEL.fullmatch(text.removeprefix(_TIMM)):
        return NetworkName("timm", text.removeprefix(_TIMM))
    if _MODEL.fullmatch(text):
        return NetworkName("torchvision", text)
    raise InputError(
        f"--network {text}: give {' or '.join(OURS)}, a torchvision model as resnet18, timm:NAME, or FILE.py:FUNCTION"
    )


def is_ours(network: str) -> bool:
    """Whether it is a network of this program, whose blocks the recipe describes."""
    return network in OURS


def require_weights(network: str, weights: str) -> None:
    """Refuse a name of start weights that no network, or not this one, can have.

    Raises:
        InputError: the message says what can be given.
    """
    if weights not in (NO_WEIGHTS, DEFAULT_WEIGHTS) and not weights.endswith(WEIGHTS_ENDS):
        ends = ", ".join(WEIGHTS_ENDS)
        raise InputError(f"--weights {weights}: give {NO_WEIGHTS}, {DEFAULT_WEIGHTS} or a file that ends in {ends}")
    if weights == DEFAULT_WEIGHTS and is_ours(network):
        raise InputError(f"--weights {weights}: there are none for {network}; give {NO_WEIGHTS} or a file")
