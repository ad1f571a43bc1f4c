"""Images without a data set, and an app around one screen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_images import FakeImages
from tests.tui.host import Host
from tui.pictures.service import Pictures
from tui.session.session import Session


@pytest.fixture
def images() -> FakeImages:
    return FakeImages()


class Shown:
    """A screen under keys."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.app = pilot.app

    @property
    def screen(self) -> Screen[object]:
        return self.app.screen

    @property
    def text(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())

    def colours(self) -> set[tuple[int, int, int]]:
        """Every foreground colour of half blocks on the screen."""
        return {
            tuple(segment.style.color.triplet)
            for strip in self.screen._compositor.render_strips()
            for segment in strip
            if "▀" in segment.text and segment.style and segment.style.color and segment.style.color.triplet
        }

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app work until the condition holds."""
        for _ in range(1000):
            await self.pilot.pause()
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"never came true\n{self.text}")


Show = Callable[..., AbstractAsyncContextManager[Shown]]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")


@pytest.fixture
def show(images: FakeImages, tmp_path: Path) -> Show:
    """A screen, made with the session that it is given, in an app around it."""

    @asynccontextmanager
    async def shown(
        screen: Callable[[Session], Screen[None]],
        size: tuple[int, int] = (120, 40),
        *,
        pictures: Pictures | None = None,
        error: Exception | None = None,
        engine: FakeEngine | None = None,
    ) -> AsyncIterator[Shown]:
        engine = engine or FakeEngine(images=images, error=error)
        async with Host(screen, tmp_path / "runs", engine, pictures).run_test(size=size) as pilot:
            yield Shown(pilot)

    return shown
