"""Images without a data set, and an app around one screen."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from engine.errors import DatasetError, InputError
from engine.reports.pictures import GalleryImage, StepCost, VariantPicture
from tests.tui.fake_engine import FakeEngine
from tests.tui.host import Host
from tui.pictures.service import Pictures
from tui.session.session import Session

CLASSES = ("apu_nahasapeemapetilon", "marge_simpson")
COLOURS = {"train/apu/pic_0.jpg": (200, 30, 20), "train/marge/pic_0.jpg": (20, 40, 220)}


class FakeImages:
    """Twenty images of one class and three of the other; those with a 0 in the name have a box."""

    def __init__(self, broken: str = "") -> None:
        self.identity = "fake"
        self.classes = CLASSES
        self.broken = broken
        self.threads: set[str] = set()
        self.images = tuple(
            GalleryImage(f"{part}/{name}/pic_{number}.jpg", label, part, (4, 6, 30, 28) if "0" in str(number) else None)
            for label, (name, count) in enumerate((("apu", 20), ("marge", 3)))
            for number in range(count)
            for part in (("test",) if number == 1 else ("train",))
        )

    def image(self, path: str) -> GalleryImage:
        for image in self.images:
            if image.path == path:
                return image
        raise InputError(f"{path}: gone")

    def pixels(self, path: str) -> np.ndarray:
        self.threads.add(threading.current_thread().name)
        if path == self.broken:
            raise DatasetError(f"{path}: damaged")
        return np.full((36, 48, 3), COLOURS.get(path, (90, 90, 90)), np.uint8)

    def through(self, path: str, variants: tuple[str, ...]):
        for variant in variants:
            pixels = self.pixels(path)[:24, :32]
            changed = 0.0 if variant == "vanilla" else 7.5
            step = StepCost("resize", (24, 32), 0.0012)
            yield VariantPicture(variant, pixels, (step,), pixels // 2, changed, 4.0)


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
