from pathlib import Path

import pytest

from engine.demo import ensure_demo


@pytest.fixture(scope="session")
def demo_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole demo set, drawn once."""
    return ensure_demo(tmp_path_factory.mktemp("cache"))
