"""Inside one network, for one image: what each block gives, the first filters, and where the evidence lies.

The hooks that Grad-CAM needs are our own: they are fewer lines than the packages' set-up, and bring no further
dependency. Which layers are looked at, `engine.finished.explain.layers` finds. All arithmetic here is fp32 on the CPU.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.finished.explain.layers import evidence_layer, first_convolution, map_layers, outputs_of
from engine.models import predict_logits

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_WHITE = 255


@dataclass(frozen=True)
class BlockMaps:
    """The output of one block for one image: its name and `maps` (channels, height, width), at least 0."""

    name: str
    maps: Floats


def probabilities(model: nn.Module, pixels: Pixels) -> npt.NDArray[np.float64]:
    """What the network says of one image (H, W, 3): class probabilities (classes,)."""
    with torch.inference_mode():
        said: npt.NDArray[np.float64] = torch.softmax(predict_logits(model, _as_input(pixels)).double(), dim=1)[
            0
        ].numpy()
    return said


def feature_maps(model: nn.Module, pixels: Pixels) -> tuple[BlockMaps, ...]:
    """The output of every block for one image (H, W, 3), from the first block to the last; none where none gives maps.

    Of a network that is not ours, the outermost layers that give maps of a size.
    """
    images = _as_input(pixels)
    layers = map_layers(model, images)
    with torch.inference_mode(), outputs_of(layers) as found:
        model(images)
        return tuple(BlockMaps(name, found[name][0].float().numpy().copy()) for name in layers)


def first_filters(model: nn.Module) -> Pixels:
    """The kernels of the first convolution as small pictures: (channels, side, side, 3) RGB.

    Each is stretched by itself so that its largest weight, of whatever sign, reaches white or black; mid-grey is a
    weight of 0.

    Raises:
        InputError: there is no such layer.
    """
    weights = first_convolution(model).weight.detach().float().permute(0, 2, 3, 1)
    largest = weights.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    filters: Pixels = ((weights / largest + 1) / 2 * _WHITE).round().to(torch.uint8).numpy()
    return filters


def grad_cam(model: nn.Module, pixels: Pixels, label: int) -> Floats:
    """Where in an image (H, W, 3) the last block finds evidence for a class: (h, w) of its maps, in [0, 1].

    Grad-CAM (Selvaraju et al., ICCV 2017): the maps weighted by the mean gradient of the class's logit, added up,
    negative sums cut off, divided by the largest. All zero where nothing speaks for the class.

    Raises:
        InputError: the network has no layer for it.
    """
    images = _as_input(pixels)
    layer = evidence_layer(model, images)
    with torch.enable_grad(), outputs_of({"": layer}) as outputs:
        logits = model(images.requires_grad_())
        maps = outputs[""]
        (gradient,) = torch.autograd.grad(logits[0, label], maps)
    weights = gradient[0].mean(dim=(1, 2))
    evidence = torch.relu((weights[:, None, None] * maps.detach()[0]).sum(dim=0))
    largest = float(evidence.max())
    found: Floats = (evidence / largest if largest > 0 else evidence).numpy()
    return found


def _as_input(pixels: Pixels) -> Tensor:
    """(H, W, 3) uint8 as (1, 3, H, W) in [0, 1], as in training."""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float().div_(_WHITE)
