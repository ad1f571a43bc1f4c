"""Fixtures of the dashboard's tests."""

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tui.app.app import DashboardApp


def _load_kit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dashboard_kit", Path(__file__).with_name("kit.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_KIT = _load_kit()


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """The fake engine, its stream of events, and helpers to wait and to read the screen."""
    return _KIT


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither the caller's time zone nor his wishes for colour change what a test sees."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.delenv("NO_COLOR", raising=False)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., DashboardApp]]:
    """Builds apps whose engine's thread is set free at the end."""
    engines: list[Any] = []

    def make(engine: Any = None, config: Any = _KIT.CONFIG, **options: Any) -> DashboardApp:
        engine = engine or _KIT.FakeEngine()
        engines.append(engine)
        config = replace(config, runs_dir=tmp_path / "runs", cache_dir=tmp_path / "cache")
        return DashboardApp(
            config, refresh_rate=30, engine=engine, meter=_KIT.FixedMeter(), now=lambda: _KIT.START + 100, **options
        )

    yield make
    for engine in engines:
        engine.go.set()
        engine.audit_may_end.set()
