"""Setting torch up as the machine settings say, for as long as a job runs."""

import contextlib
from collections.abc import Iterator

import torch

from engine.config.machine import MachineSettings
from engine.system.devices import cpu_threads
from engine.system.process import keep_memory


@contextlib.contextmanager
def arithmetic(machine: MachineSettings) -> Iterator[None]:
    """Threads as chosen, convolutions in full precision and with a repeatable method; as before afterwards."""
    keep_memory()
    # "fp32" means 32 bits: NVIDIA's TF32 has ten bits of mantissa. Its other methods may add in any order.
    exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with cpu_threads(machine.threads), exact:
        yield


def mixed_precision(machine: MachineSettings) -> torch.autocast:
    """A context in which convolutions and matrix products run in the machine's precision."""
    return torch.autocast(torch.device(machine.device).type, dtype=torch.bfloat16, enabled=machine.precision == "bf16")


def memory_format(machine: MachineSettings) -> torch.memory_format:
    """How images and convolution weights lie in memory."""
    return torch.channels_last if machine.channels_last else torch.contiguous_format
