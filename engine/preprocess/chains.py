"""What identifies a pre-processing result: the steps that led to it, and the image that it was made from."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.dataset import ImageSample
from engine.preprocess.step import Pixels, Size, Step, library_version, size_after

RESULT_FORMAT = 2
"""Raised when our own code comes to give other pixels for the same steps, or stores them otherwise.

1 kept no checksums of pixels: such entries are not read, and go as the oldest when the cache is full.
"""

CHANNELS = 3


@dataclass(frozen=True, eq=False)
class Chain:
    """Steps that end in images of one size: `steps` may be the start of a longer list."""

    steps: tuple[Step, ...]
    size: Size

    @property
    def entry_bytes(self) -> int:
        """Bytes of one result."""
        return math.prod(self.size) * CHANNELS

    @cached_property
    def description(self) -> str:
        """Everything that the results depend on besides the image, as canonical JSON."""
        parts = {
            "format": RESULT_FORMAT,
            "pillow": library_version("pillow"),
            "steps": [step.identity() for step in self.steps],
        }
        return json.dumps(parts, sort_keys=True, separators=(",", ":"))

    @cached_property
    def key(self) -> str:
        """Short name of the chain, the same in every process that would compute the same."""
        return hashlib.sha256(self.description.encode()).hexdigest()[:24]

    @cached_property
    def prefixes(self) -> tuple["Chain", ...]:
        """The proper starts of this chain that end in images of one size, the longest first."""
        starts = [self.steps[:length] for length in range(len(self.steps) - 1, 0, -1)]
        return tuple(Chain(steps, size) for steps in starts if (size := size_after(steps)) is not None)

    def entry_key(self, sample: ImageSample, digest: str) -> bytes:
        """Key of one image's result within the chain (32 bytes)."""
        content = hashlib.sha256(digest.encode())
        box = sample.box
        if box is not None and any(step.uses_box for step in self.steps):
            content.update(f"|{box.left},{box.top},{box.right},{box.bottom}".encode())
        return content.digest()

    def fits(self, pixels: Pixels) -> bool:
        """Whether these pixels can be a result of this chain."""
        return pixels.shape == (*self.size, CHANNELS) and pixels.dtype == "uint8"


class ChainBuilder:
    """Chains of one list of steps: which steps count differs from image to image, and equal lists share a chain.

    Attributes:
        size: of every result, (height, width) in pixels.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        size = size_after(steps)
        if size is None:
            raise ValueError("steps without one size at the end")
        self.size = size
        self._steps = steps
        self._chains: dict[tuple[Step, ...], Chain] = {}

    def chain_for(self, sample: ImageSample) -> Chain:
        """The chain of the steps that change something for this image.

        A crop drops out where there is no box, so that such an image shares the result of the chain without a crop.
        """
        steps = tuple(step for step in self._steps if step.applies_to(sample))
        if steps not in self._chains:
            self._chains[steps] = Chain(steps, self.size)
        return self._chains[steps]
