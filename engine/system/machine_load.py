"""How busy this machine is: processor, memory, disk, GPUs."""

import os
import platform
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.events.study import MachineMeasured
from engine.system.gpus import GpuMeter

_DIGITS = 3
"""Of shares; more would only make the stream longer."""


class MachineMeter:
    """Measures the machine that this process runs on; shares and rates are means since the last measurement.

    A measurement takes about a millisecond of processor time, with GPUs some more.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` lies on the disk whose free room is told. The first measurement counts from here on."""
        import psutil

        self._psutil, self._folder = psutil, folder
        self._process = psutil.Process()
        self._gpus = GpuMeter()
        self._cores = os.cpu_count() or 1
        self._before = self._counts()

    def measure(self) -> MachineMeasured:
        """The figures since the last call."""
        before, now = self._before, self._counts()
        self._before = now
        seconds = max(1e-9, now["clock"] - before["clock"])
        total, idle = now["total"] - before["total"], now["idle"] - before["idle"]
        memory = self._psutil.virtual_memory()
        return MachineMeasured(
            host=platform.node(),
            cpu=round(min(1.0, max(0.0, 1 - idle / total)), _DIGITS) if total > 0 else 0.0,
            process_cpu=round(min(1.0, (now["own"] - before["own"]) / seconds / self._cores), _DIGITS),
            memory=memory.total - memory.available,
            memory_total=memory.total,
            process_memory=self._process.memory_info().rss,
            disk_free=self._free(),
            disk_read=_rate(before["read"], now["read"], seconds),
            disk_written=_rate(before["written"], now["written"], seconds),
            gpus=self._gpus.read(),
        )

    def _counts(self) -> dict[str, Any]:
        """What has added up so far: seconds of the processor, bytes of the disks."""
        times, own = self._psutil.cpu_times(), self._process.cpu_times()
        # A guest's time is in the host's as well.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        disks = None
        with suppress(OSError, RuntimeError):
            disks = self._psutil.disk_io_counters()
        return {
            "clock": time.monotonic(),
            "total": total,
            "idle": times.idle + getattr(times, "iowait", 0.0),
            "own": own.user + own.system,
            "read": disks.read_bytes if disks else None,
            "written": disks.write_bytes if disks else None,
        }

    def _free(self) -> int | None:
        with suppress(OSError):
            return int(self._psutil.disk_usage(str(self._folder)).free)
        return None


def _rate(before: int | None, now: int | None, seconds: float) -> int | None:
    """Bytes a second; None where the system does not count them."""
    return None if before is None or now is None else max(0, round((now - before) / seconds))
