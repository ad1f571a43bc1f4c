"""The layers of a network that can be looked at: what each block gives, whatever the network is.

Ours hand out their blocks. In others, one pass with a hook on every layer finds the layers that give maps of a picture:
of those with maps of one size, the outermost one, and of several the last.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.errors import InputError
from engine.models import BlockClassifier, ForeignNetwork

Layers = dict[str, nn.Module]

_IMAGES = 2
"""Of a pass: so that tables of a network's own, which have no place for images, are not taken for maps."""

_DEEPEST = 2
"""Layers within layers that are still blocks, and no part of one."""

_MAPS_AXES = 4
_SAME_SHAPE = 2.0
"""How far height and width may be shrunk differently for something to be maps of the picture still."""


@dataclass(frozen=True)
class _Seen:
    """One layer of a pass: its size is None where it gave no maps."""

    name: str
    module: nn.Module
    size: tuple[int, int] | None


def map_layers(model: nn.Module, images: Tensor) -> Layers:
    """The layers whose maps are shown, by name, from the first to the last; none where there are none.

    Args:
        model: in evaluation mode.
        images: (1, 3, H, W) in [0, 1].
    """
    if isinstance(model, BlockClassifier):
        return dict(model.blocks.named_children())
    return {seen.name: seen.module for seen in _largest(_pass(model, images))}


def evidence_layer(model: nn.Module, images: Tensor) -> nn.Module:
    """The last layer that gives maps, which Grad-CAM is computed at.

    Raises:
        InputError: most of the network comes after its last maps, as in vision transformers.
    """
    if isinstance(model, BlockClassifier):
        return list(map_layers(model, images).values())[-1]
    passed = _pass(model, images)
    layers = _largest(passed)
    if layers:
        last = next(place for place, seen in enumerate(passed) if seen.module is layers[-1].module)
        before, after = (sum(_learns(seen.module) for seen in part) for part in (passed[:last], passed[last:]))
        if before >= after:
            return layers[-1].module
    raise InputError(f"no Grad-CAM for {_shown(model)}: it works on patches, and its later layers give no maps")


def first_convolution(model: nn.Module) -> nn.Conv2d:
    """The first convolution, which sees the colours.

    Raises:
        InputError: there is none.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            if module.weight.shape[1] == 3:  # noqa: PLR2004 - red, green, blue
                return module
            break
    raise InputError(f"no filters of {_shown(model)} to show: its first layer is no convolution over the colours")


def _shown(model: nn.Module) -> str:
    return model.shown if isinstance(model, ForeignNetwork) else type(model).__name__


def _learns(module: nn.Module) -> bool:
    """Whether it is a single layer with weights."""
    return not list(module.children()) and any(True for _ in module.parameters(recurse=False))


def _pass(model: nn.Module, images: Tensor) -> list[_Seen]:
    """Every layer in the order in which they end."""
    inner = model.network if isinstance(model, ForeignNetwork) else model
    seen: list[_Seen] = []
    given: list[tuple[int, int]] = []
    handles = [
        inner.register_forward_pre_hook(lambda _, inputs: given.append((inputs[0].shape[2], inputs[0].shape[3])))
    ]

    def note(name: str, module: nn.Module) -> None:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            seen.append(_Seen(name, module, _maps_size(output, given[0])))

        handles.append(module.register_forward_hook(hook))

    for name, module in inner.named_modules():
        if name:
            note(name, module)
    try:
        with torch.inference_mode():
            model(images.expand(_IMAGES, -1, -1, -1))
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _maps_size(output: object, image: tuple[int, int]) -> tuple[int, int] | None:
    """(height, width) of maps of a picture; None for anything else, as maps with the channels last."""
    if not isinstance(output, Tensor) or output.ndim != _MAPS_AXES or len(output) != _IMAGES:
        return None
    height, width = output.shape[2:]
    shrunk = image[0] / height, image[1] / width
    alike = max(shrunk) <= _SAME_SHAPE * min(shrunk) and min(shrunk) >= 1
    return (height, width) if alike and height * width > 1 else None


def _largest(passed: list[_Seen]) -> list[_Seen]:
    """Of each size of maps the outermost layer, and of several the last.

    Pooling to a fixed size is none, and neither is a layer that is used several times, as some activations are.
    """
    best: dict[tuple[int, int], _Seen] = {}
    uses = Counter(seen.name for seen in passed)
    for seen in passed:
        pooled = isinstance(seen.module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d)
        if seen.size is None or pooled or uses[seen.name] > 1 or seen.name.count(".") > _DEEPEST:
            continue
        before = best.get(seen.size)
        if before is None or seen.name.count(".") <= before.name.count("."):
            best[seen.size] = seen
    return [seen for seen in passed if seen in best.values()]


@contextmanager
def outputs_of(layers: Layers) -> Iterator[dict[str, Tensor]]:
    """What each of these layers gives in the next pass, by name."""
    found: dict[str, Tensor] = {}

    def note(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            found[name] = output

        return module.register_forward_hook(hook)

    handles = [note(name, module) for name, module in layers.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
