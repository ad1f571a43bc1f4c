"""What holds for every test."""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Two workers share the cores: threads of torch's libraries would wait for each other. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The developer's own settings reach no test.
os.environ["XDG_CONFIG_HOME"] = os.devnull
# What is compiled once is not compiled again by every program that a test starts.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples every time and no timing limits; more of them, and new ones: pytest --hypothesis-profile search
settings.register_profile("suite", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Rubbish is looked for seldom, and not in what stays: the libraries and the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(autouse=True, scope="session")
def _interrupts_count():
    """Where a script starts the tests in the background they ignore Ctrl-C, and so would every program they start."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def demo_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole demo set in a cache folder, drawn once for all of pytest's processes: to be read only."""
    from engine.demo import ensure_demo

    base = tmp_path_factory.getbasetemp()
    return ensure_demo((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo-cache")
