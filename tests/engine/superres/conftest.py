import pytest
import torch

from engine.config.machine import MachineSettings
from engine.superres import weights


@pytest.fixture
def machine():
    return MachineSettings("cpu", "test", "fp32", channels_last=True, threads=1, chosen_by="given")


@pytest.fixture(autouse=True)
def _no_memory_of_failures(monkeypatch):
    monkeypatch.setattr(weights, "_failed_downloads", {})


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """An empty torch hub cache instead of the user's."""
    folder = tmp_path / "hub"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(folder))
    return folder


@pytest.fixture
def other_state():
    """A state of the right form whose values are not those of the shipped weights."""
    from torchsr.models import ninasr_b0

    torch.manual_seed(1)
    return ninasr_b0(scale=2, pretrained=False).state_dict()
