"""From cached uint8 pixels to what a network takes, on the device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.config.machine import MachineSettings

_WHITE = 255
_DEVICE_SHARE = 0.5  # of the accelerator's free memory that images may take for good
_UPLOAD_BYTES = 256 << 20


class Pixels(Protocol):
    """Pre-processed images by row: what training and prediction read (`engine.preprocess.PixelTable`).

    `gather` is called from a thread of its own.
    """

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of every image."""

    def gather(self, rows: npt.NDArray[np.int64], /) -> npt.NDArray[np.uint8]:
        """Images of these rows, (N, H, W, 3), C-contiguous."""


@dataclass(frozen=True)
class InMemory:
    """Images in an array (N, H, W, 3) uint8."""

    images: npt.NDArray[np.uint8]

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of every image."""
        return self.images.shape[1], self.images.shape[2]

    def gather(self, rows: npt.NDArray[np.int64], /) -> npt.NDArray[np.uint8]:
        """A copy of the images of these rows."""
        return self.images[rows]


def scale(images: Tensor, machine: MachineSettings) -> Tensor:
    """uint8 (N, H, W, 3) on the device to float32 (N, 3, H, W) in [0, 1], in the machine's memory format."""
    planes = images.permute(0, 3, 1, 2)  # as it lies in memory this is channels_last already
    if not machine.channels_last:
        planes = planes.contiguous()
    return planes.float().div_(_WHITE)


def image_loader(
    pixels: Pixels, rows: npt.NDArray[np.int64], machine: MachineSettings
) -> Callable[[npt.NDArray[np.int64]], Tensor]:
    """A function from places in `rows` to uint8 images (N, H, W, 3) on the device.

    An accelerator gets all images once where they fit well, and each batch is then taken on the device.
    """
    device = torch.device(machine.device)
    height, width = pixels.image_size
    if len(rows) * height * width * 3 > _DEVICE_SHARE * _free_bytes(device):
        return lambda places: torch.from_numpy(pixels.gather(rows[places])).to(device)
    chunk = max(1, _UPLOAD_BYTES // (height * width * 3))
    resident = torch.empty((len(rows), height, width, 3), dtype=torch.uint8, device=device)
    for start in range(0, len(rows), chunk):
        resident[start : start + chunk] = torch.from_numpy(pixels.gather(rows[start : start + chunk]))
    return lambda places: resident[torch.from_numpy(places).to(device)]


def _free_bytes(device: torch.device) -> int:
    """Memory of an accelerator that nothing uses yet; none of a CPU, whose images lie in main memory anyway."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return 0
