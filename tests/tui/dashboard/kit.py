"""What the dashboard's tests share: the fake engine, helpers to wait, and the text of the screen."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_study import CONFIG, START, SUMMARY, audit_report, clean_report, metrics, study_events
from tui.app.app import DashboardApp
from tui.widgets.machine_meter import Load

__all__ = ["CONFIG", "START", "SUMMARY", "FakeEngine", "audit_report", "clean_report", "metrics", "study_events"]

POLL_SECONDS = 0.01
STEADY_LOOKS = 4


class FixedMeter:
    """Always the same load."""

    def read(self) -> Load:
        return Load(0.98, 2_100_000_000)


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str = "") -> None:
    """Let the app work until the condition holds."""
    for _ in range(1000):
        if condition():
            await pilot.pause()
            return
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"never came true: {what}\n{screen_text(pilot.app)}")


async def settled(pilot: Pilot[int]) -> str:
    """The screen once several looks in a row are the same: parts that measure each other take some rounds.

    Curves that are drawn seldom are waited for.
    """
    looks: list[str] = []

    def same() -> bool:
        if getattr(pilot.app.screen, "news_waiting", False):
            return False
        looks.append(screen_text(pilot.app))
        return len(looks) >= STEADY_LOOKS and len(set(looks[-STEADY_LOOKS:])) == 1

    await until(pilot, lambda: pilot.app.session.load is not None, "meter")
    await until(pilot, same, "steady")
    return looks[-1]


def screen_text(app: object) -> str:
    """What stands on the screen, without colours."""
    assert isinstance(app, DashboardApp)
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def ready(pilot: Pilot[int]) -> None:
    """The set-up, with all its answers; that of an audit which is held back does not count."""
    app = pilot.app
    assert isinstance(app, DashboardApp)

    def answered() -> bool:
        text = screen_text(app)
        audited = "u: details" in text or not app.session.engine.audit_may_end.is_set()
        return "libraries ready" in text and "typical" in text and audited

    await until(pilot, answered, "set-up")
