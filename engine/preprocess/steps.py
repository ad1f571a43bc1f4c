"""The pre-processing steps ready to be applied: the engine's own (crops, resize, superres, shrink) and functions.

A new step is a function in `engine.steps`.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.config.grammar import StepCall
from engine.config.machine import MachineSettings
from engine.config.variants import PAPER_CROPPING, Variant, parameters_of
from engine.dataset import Box, ImageSample
from engine.errors import DatasetError, InputError, describe_error
from engine.preprocess.step import Identity, Pixels, Size, Step, StepContext, library_version, size_after
from engine.steps.registry import find_step
from engine.steps.spec import StepSpec, Value
from engine.system.own_step_code import OwnStepCall, fault_of

if TYPE_CHECKING:
    from engine.superres import SuperresModel

SUPERRES_SCALE = 2


class Crop(Step):
    """Crop to the character's box, in the original's pixels; an image without a box stays whole.

    `PaperCrop` cuts elsewhere; this is the region that was meant, at the better resolution.
    """

    name = "crop"
    uses_box = True

    def identity(self) -> Identity:
        """The box is part of an entry's key, not of the step."""
        return {"step": self.name}

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """The pixels inside the box; boxes lie inside the image.

        Raises:
            DatasetError: nothing of the image is inside the box.
        """
        if box is None:
            return pixels
        inside = pixels[box.top : box.bottom, box.left : box.right]
        if not inside.size:
            height, width = pixels.shape[:2]
            corners = f"{box.left},{box.top} to {box.right},{box.bottom}"
            raise DatasetError(f"its box, {corners}, holds nothing of its {width} x {height} pixels")
        return inside

    def applies_to(self, sample: ImageSample) -> bool:
        """Only where there is a box."""
        return sample.box is not None

    def result_size(self, size: Size | None) -> Size | None:
        """Boxes differ.

        Raises:
            InputError: the image has been resized already, so that the box no longer fits it.
        """
        if size is not None:
            raise InputError(f"the step {self.name!r} must come before 'resize': boxes are in the original's pixels")
        return None


class Resize(Step):
    """Resize to (height, width): torchvision's `v2.Resize`, bilinear with antialiasing, on uint8.

    Both passes (across, down) round to 8 bits: against the same in floating point a value is off by at most one level.
    """

    name = "resize"

    def __init__(self, size: Size) -> None:
        self._size = size

    @cached_property
    def _resize(self) -> Callable[[torch.Tensor], torch.Tensor]:
        # Imported when something is resized: seconds that nobody waits for where all results are in the cache.
        from torchvision.transforms import v2

        resize: Callable[[torch.Tensor], torch.Tensor] = v2.Resize(
            self._size, interpolation=v2.InterpolationMode.BILINEAR, antialias=True
        )
        return resize

    def identity(self) -> Identity:
        """Size and the libraries that compute it."""
        return {
            "step": self.name,
            "size": list(self._size),
            "torch": library_version("torch"),
            "torchvision": library_version("torchvision"),
        }

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """The picture at the step's size."""
        # Seen as (3, H, W), torch takes its fast kernel for interleaved pixels and gives such back.
        planes = torch.from_numpy(pixels).permute(2, 0, 1)
        return np.ascontiguousarray(self._resize(planes).permute(1, 2, 0).numpy())

    def result_size(self, size: Size | None) -> Size | None:
        """The step's size, whatever came in."""
        return self._size


class PaperCrop(Crop):
    """Resize, and cut at the pixels that the box has in the original, as the paper's text says; the rest stays whole.

    What lies outside of the resized image is black, as where Pillow or torchvision crops.
    """

    name = PAPER_CROPPING

    def __init__(self, size: Size) -> None:
        self._resize = Resize(size)

    def identity(self) -> Identity:
        """That of the resize; the box is part of an entry's key."""
        return {**self._resize.identity(), **super().identity()}

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """As many pixels as the box has in the original, and refused like those."""
        if box is None:
            return pixels
        cut = np.zeros_like(super().apply(pixels, box))
        inside = self._resize.apply(pixels, None)[box.top : box.bottom, box.left : box.right]
        cut[: inside.shape[0], : inside.shape[1]] = inside
        return cut


class FunctionStep(Step):
    """A step that is a function on one image, as `engine.steps` declares it, with all its parameters."""

    def __init__(self, spec: StepSpec, parameters: Mapping[str, Value]) -> None:
        assert spec.function is not None
        self.name = spec.name
        self.uses_box = spec.uses_box
        self._spec = spec
        self._function = spec.function
        self._parameters = dict(parameters)

    def identity(self) -> Identity:
        """Parameters, libraries, and for a user's own step its source."""
        return {
            "step": self.name,
            **self._parameters,
            **{library: library_version(library) for library in self._spec.libraries},
            **({"source": self._spec.source} if self._spec.source else {}),
        }

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """What the function makes of the pixels.

        Raises:
            DatasetError: the function raised, or did not return an image that a step may return.
        """
        if self.uses_box and box is None:
            return pixels
        arguments = (pixels, box) if self.uses_box else (pixels,)
        try:
            result = self._function(*arguments, **self._parameters)
        except MemoryError:
            raise
        except Exception as error:  # a user's function may raise anything
            raise DatasetError(f"the step {self.name!r} failed: {describe_error(error)}") from error
        if fault := fault_of(result, pixels.shape, resizes=self._spec.place == "first"):
            raise DatasetError(f"the step {self.name!r} returned {fault}")
        return np.ascontiguousarray(result)

    def applies_to(self, sample: ImageSample) -> bool:
        """Only where there is a box, if it needs one."""
        return not self.uses_box or sample.box is not None


class OwnFunctionStep(FunctionStep):
    """A step of the user's own, which is not trusted to keep to what a step must."""

    def __init__(self, spec: StepSpec, parameters: Mapping[str, Value], stopped: Callable[[], bool]) -> None:
        super().__init__(spec, parameters)
        self._call = OwnStepCall(spec, parameters, stopped)

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """What the function makes of the pixels.

        Raises:
            DatasetError: the function did what no step may.
            StudyStopped: a stop was asked for while it did not return.
        """
        if not self.uses_box:
            return self._call(pixels)
        return pixels if box is None else self._call(pixels, box)


class Superres(Step):
    """Super-resolution x2 with NinaSR-B0; see `engine.superres`."""

    name = "superres"
    batched = True

    def __init__(self, model: "SuperresModel", machine: MachineSettings) -> None:
        self._model = model
        self._machine = machine

    def identity(self) -> Identity:
        """Weights, library, and how the arithmetic is done, which shows in the last bits.

        Threads count as well: another number of them moves a value here and there by one level.
        """
        return {
            "step": self.name,
            "weights": self._model.info.sha256,
            "device": self._machine.device,
            "precision": self._machine.precision,
            "threads": self._machine.threads,
            "torch": library_version("torch"),
            "torchsr": library_version("torchsr"),
            "network": "folded",  # results of torchSR's own module differ from ours in a few last bits
        }

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """The picture at twice the size."""
        return np.ascontiguousarray(self.apply_batch(pixels[np.newaxis])[0])

    def apply_batch(self, pixels: Pixels) -> Pixels:
        """The pictures at twice the size."""
        return self._model.upscale(pixels, self._machine)

    def result_size(self, size: Size | None) -> Size | None:
        """Twice as large.

        Raises:
            InputError: images have not been brought to one size yet.
        """
        if size is None:
            raise InputError("the step 'superres' must come after 'resize'")
        return size[0] * SUPERRES_SCALE, size[1] * SUPERRES_SCALE


class Shrink(Step):
    """Shrink to (height, width) by area: each value is the mean of the square that it covers, rounded half to even.

    Only whole factors, which is what super-resolution leaves to undo.
    """

    name = "shrink"

    def __init__(self, size: Size) -> None:
        self._size = size

    def identity(self) -> Identity:
        """The size."""
        return {"step": self.name, "size": list(self._size)}

    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """The picture at the step's size."""
        # NumPy, because torch's threads cost more than this takes when the cores are busy.
        factor = pixels.shape[0] // self._size[0]
        total = np.zeros((*self._size, pixels.shape[2]), np.uint32)
        for row in range(factor):
            for column in range(factor):
                total += pixels[row::factor, column::factor]
        return np.rint(total / np.float32(factor * factor)).astype(np.uint8)

    def result_size(self, size: Size | None) -> Size | None:
        """The step's size.

        Raises:
            InputError: the images' size is no multiple of it.
        """
        height, width = self._size
        if size is None or size[0] % height or size != (height * (size[0] // height), width * (size[0] // height)):
            raise InputError("the step 'shrink' must come after 'resize' and 'superres'")
        return self._size


def make_step(call: StepCall, context: StepContext) -> Step:
    """A step of a variant's pipeline, ready to be applied.

    Raises:
        InputError: there is no such step.
        ValueError: it needs a model that the context lacks.
    """
    match call.step:
        case Crop.name:
            return Crop()
        case PaperCrop.name:
            return PaperCrop(context.recipe.image_size)
        case Resize.name:
            return Resize(context.recipe.image_size)
        case Shrink.name:
            return Shrink(context.recipe.image_size)
        case Superres.name:
            if context.superres is None:
                raise ValueError("the step 'superres' needs a super-resolution model")
            return Superres(context.superres, context.machine)
    spec = find_step(call.step)
    if spec is None or spec.function is None:
        raise InputError(f"unknown step {call.step!r}")
    parameters = parameters_of(call, context.recipe)
    return OwnFunctionStep(spec, parameters, context.stopped) if spec.source else FunctionStep(spec, parameters)


def build_steps(variant: Variant, context: StepContext) -> tuple[Step, ...]:
    """The steps of a variant, ready to be applied from left to right.

    Raises:
        InputError: the variant names an unknown step, or its steps make no sense in this order.
        ValueError: a step needs a model that the context lacks.
    """
    steps = tuple(make_step(call, context) for call in variant.pipeline)
    if size_after(steps) is None:
        raise InputError(f"variant {variant.name!r} needs the step 'resize': images must come out at one size")
    return steps
