"""Fixtures of the dashboard's tests."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.tui.dashboard import kit as dashboard_kit
from tui.app.app import DashboardApp


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """The fake engine, its stream of events, and helpers to wait and to read the screen."""
    return dashboard_kit


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

    def make(engine: Any = None, config: Any = dashboard_kit.CONFIG, **options: Any) -> DashboardApp:
        engine = engine or dashboard_kit.FakeEngine()
        engines.append(engine)
        config = replace(config, runs_dir=tmp_path / "runs", cache_dir=tmp_path / "cache")
        return DashboardApp(
            config,
            refresh_rate=30,
            engine=engine,
            meter=dashboard_kit.FixedMeter(),
            now=lambda: dashboard_kit.START + 100,
            **options,
        )

    yield make
    for engine in engines:
        engine.set_free()
