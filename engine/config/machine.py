"""The settings of the machine that a study trains with."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["fp32", "bf16"]
ChosenBy = Literal["measured", "remembered", "default", "given"]


@dataclass(frozen=True)
class MachineSettings:
    """How the arithmetic is done: chosen by the program or given, and stored with every result.

    Attributes:
        device: torch device name ("cpu", "cuda", "mps").
        device_name: what the machine calls that device.
        precision: "fp32", or "bf16" for autocast convolutions and matrix products.
        channels_last: whether images and convolution weights lie in memory as (N, H, W, C).
        threads: CPU threads for arithmetic.
        chosen_by: "measured" (timed now), "remembered" (timed earlier on this machine), "default" (too little
            work to be worth a timing) or "given".
    """

    device: str
    device_name: str
    precision: Precision
    channels_last: bool
    threads: int
    chosen_by: ChosenBy
