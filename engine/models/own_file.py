"""A network of the user's own: a function `build(classes, image_size)` in a Python file that they named."""

from collections.abc import Callable
from typing import Any

from torch import nn

from engine.errors import InputError
from engine.models.foreign import COLOURS, ImageInput
from engine.system.named_code import NamedCode
from engine.system.own_code import line_of, words_of_error


def load_function(code: NamedCode) -> Callable[..., Any]:
    """Run the file, as it was when it was named, and return its function.

    Raises:
        InputError: it is no Python, raises, or has no such function.
    """
    module = code.file.load(code.shown)
    function: Callable[..., Any] | None = getattr(module, code.function, None)
    if not callable(function):
        defined = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        has = ", ".join(name for name in defined if name != "print") or "none"  # `print` is what the loader put there
        raise InputError(f"{code.shown} {code.file.path} has no function {code.function}: it has {has}")
    return function


def build(code: NamedCode, n_classes: int, image_size: tuple[int, int]) -> tuple[nn.Module, ImageInput]:
    """What the function builds, and what it wants its images to be: its attributes `mean` and `std`, if any.

    Raises:
        InputError: it raises, gives no module, or has a mean or deviation that is none.
    """
    function = load_function(code)
    try:
        network = function(n_classes, image_size)
    except (Exception, SystemExit) as error:
        path = str(code.file.path)
        raise InputError(f"{code.shown} {path}{line_of(error, path)}: {words_of_error(error)}") from error
    if not isinstance(network, nn.Module):
        raise InputError(f"{code.shown} {code.function} gives {type(network).__name__}, not a torch.nn.Module")
    mean, deviation = (_colours(code, network, name) for name in ("mean", "std"))
    return network, ImageInput(mean or ImageInput.mean, deviation or ImageInput.deviation)


def _colours(code: NamedCode, network: nn.Module, name: str) -> tuple[float, ...] | None:
    """One number a colour; None where the network says nothing."""
    given = getattr(network, name, None)
    if given is None:
        return None
    try:
        values = tuple(float(value) for value in given)
    except (TypeError, ValueError):
        values = ()
    if len(values) != COLOURS or (name == "std" and min(values) <= 0):
        raise InputError(f"{code.shown} its {name} must be {COLOURS} numbers, as (0.5, 0.5, 0.5)")
    return values
