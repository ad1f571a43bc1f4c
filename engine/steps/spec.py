"""What a pre-processing step is: a function on one image, its parameters, and what is known about it.

A step is declared by the decorator `step`, here and in a user's own file alike. Nothing here imports NumPy: a step's
function imports its library when it is first called, so that listing steps costs nothing.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels: TypeAlias = npt.NDArray[np.uint8]

Value: TypeAlias = float | int | str
"""What a parameter can be set to."""

Place = Literal["any", "first", "last"]
"""Where a step may stand: "first" works on the original before the resize, "last" changes the size of the result."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a step. The type of `default` is its type: whole number, number or text.

    Attributes:
        low, high: the least and the largest number allowed; None for no bound.
        choices: the texts allowed, where it is a text.
        meaning: one sentence, without a full stop.
    """

    name: str
    default: Value
    low: float | None = None
    high: float | None = None
    meaning: str = ""
    choices: tuple[str, ...] = ()

    @property
    def trial_values(self) -> tuple[Value, ...]:
        """The values that are worth a trial, each once: each choice, or the default and the bounds there are."""
        if isinstance(self.default, str):
            return self.choices or (self.default,)
        whole = isinstance(self.default, int)
        low = () if self.low is None else (math.ceil(self.low) if whole else float(self.low),)
        high = () if self.high is None else (math.floor(self.high) if whole else float(self.high),)
        return tuple(dict.fromkeys((*low, self.default, *high)))

    def __post_init__(self) -> None:
        if isinstance(self.choices, list):
            object.__setattr__(self, "choices", tuple(self.choices))


@dataclass(frozen=True)
class StepSpec:
    """A pre-processing step that variants can name.

    Attributes:
        name: the word that stands for it in a variant's name.
        summary: what it does to an image, as a past participle ("denoised by total variation (Chambolle)").
        function: takes (H, W, 3) uint8 RGB pixels, then the box where `uses_box`, then the parameters by keyword, and
            returns such pixels without changing its input; None where the engine has its own way (super-resolution).
        parameters: in the order in which they are shown.
        place: where it may stand among the other steps.
        uses_box: whether it needs the box of the image; an image without a box goes past it.
        libraries: distributions whose version the result depends on.
        seconds_per_megapixel: what it takes on a two-core server CPU, roughly.
        source: SHA-256 of the file that declares it, for a user's own step; "" for those that ship.
        origin: what `--steps` named it by: that file, or an installed package's entry point.
    """

    name: str
    summary: str
    function: "Callable[..., Pixels] | None" = None
    parameters: tuple[Parameter, ...] = ()
    place: Place = "any"
    uses_box: bool = False
    libraries: tuple[str, ...] = ()
    seconds_per_megapixel: float = 0.1
    source: str = ""
    origin: str = ""


def step(
    summary: str,
    *parameters: Parameter,
    name: str = "",
    libraries: Sequence[str] = (),
    seconds_per_megapixel: float = 0.1,
    **more: Any,
) -> "Callable[[Callable[..., Pixels]], StepSpec]":
    """Declare the decorated function as a step; its name is the function's, with "-" for "_", unless given.

    Raises:
        TypeError: it is written without its summary.
    """
    if not isinstance(summary, str):
        raise TypeError('write @step("what it does to an image", ...) above the function')

    def declare(function: "Callable[..., Pixels]") -> StepSpec:
        return StepSpec(
            name or function.__name__.strip("_").replace("_", "-"),
            summary,
            function,
            parameters,
            libraries=(libraries,) if isinstance(libraries, str) else tuple(libraries),
            seconds_per_megapixel=seconds_per_megapixel,
            **more,
        )

    return declare
