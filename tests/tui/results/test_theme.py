"""Variants have the colours of the theme in every view, also in one that was open when the theme changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.pilot import Pilot
from textual.screen import Screen

from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from tests.tui.fake_engine import FakeEngine
from tests.tui.results.screens import pressed
from tui.app.app import DashboardApp
from tui.looks.palette import ON_LIGHT, variant_style
from tui.screens.results.results import ResultsScreen

VANILLA = variant_style("vanilla")


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal of the test run says, the tests' has all colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")


def segments(screen: Screen[object]) -> Iterator[Segment]:
    for strip in screen._compositor.render_strips():
        yield from strip


def marks(screen: Screen[object]) -> set[str]:
    """The colours of the first variant's marker on the screen; under a table's cursor it has the cursor's."""
    return {
        segment.style.color.name
        for segment in segments(screen)
        if VANILLA.marker in segment.text and segment.style and segment.style.color
    }


async def open_results(pilot: Pilot[int], record: StudyRecord) -> None:
    app = pilot.app
    assert isinstance(app, DashboardApp)
    app.push_screen(ResultsScreen(app.session, record))
    await pressed(pilot)


@pytest.mark.parametrize(
    "keys",
    [(), ("tab",), ("tab", "enter"), ("tab", "enter", "enter"), ("p",), ("b",), ("f",), ("i",), ("d",)],
    ids=["results", "matrices", "matrix", "cell", "pairs", "calibration", "effects", "inside", "pipeline"],
)
async def test_open_views_follow_the_theme(eight: StudyRecord, tmp_path: Path, keys: tuple[str, ...]) -> None:
    app = DashboardApp(StudyConfig(runs_dir=tmp_path), engine=FakeEngine())
    async with app.run_test(size=(120, 40)) as pilot:
        await open_results(pilot, eight)
        await pressed(pilot, *keys)
        assert VANILLA.colour in marks(app.screen)
        await pressed(pilot, "comma")  # the theme changes while another screen is in front
        app.theme = "textual-light"
        await pressed(pilot, "escape")
        assert VANILLA.on_light in marks(app.screen)
        assert not {s.style.color.name for s in segments(app.screen) if s.style and s.style.color} & set(ON_LIGHT)
        app.theme = "textual-dark"
        await pressed(pilot)
        assert VANILLA.colour in marks(app.screen)
