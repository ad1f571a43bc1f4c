"""Enlarge pictures with NinaSR-B0 at x2, as fast as the machine does it faithfully."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from engine.config.machine import MachineSettings, Precision
from engine.reports.results import SuperresWeightsInfo
from engine.superres.network import FoldedNetwork
from engine.system.devices import cpu_threads, has_bf16, is_clearly_faster, promises_bf16
from engine.system.memory import recall, remember
from engine.system.process import arithmetic_flags

Pixels = npt.NDArray[np.uint8]

SCALE = 2

_CPU_BATCH_PIXELS = 2 * 255 * 342
_DEVICE_BATCH_PIXELS = 32 * 255 * 342
"""Pixels of a batch. On a CPU larger batches fall out of the caches and are no faster; accelerators need more work."""

_MEMORY_FILE = "superres-precision.json"
MAX_DIFFERENCE, MEAN_DIFFERENCE = 6, 0.5
"""Tolerance, in steps of 8 bits, of bf16 against fp32 in any one value and on the average: far below JPEG's noise."""


class SuperresModel:
    """NinaSR-B0 x2 with its weights; used by one thread at a time.

    Attributes:
        info: which weights these are.
    """

    def __init__(self, open_network: Callable[[], nn.Module], info: SuperresWeightsInfo) -> None:
        self.info = info
        self._open_network = open_network
        self._folded: dict[tuple[str, Precision], FoldedNetwork] = {}

    @cached_property
    def network(self) -> nn.Module:
        """Itself, made when it is first needed.

        Raises:
            WeightsError: its weights are no longer to be found.
        """
        return self._open_network().eval().requires_grad_(False)

    def upscale(self, pixels: Pixels, machine: MachineSettings) -> Pixels:
        """Enlarge pictures.

        Args:
            pixels: (N, H, W, 3) uint8 RGB.
            machine: device, precision and threads to use; the memory layout is always channels_last, the faster one
                here. Another number of threads moves a value here and there by one level.

        Returns:
            (N, 2H, 2W, 3) uint8, C-contiguous.
        """
        count, height, width, _ = pixels.shape
        enlarged = np.empty((count, SCALE * height, SCALE * width, 3), np.uint8)
        step = images_per_batch(machine.device, height, width)
        with cpu_threads(machine.threads), torch.inference_mode():
            network = self._network_for(machine)
            for start in range(0, count, step):
                batch = np.require(pixels[start : start + step], requirements=["C", "W"])
                enlarged[start : start + step] = network(torch.from_numpy(batch).to(machine.device)).cpu().numpy()
        return enlarged

    def _network_for(self, machine: MachineSettings) -> FoldedNetwork:
        key = machine.device, machine.precision
        if key not in self._folded:
            dtype = torch.bfloat16 if machine.precision == "bf16" else torch.float32
            self._folded[key] = FoldedNetwork(self.network, machine.device, dtype)
        return self._folded[key]


def images_per_batch(device: str, height: int, width: int) -> int:
    """How many pictures of this size (in pixels, before enlarging) the network takes at a time on a device."""
    budget = _CPU_BATCH_PIXELS if device == "cpu" else _DEVICE_BATCH_PIXELS
    return max(1, budget // max(1, height * width))


def choose_precision(model: SuperresModel, image_size: tuple[int, int], machine: MachineSettings) -> Precision:
    """Time a few calls in fp32 and in bf16 and take bf16 where it agrees and is clearly faster.

    On a machine made for bf16 it is the other way round: fp32 has to be clearly faster.

    Args:
        model: the network with its weights.
        image_size: (height, width) in pixels of the pictures to enlarge.
        machine: device and threads.

    Returns:
        The precision; it took some seconds to find out (`recall_precision`).
    """
    if not has_bf16(machine.device):
        return "fp32"
    pictures = _test_pictures(image_size)

    def enlarge(precision: Precision) -> Pixels:
        return model.upscale(pictures, replace(machine, precision=precision))

    if not agree(enlarge("fp32"), enlarge("bf16")):
        return "fp32"
    first: Precision = "bf16" if promises_bf16(machine.device) else "fp32"
    other: Precision = "fp32" if first == "bf16" else "bf16"
    on_processor = machine.device == "cpu"
    faster = is_clearly_faster(lambda: enlarge(other), lambda: enlarge(first), on_processor=on_processor)
    return other if faster else first


def recall_precision(
    model: SuperresModel,
    image_size: tuple[int, int],
    machine: MachineSettings,
    cache_dir: Path,
    *,
    precision: Literal["auto", "fp32", "bf16"] = "auto",
) -> Precision:
    """The precision that was asked for, or `choose_precision`, remembered in `cache_dir`.

    By device, threads, torch version, weights and image size. Pixels differ between precisions, so what was chosen
    once stays.
    """
    if precision != "auto":
        return precision
    memory = cache_dir / _MEMORY_FILE
    height, width = image_size
    key = (
        f"{machine.device} {machine.device_name} {arithmetic_flags()} {machine.threads} threads, "
        f"torch {torch.__version__}, {model.info.sha256[:12]}, {height}x{width}"
    )
    known = recall(memory).get(key)
    if known not in get_args(Precision):
        known = choose_precision(model, image_size, machine)
        remember(memory, {key: known})
    return cast(Precision, known)


def agree(exact: Pixels, rough: Pixels) -> bool:
    """Whether two results differ by no more than the stated tolerance."""
    difference = np.abs(exact.astype(np.int16) - rough.astype(np.int16))
    return bool(difference.max() <= MAX_DIFFERENCE and difference.mean() <= MEAN_DIFFERENCE)


def _test_pictures(image_size: tuple[int, int]) -> Pixels:
    """Two pictures with flat parts, edges and noise, always the same."""
    rng = np.random.default_rng(0)
    height, width = image_size
    blocks = rng.integers(0, 256, (2, height // 24 + 1, width // 24 + 1, 3))
    picture = blocks.repeat(24, axis=1).repeat(24, axis=2)[:, :height, :width]
    noisy = picture + rng.integers(-8, 9, picture.shape)
    pictures: Pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    return pictures
