"""The GPUs' own figures, from the driver's library (the optional extra `gpu`: NVIDIA's Python binding)."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from engine.reports.machine_load import GpuLoad

T = TypeVar("T")

_MILLI = 1000


class GpuMeter:
    """Reads the GPUs that this process may use; there are none without the binding, its driver or a GPU."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: Sequence[Any] = ()
        try:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
            self._handles = _visible(pynvml, os.environ.get("CUDA_VISIBLE_DEVICES"))
        except Exception:  # a missing binding, driver or card has no GPU to tell of, whatever the reason
            self._handles = ()

    def read(self) -> tuple[GpuLoad, ...]:
        """The figures of each, by its number."""
        return tuple(self._load(handle) for handle in self._handles)

    def _load(self, handle: Any) -> GpuLoad:
        nvml = self._nvml
        memory = self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        rates = self._ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
        power = self._ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        temperature = self._ask(lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        return GpuLoad(
            index=self._ask(lambda: int(nvml.nvmlDeviceGetIndex(handle))) or 0,
            utilisation=None if rates is None else rates.gpu / 100,
            memory=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            temperature=None if temperature is None else float(temperature),
            power=None if power is None else power / _MILLI,
        )

    def _ask(self, question: Callable[[], T]) -> T | None:
        """A figure; None where this card does not tell it."""
        with suppress(self._nvml.NVMLError):
            return question()
        return None


def _visible(nvml: Any, named: str | None) -> Sequence[Any]:
    """The cards that CUDA shows this process, by number or UUID; all where it is not told which."""
    if named is None:
        return [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    names = [name.strip() for name in named.split(",") if name.strip() and name.strip() != "-1"]
    return [
        nvml.nvmlDeviceGetHandleByIndex(int(name)) if name.isdigit() else nvml.nvmlDeviceGetHandleByUUID(name)
        for name in names
    ]
