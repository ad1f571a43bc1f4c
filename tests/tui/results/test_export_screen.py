"""The export window over the results screen, driven by keys."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from engine.errors import StorageError
from engine.events.record import StudyRecord
from tui.export.formats import FORMATS
from tui.screens.results.export import ExportScreen
from tui.screens.results.results import ResultsScreen

NAME = "20261123-0408-springfield"
POLLS = 500

Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the window writes when nobody says otherwise."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened(show: Show) -> Show:
    """The window for a study, from the results."""

    @asynccontextmanager
    async def open_window(record: StudyRecord) -> AsyncIterator[Pilot[None]]:
        async with show(record, (100, 30)) as pilot:
            await pilot.press("e")
            assert isinstance(pilot.app.screen, ExportScreen)
            yield pilot

    return open_window


def said(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#said", Static).render())


async def until_said(pilot: Pilot[None], words: str) -> None:
    for _ in range(POLLS):
        await pilot.pause(0.01)
        if words in said(pilot):
            return
    raise AssertionError(f"never said {words!r}, but {said(pilot)!r}")


async def test_enter_writes_the_format_that_is_marked(opened: Show, four: StudyRecord, folder: Path) -> None:
    async with opened(four) as pilot:
        assert pilot.app.screen.query_one(Input).value == f"{NAME}.html"
        await pilot.press("down", "enter")
        await until_said(pilot, "written")
        assert str(folder / f"{NAME}.md") in said(pilot).replace("\n", "")
    assert (folder / f"{NAME}.md").read_text(encoding="utf-8").startswith(f"# {NAME}\n")


async def test_every_format_is_offered(opened: Show, four: StudyRecord) -> None:
    async with opened(four) as pilot:
        choices = pilot.app.screen.query_one(OptionList)
        assert [option.id for option in choices.options] == list(FORMATS)


async def test_a_path_can_be_typed(opened: Show, four: StudyRecord, folder: Path) -> None:
    async with opened(four) as pilot:
        await pilot.press("tab")
        pilot.app.screen.query_one(Input).value = "mine.html"
        await pilot.press("enter")
        await until_said(pilot, "mine.html")
    assert (folder / "mine.html").is_file()


async def test_a_file_that_is_there_is_replaced_by_a_second_enter_only(
    opened: Show, four: StudyRecord, folder: Path
) -> None:
    target = folder / f"{NAME}.html"
    target.write_text("mine")
    async with opened(four) as pilot:
        await pilot.press("enter")
        await until_said(pilot, "once more")
        assert target.read_text() == "mine"
        await pilot.press("enter")
        await until_said(pilot, "written")
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


async def test_another_name_forgets_the_question(opened: Show, four: StudyRecord, folder: Path) -> None:
    for name in ("a.html", "b.html"):
        (folder / name).write_text("mine")
    async with opened(four) as pilot:
        await pilot.press("tab")
        for name in ("a.html", "b.html"):
            pilot.app.screen.query_one(Input).value = name
            await pilot.pause()
            await pilot.press("enter")
            await until_said(pilot, f"{name} exists")
    assert (folder / "b.html").read_text() == "mine"


async def test_what_cannot_be_written_is_said(opened: Show, four: StudyRecord) -> None:
    async with opened(four) as pilot:
        await pilot.press("tab")
        pilot.app.screen.query_one(Input).value = "no/such/folder/x.html"
        await pilot.press("enter")
        await until_said(pilot, "cannot write no/such/folder/x.html")
        assert pilot.app.screen.query_one("#said").has_class("-failed")


async def test_the_screen_does_not_wait_for_the_writing(
    opened: Show, four: StudyRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(*_arguments: object, **_options: object) -> Path:
        go.wait(30)
        raise StorageError("too late")

    monkeypatch.setattr("tui.screens.results.export.export_to", slow)
    async with opened(four) as pilot:
        await pilot.press("enter")
        assert said(pilot) == "writing ..."
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ResultsScreen)
        go.set()
        await pilot.pause()
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_an_error_of_the_programs_own_is_said(
    opened: Show, four: StudyRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> Path:
        raise RuntimeError("boom [b]")

    monkeypatch.setattr("tui.screens.results.export.export_to", broken)
    async with opened(four) as pilot:
        await pilot.press("enter")
        await until_said(pilot, "RuntimeError: boom [b]")
