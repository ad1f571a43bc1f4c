"""A network of the user's own: a function `build(classes, image_size)` in a Python file that they named."""

import linecache
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from torch import nn

from engine.errors import InputError, describe_error
from engine.models.foreign import COLOURS, ImageInput
from engine.system.named_code import NamedCode

_DIGITS = 12


def _place(code: NamedCode, error: BaseException) -> str:
    """The last line of the file that an error came through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(code.path)]
    return f", line {lines[-1]}" if lines else ""


def load_function(code: NamedCode) -> Callable[..., Any]:
    """Run the file, as it was when it was named, and return its function.

    Raises:
        InputError: it is no Python, raises, or has no such function.
    """
    path, module = code.path, ModuleType(f"simpsons_tui_network_{code.sha256[:_DIGITS]}")
    module.__file__ = str(path)
    text = code.source.decode("utf-8", errors="replace")
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(code.source, str(path), "exec"), module.__dict__)
    except SyntaxError as error:
        raise InputError(f"--network {code.shown}: {path}, line {error.lineno}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise InputError(f"--network {code.shown}: {path}{_place(code, error)}: {_words(error)}") from error
    function: Callable[..., Any] | None = getattr(module, code.function, None)
    if not callable(function):
        has = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise InputError(
            f"--network {code.shown}: {path} has no function {code.function}: it has {', '.join(has) or 'none'}"
        )
    return function


def _words(error: BaseException) -> str:
    return describe_error(error) if isinstance(error, Exception) else f"{type(error).__name__}: {error}"


def build(code: NamedCode, n_classes: int, image_size: tuple[int, int]) -> tuple[nn.Module, ImageInput]:
    """What the function builds, and what it wants its images to be: its attributes `mean` and `std`, if any.

    Raises:
        InputError: it raises, gives no module, or has a mean or deviation that is none.
    """
    function = load_function(code)
    try:
        network = function(n_classes, image_size)
    except (Exception, SystemExit) as error:
        raise InputError(f"--network {code.shown}: {code.path}{_place(code, error)}: {_words(error)}") from error
    if not isinstance(network, nn.Module):
        raise InputError(
            f"--network {code.shown}: {code.function} gives {type(network).__name__}, not a torch.nn.Module"
        )
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
        raise InputError(f"--network {code.shown}: its {name} must be {COLOURS} numbers, as (0.5, 0.5, 0.5)")
    return values
