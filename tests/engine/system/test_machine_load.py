"""Figures of this machine, and of GPUs by a binding that pretends."""

import sys
from types import SimpleNamespace

import pytest

from engine.reports.machine_load import GpuLoad
from engine.system.gpus import GpuMeter
from engine.system.machine_load import MachineMeter


class NVMLError(Exception):
    pass


class FakeNvml:
    """Two cards, the second of which tells little."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def nvmlInit(self):  # noqa: N802 - the binding's own names
        pass

    def nvmlDeviceGetCount(self):  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetHandleByUUID(self, name):  # noqa: N802
        return {"GPU-one": 1}[name]

    def nvmlDeviceGetIndex(self, handle):  # noqa: N802
        return handle

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return SimpleNamespace(used=2_000, total=8_000)

    def nvmlDeviceGetUtilizationRates(self, handle):  # noqa: N802
        return SimpleNamespace(gpu=75) if handle == 0 else self._refuse()

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return 61_500 if handle == 0 else self._refuse()

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        return 64 if handle == 0 else self._refuse()

    def _refuse(self):
        raise NVMLError("not supported")


FIRST = GpuLoad(0, 0.75, 2_000, 8_000, 64.0, 61.5)
SECOND = GpuLoad(1, None, 2_000, 8_000)


@pytest.fixture
def nvml(monkeypatch):
    fake = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return fake


def test_every_gpu_tells_its_figures_and_one_that_does_not_has_none(nvml):
    assert GpuMeter().read() == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("visible", "seen"), [("1", (SECOND,)), ("GPU-one, 0", (SECOND, FIRST)), ("", ()), ("-1", ()), ("GPU-other", ())]
)
def test_only_the_gpus_that_cuda_shows_are_read(nvml, monkeypatch, visible, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert GpuMeter().read() == seen


def test_without_the_binding_or_its_driver_there_are_no_gpus(nvml, monkeypatch):
    monkeypatch.setattr(nvml, "nvmlInit", nvml._refuse)
    assert GpuMeter().read() == ()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert GpuMeter().read() == ()


def test_the_figures_of_this_machine_are_possible(nvml, tmp_path):
    meter = MachineMeter(tmp_path)
    for load in (meter.measure(), meter.measure()):
        assert 0 <= load.process_cpu <= 1
        assert 0 <= load.cpu <= 1
        assert 0 < load.memory <= load.memory_total
        assert 0 < load.process_memory <= load.memory_total
        assert load.disk_free is None or load.disk_free > 0
        assert load.disk_read is None or load.disk_read >= 0
        assert load.host
        assert load.gpus == (FIRST, SECOND)


def test_a_folder_that_is_gone_has_no_known_room(tmp_path):
    assert MachineMeter(tmp_path / "gone").measure().disk_free is None
