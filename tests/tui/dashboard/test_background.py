"""Questions that are asked in threads: whose answers count, and what becomes of their errors."""

import asyncio
import threading

import pytest
from textual.app import App
from textual.screen import Screen

from engine.errors import DatasetError, StudyStopped
from tui.session.background import Background

WAIT = 10


class Asker:
    """An app whose questions end when a test lets them, with what came of them in order."""

    def __init__(self, runs_dir):
        self.app, self.heard, self.complaints = App(), [], []
        self.background = Background(runs_dir, self.complaints.append)

    def ask(self, answer, *, owner=None, name="question", go=None, **options):
        def job():
            assert threading.current_thread().daemon
            assert go is None or go.wait(WAIT)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        self.background.run(owner or self.app, name, job, self.heard.append, **options)

    async def until(self, pilot, condition):
        for _ in range(1000):
            await pilot.pause()
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError((self.heard, self.complaints))


@pytest.fixture
def asker(tmp_path):
    return Asker(tmp_path)


async def test_of_several_by_one_name_the_last_one_counts(asker):
    go = threading.Event()
    async with asker.app.run_test() as pilot:
        asker.ask("first", go=go)
        asker.ask("second")
        asker.ask("other", name="another question")
        await asker.until(pilot, lambda: len(asker.heard) == 2)
        go.set()
        asker.ask("last", name="another question")
        await asker.until(pilot, lambda: "last" in asker.heard)
    assert sorted(asker.heard) == ["last", "other", "second"]


async def test_what_is_forgotten_or_stopped_is_not_told(asker):
    go = threading.Event()
    async with asker.app.run_test() as pilot:
        asker.ask("forgotten", go=go)
        asker.background.forget(asker.app, "question")
        asker.ask(StudyStopped(), name="stopped")
        asker.ask(ValueError("oh"), name="courtesy", courtesy=True)
        go.set()
        asker.ask("end", name="end")
        await asker.until(pilot, lambda: asker.heard)
    assert (asker.heard, asker.complaints) == (["end"], [])


async def test_a_screen_that_is_gone_hears_nothing(asker):
    go = threading.Event()
    async with asker.app.run_test() as pilot:
        screen = Screen()
        await asker.app.push_screen(screen)
        asker.ask("late", owner=screen, go=go)
        await asker.app.pop_screen()
        go.set()
        asker.ask("end")
        await asker.until(pilot, lambda: asker.heard)
    assert asker.heard == ["end"]


async def test_a_failure_goes_to_whoever_shows_it(asker, tmp_path):
    failures = []
    async with asker.app.run_test() as pilot:
        asker.ask(DatasetError("pics: no images"))
        await asker.until(pilot, lambda: asker.complaints == ["pics: no images"])
        asker.ask(ZeroDivisionError("oh"), failed=failures.append)
        await asker.until(pilot, lambda: failures)
    (failure,) = failures
    assert not failure.expected
    assert failure.report.parent == tmp_path
    assert failure.report.read_text() == failure.details
    assert failure.words == f"ZeroDivisionError: oh   details: {failure.report}"
