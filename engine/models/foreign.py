"""Networks that are not ours, behind one face: images in [0, 1] in, logits out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.errors import InputError, describe_error
from engine.system.own_code import line_of

COLOURS = 3
_SMALLEST_BATCH = 2
"""Batch norm over maps of one pixel needs a second image."""
_ADDS_UP = 1e-4
"""So close to 1 that probabilities are meant."""


@dataclass(frozen=True)
class ImageInput:
    """What a network wants its images to be.

    Attributes:
        mean, deviation: of each colour, taken off and divided by, for pixels in [0, 1].
        size: (height, width) of its images where it takes no other.
        least: the shorter side, in pixels, of the smallest images that it takes.
    """

    mean: tuple[float, ...] = (0.0,) * COLOURS
    deviation: tuple[float, ...] = (1.0,) * COLOURS
    size: tuple[int, int] | None = None
    least: int = 1

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) that images are given to the network at."""
        if self.size is not None:
            return self.size
        shorter = min(height, width)
        if shorter >= self.least:
            return height, width
        return max(1, round(height * self.least / shorter)), max(1, round(width * self.least / shorter))


class ForeignNetwork(nn.Module):
    """A network of others, with what has to be done to its images before.

    Attributes:
        network: itself.
        wants: what its images have to be.
        shown: its name in messages.
        head: name of the last layer, which gives the logits, as `named_modules` has it; "" where none was found.
        mirror_average: whether it predicts with test-time augmentation (see `predict_logits`).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, network: nn.Module, wants: ImageInput, n_classes: int, *, shown: str, mirror_average: bool
    ) -> None:
        super().__init__()
        self.network, self.wants, self.shown, self.mirror_average = network, wants, shown, mirror_average
        self.head = find_head(self, n_classes)
        # Settings, not weights: they stay out of the files.
        self.register_buffer("mean", _per_colour(wants.mean), persistent=False)
        self.register_buffer("deviation", _per_colour(wants.deviation), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, 3, H, W) in [0, 1]."""
        if self.training and images.shape[0] < _SMALLEST_BATCH:
            return self._logits(images.expand(_SMALLEST_BATCH, -1, -1, -1))[: images.shape[0]]
        return self._logits(images)

    def _logits(self, images: Tensor) -> Tensor:
        size = self.wants.resized(images.shape[2], images.shape[3])
        if size != tuple(images.shape[2:]):
            images = nn.functional.interpolate(images, size, mode="bilinear", align_corners=False)
        answer = self.network((images - self.mean) / self.deviation)
        logits: Tensor = getattr(answer, "logits", answer)
        return logits


def _per_colour(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, COLOURS, 1, 1)


def find_head(network: nn.Module, n_classes: int) -> str:
    """The name of the last linear layer or convolution that has an output for each class; "" where there is none."""
    found = ""
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d) and len(module.weight) == n_classes:
            found = name
    return found


def require_logits(model: ForeignNetwork, n_classes: int, image_size: tuple[int, int], source: str = "") -> str:
    """Ask a network about two grey images, and refuse it where it cannot answer.

    Args:
        model: the network.
        n_classes: how many logits an image has.
        image_size: (height, width) of the images.
        source: the user's file that it comes from, to name the line that fails.

    Returns:
        A sentence on what looks like a mistake, or "".

    Raises:
        InputError: it raises, or what it gives are no logits.
    """
    height, width = image_size
    images = torch.full((_SMALLEST_BATCH, COLOURS, height, width), 0.5)
    model.eval()
    try:
        with torch.no_grad():
            logits = model(images)
    except Exception as error:  # the code is somebody else's
        what = f"--network {model.shown}: fails on images of {height}x{width}{line_of(error, source)}"
        raise InputError(f"{what} ({describe_error(error)})") from error
    expected = (_SMALLEST_BATCH, n_classes)
    if not isinstance(logits, Tensor) or tuple(logits.shape) != expected or not logits.is_floating_point():
        given = f"{logits.dtype} {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(
            f"--network {model.shown}: for {_SMALLEST_BATCH} images it gives {given}, not logits of shape {expected}"
        )
    if bool((logits >= 0).all()) and bool((logits.sum(dim=1) - 1).abs().max() < _ADDS_UP):
        return "what it gives adds up to 1, as after a softmax, which the loss applies too: give the logits"
    return ""
