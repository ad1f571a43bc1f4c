"""The user's own pre-processing steps: loading those that they named, and calling them.

A step of the user's own may do anything wrong. Whatever shows is said in one line with the step, its parameters and the
line of the file, and ends the variant; nothing of it reaches the cache.
"""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from types import MappingProxyType, ModuleType

import numpy as np
import numpy.typing as npt

from engine.config.grammar import StepCall, choose_from
from engine.errors import DatasetError, InputError, UnrepeatableError, require
from engine.steps import BUILT_IN
from engine.steps.registry import added_steps, register
from engine.steps.spec import StepSpec, Value
from engine.system.own_code import OwnFile, call, keep_prints_of, line_of, never, printed, words_of_error

Pixels = npt.NDArray[np.uint8]

GROUP = "simpsons_tui.steps"
"""The entry points by which an installed package offers steps: a StepSpec, several, or a module that holds some."""

OPTION = "--steps"

CHECK_EACH = 50
"""Of a variant's images the first and then each 50th are computed twice, to see whether the step repeats itself."""

TRIAL_SECONDS = 10.0
"""A trial for the estimate is given up then."""

_TYPICAL_CORES, _MEGAPIXEL = 2, 1_000_000
_HINT = "end with .round().clip(0, 255).astype(np.uint8)"
_NAN_HINT = 'NaN comes of it: where it is meant, compute it under np.errstate(invalid="ignore")'


# ---------------------------------------------------------------- naming them


def name_steps(name: str) -> tuple[StepSpec, ...]:
    """Run the file, or the installed package, that the user named, and register its steps for this process.

    Args:
        name: a file that ends in .py, or an entry point of the group `GROUP`: its name, or PACKAGE:NAME.

    Raises:
        InputError: it cannot be run, or holds no step that a variant could use; nothing is registered then.
    """
    if Path(name).suffix != ".py" and not Path(name).expanduser().exists():
        point = _find_entry_point(name)
        return _declared(f"{_package(point)}:{point.name}", _source_of(point), lambda: _load_entry_point(point))
    file = OwnFile.read(name, OPTION)
    return _declared(str(file.path), file, lambda: file.load(OPTION))


def _declared(origin: str, file: OwnFile, load: Callable[[], object]) -> tuple[StepSpec, ...]:
    known = tuple(spec for spec in added_steps() if spec.origin == origin)
    if known:  # named twice
        same = known[0].source == file.sha256
        require(same, f"{OPTION} {origin}: has changed since this program began: start it again")
        return known
    found = [_complete(spec, origin, file.sha256) for spec in _specs_in(load())]
    if not found:
        raise InputError(
            f"{OPTION} {origin}: holds no step: declare one with the decorator step, as 'simpsons-tui steps --template'"
        )
    try:
        register(found)
    except InputError as error:
        raise InputError(f"{OPTION} {origin}: {error}") from None
    return tuple(found)


def _specs_in(value: object) -> list[StepSpec]:
    """The steps that a module declares, or those that an entry point gives; those that ship are not the user's."""
    if isinstance(value, StepSpec):
        value = [value]
    values = list(vars(value).values()) if isinstance(value, ModuleType) else value
    if not isinstance(values, Sequence):
        return []
    specs = [one for one in values if isinstance(one, StepSpec) and not any(one is known for known in BUILT_IN)]
    return list({id(spec): spec for spec in specs}.values())


def _complete(spec: StepSpec, origin: str, sha256: str) -> StepSpec:
    for library in spec.libraries:
        try:
            version(library)
        except (PackageNotFoundError, ValueError):
            raise InputError(
                f"{OPTION} {origin}: step {spec.name!r}: its library {library!r} is not installed"
            ) from None
    return replace(
        spec, parameters=tuple(spec.parameters), libraries=tuple(spec.libraries), source=sha256, origin=origin
    )


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"


def _find_entry_point(name: str) -> EntryPoint:
    known = {f"{_package(point)}:{point.name}": point for point in entry_points(group=GROUP)}
    found = {full: point for full, point in known.items() if name in (full, point.name)}
    if len(found) > 1:
        raise InputError(f"{OPTION} {name}: several packages offer it: choose from {', '.join(found)}")
    if not found:
        offered = f"; of those that installed packages offer {choose_from(name, known)}" if known else ""
        raise InputError(f"{OPTION} {name}: there is no such file (name one that ends in .py){offered}")
    return next(iter(found.values()))


def _source_of(point: EntryPoint) -> OwnFile:
    """The file of an entry point's module."""
    module = _load_module(point)
    file = getattr(module, "__file__", None)
    require(bool(file) and str(file).endswith(".py"), f"{OPTION} {point.name}: its module has no source file")
    return OwnFile.read(str(file), OPTION)


def _load_module(point: EntryPoint) -> ModuleType:
    try:
        with contextlib.redirect_stdout(printed):
            __import__(point.module)
    except (Exception, SystemExit) as error:
        raise InputError(f"{OPTION} {point.name}: {point.module}: {words_of_error(error)}") from error
    return sys.modules[point.module]


def _load_entry_point(point: EntryPoint) -> object:
    keep_prints_of(_load_module(point))
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        raise InputError(f"{OPTION} {point.name}: {point.value}: {words_of_error(error)}") from error


# ---------------------------------------------------------------- calling them


def fault_of(result: object, shape: tuple[int, ...], *, resizes: bool) -> str:
    """What is wrong with a step's result for pixels of this shape; "" where it is an image as a step gives one.

    `resizes` says whether it may have another size.
    """
    if not isinstance(result, np.ndarray):
        return f"a {type(result).__name__}, not an array"
    if result.dtype != np.uint8:
        floats = np.issubdtype(result.dtype, np.floating)
        wild = floats and bool(result.size) and not bool(np.isfinite(result).all())
        return f"{result.dtype} values{', some of them NaN or infinite' if wild else ''}, not uint8"
    if not resizes and result.shape != shape:
        return f"pixels of shape {result.shape} for {shape}"
    if result.ndim != len(shape) or result.shape[2] != shape[2] or not result.size:
        return f"pixels of shape {result.shape}, not (H, W, 3)"
    return ""


@dataclass(frozen=True)
class _Raised:
    """What a step raised, apart from what is raised in who waits for it (Ctrl-C)."""

    error: BaseException


class OwnStepCall:
    """A step of the user's own with all its parameters, ready to be called from any thread.

    It is called in one thread of this process alone, on a copy, and what it gives is copied.
    """

    def __init__(
        self,
        spec: StepSpec,
        parameters: Mapping[str, Value],
        stopped: Callable[[], bool] = never,
        limit: float | None = None,
    ) -> None:
        """`stopped` says whether the user wants no more: a call that does not return is then left.

        It is also left, as one that failed, after `limit` seconds.
        """
        assert spec.function is not None
        self._spec, self._function, self._parameters = spec, spec.function, dict(parameters)
        self._stopped, self._limit = stopped, limit
        self._word = StepCall(spec.name, tuple(parameters.items())).word
        self._count = itertools.count()

    def __call__(self, pixels: Pixels, *box: object) -> Pixels:
        """The step's result for (H, W, 3) uint8 pixels, and their box where it takes one.

        Raises:
            DatasetError: it raised, changed its input, or did not return an image.
            UnrepeatableError: it gave other pixels when it was called again.
            StudyStopped: a stop was asked for while it did not return.
        """
        twice = next(self._count) % CHECK_EACH == 0
        result = self._once(pixels, box)
        if twice and not np.array_equal(result, self._once(pixels, box)):
            raise UnrepeatableError(
                f"the step {self._word} gave other pixels when it was called again: seed what is random in it, as with "
                "np.random.default_rng(0), and keep nothing from call to call"
            )
        return result

    def _once(self, pixels: Pixels, box: tuple[object, ...]) -> Pixels:
        given = np.array(pixels, order="C")

        def job() -> object:
            try:
                with np.errstate(invalid="raise", divide="ignore"):  # a cast to uint8 would make 0 of NaN
                    result = self._function(given, *box, **self._parameters)
                # Copied before the next call, which may write where this result lies.
                return np.array(result, order="C") if isinstance(result, np.ndarray) else result
            except BaseException as error:  # a user's function may raise anything, also to end the program
                return _Raised(error)

        try:
            result = call(job, self._stopped, self._limit)
        except TimeoutError as error:
            result = _Raised(error)
        if isinstance(result, _Raised):
            place = f" ({Path(self._spec.origin).name}{line_of(result.error, self._spec.origin)})"
            hint = f"; {_NAN_HINT}" if isinstance(result.error, FloatingPointError) else ""
            words = words_of_error(result.error) + hint
            raise DatasetError(f"the step {self._word} failed{place}: {words}") from result.error
        if not np.array_equal(given, pixels):
            raise DatasetError(f"the step {self._word} changed its input: work on a copy, as pixels.copy()")
        if fault := fault_of(result, pixels.shape, resizes=self._spec.place == "first"):
            hint = f": {_HINT}" if isinstance(result, np.ndarray) and result.dtype != np.uint8 else ""
            raise DatasetError(f"the step {self._word} returned {fault}{hint}")
        assert isinstance(result, np.ndarray)  # `fault_of` has seen to it
        return result


# ---------------------------------------------------------------- what they cost

_measured: dict[tuple[str, str], float] = {}
"""Seconds a megapixel on one core, by name and source."""


def seconds_per_megapixel(spec: StepSpec) -> float:
    """What a step takes on two cores: of the user's own, which run one at a time, what was measured here."""
    measured = _measured.get((spec.name, spec.source))
    if measured is None:
        return spec.seconds_per_megapixel
    return measured * (os.cpu_count() or 1) / _TYPICAL_CORES


def try_step(spec: StepSpec, size: tuple[int, int], given: Mapping[str, Value] = MappingProxyType({})) -> float:
    """The seconds that a step of the user's own takes for a drawn picture of (height, width).

    Its parameters are as they usually are but for those given.

    Raises:
        DatasetError: it does what no step may, or takes longer than `TRIAL_SECONDS`.
    """
    usual = {parameter.name: parameter.default for parameter in spec.parameters}
    run = OwnStepCall(spec, usual | dict(given), limit=TRIAL_SECONDS)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    picture = np.stack([rows, columns, rows * columns // 16], axis=2).astype(np.uint8)
    run(picture)  # also imports what it needs
    began = time.perf_counter()
    run(picture)
    return time.perf_counter() - began


def measure(specs: Sequence[StepSpec], size: tuple[int, int]) -> bool:
    """Time the user's own among these steps for the estimate, each once a process; those that use boxes cannot be.

    One that fails here counts with what it declares: its variant will say why.

    Returns:
        Whether there was one that was not timed before.
    """
    fresh = [spec for spec in specs if spec.source and not spec.uses_box and (spec.name, spec.source) not in _measured]
    for spec in fresh:
        _measured[spec.name, spec.source] = spec.seconds_per_megapixel
        with contextlib.suppress(DatasetError):
            _measured[spec.name, spec.source] = try_step(spec, size) * _MEGAPIXEL / (size[0] * size[1])
    return bool(fresh)
