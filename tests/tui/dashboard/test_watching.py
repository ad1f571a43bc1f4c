"""A study of another process: its folder is followed, pause and stop go there, and it outlives the dashboard."""

import errno
import os
import shutil
from dataclasses import replace

import pytest

from engine.errors import StorageError
from engine.events.record import StudyRecord
from engine.events.study import BatchTrained, RunResumed, StudyFinished, StudyPaused, StudyUnpaused
from engine.runs import RunFolder
from tui.screens.confirm import ConfirmScreen
from tui.screens.results.results import ResultsScreen
from tui.screens.setup.screen import SetupScreen
from tui.screens.training.screen import TrainingScreen
from tui.screens.training.words import control_note
from tui.session.engine import REAL_ENGINE
from tui.session.watching import EVENTS_A_DRAW, WatchedStudy

SIZE = (120, 40)
VARIANTS = ("vanilla", "bbox")


class Writer:
    """Another process: writes a run bit by bit, and may die."""

    def __init__(self, runs_dir, config, events):
        self.run = RunFolder.create(runs_dir, replace(config, variants=VARIANTS))
        self.record = StudyRecord()
        self._rest = list(events)

    @property
    def folder(self):
        return self.run.folder

    def write(self, event):
        self.record.apply(event)
        self.run.append(event)
        self.run.write_summary(self.record)
        # What another process has in memory cannot be seen; here nothing is to wait for.
        self.run.flush()

    def write_until(self, condition):
        """Write events up to the first that fits, and it too."""
        while self._rest:
            event = self._rest.pop(0)
            self.write(event)
            if condition(event):
                return

    def end(self):
        self.write_until(lambda event: False)
        self.run.close()

    def die(self):
        self.run.close()

    @property
    def asked(self):
        """What lies in the folder for the writer, in order."""
        control = self.folder / "control"
        return [path.name.split("-")[1] for path in sorted(control.iterdir())] if control.is_dir() else []


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch):
    monkeypatch.setattr("tui.session.watching.LOOK_SECONDS", 0.01)


@pytest.fixture
def writer(kit, tmp_path):
    writer = Writer(tmp_path / "runs", kit.CONFIG, kit.study_events(VARIANTS))
    yield writer
    writer.run.close()


def in_training(event):
    return isinstance(event, BatchTrained) and event.step == 7


@pytest.fixture
def opened(kit, make_app, writer):
    """A dashboard that watches the writer's run from the start."""
    config = replace(kit.CONFIG, variants=VARIANTS)
    return make_app(config=config, watch=writer.folder)


async def shown(kit, pilot):
    await kit.until(
        pilot, lambda: pilot.app.session.state and len(pilot.app.session.state.job("vanilla").losses) == 8, "losses"
    )


# ---------------------------------------------------------------- the source


def drained(study):
    """Everything that comes until the thread ends."""
    study.wait(30)
    events = []
    while part := study.drain():
        events += part
    return events


def test_a_finished_run_comes_whole_and_in_parts(writer, monkeypatch):
    monkeypatch.setattr("tui.session.watching.BYTES_A_LOOK", 1000)
    monkeypatch.setattr("tui.session.watching.EVENTS_A_DRAW", 10)
    writer.end()
    study = WatchedStudy(REAL_ENGINE, writer.folder, print)
    study.start()
    study.wait(30)
    assert study.running  # not all is drawn
    assert len(study.drain()) == 10
    record = StudyRecord.from_events([*study.drain()])
    record = StudyRecord.from_events(drained(study))
    assert record.finished.status == "done"
    assert not study.running
    assert study.failure is None
    assert EVENTS_A_DRAW > 1000


def test_a_run_that_cannot_be_read_ends_with_the_reason(writer):
    (writer.folder / "events.jsonl").write_text("nonsense\n")
    study = WatchedStudy(REAL_ENGINE, writer.folder, print)
    study.start()
    study.wait(30)
    assert not study.running
    assert study.failure.expected
    assert "line 1 is damaged" in study.failure.message


def test_what_another_writes_is_drawn_as_no_longer_interrupted(writer, monkeypatch):
    writer.write_until(in_training)
    writer.die()
    study = WatchedStudy(REAL_ENGINE, writer.folder, print)
    study.start()
    while not study.interrupted:
        study.wait(0.01)
    interrupted = []
    monkeypatch.setattr(study.control, "take", lambda event: interrupted.append(study.interrupted))
    writer.run = RunFolder.open_for_resume(writer.folder)
    writer.write(RunResumed(program_version="1"))
    writer.end()
    drained(study)
    assert interrupted
    assert not any(interrupted)


def test_a_run_whose_folder_is_removed_is_said_to_be_gone(writer):
    writer.write_until(in_training)
    study = WatchedStudy(REAL_ENGINE, writer.folder, print)
    study.start()
    while not study.drain():
        study.wait(0.01)
    shutil.rmtree(writer.folder)
    study.wait(30)
    assert "is gone" in study.failure.message
    assert study.failure.expected
    assert not study.running


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO])
def test_a_run_whose_disk_went_away_is_said_to_be_unreadable(writer, monkeypatch, number):
    writer.write_until(in_training)
    study = WatchedStudy(REAL_ENGINE, writer.folder, print)
    study.start()
    while not study.drain():
        study.wait(0.01)

    def refuse(path, *_args, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("engine.runs.reader.Path.open", refuse)
    monkeypatch.setattr("engine.runs.lock.Path.exists", refuse)
    study.wait(30)
    assert os.strerror(number) in study.failure.message
    assert study.failure.expected
    assert not study.running


def test_a_wish_that_nobody_hears_is_said_and_forgotten(writer):
    said = []
    writer.write_until(in_training)
    writer.die()
    study = WatchedStudy(REAL_ENGINE, writer.folder, said.append)
    study.control.pause()
    study.start()
    study.control.stop()
    while len(said) < 2 or not study.interrupted:  # the pause and the stop are refused one after the other
        study.wait(0.01)
    study.close()
    assert all("no process works on" in words for words in said)
    assert not study.control.paused
    assert not study.control.stop_requested


# ---------------------------------------------------------------- the dashboard


async def test_the_dashboard_says_that_the_folder_of_a_watched_run_is_gone(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        shutil.rmtree(writer.folder)
        await kit.until(pilot, lambda: "is gone" in kit.screen_text(pilot.app), "the words")


async def test_what_the_writer_does_is_drawn_as_it_comes(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        assert isinstance(opened.screen, TrainingScreen)
        text = kit.screen_text(opened)
        assert "watching" in text
        assert "protocol official" in text
        writer.end()
        await kit.until(pilot, lambda: isinstance(opened.screen, ResultsScreen), "results")
        assert opened.session.exit_failure is None


async def test_pause_and_stop_reach_the_writer_through_its_folder(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        await pilot.press("p")
        await kit.until(pilot, lambda: writer.asked == ["pause"], "request")
        assert control_note(opened.session) == "pausing after this batch"
        writer.write(StudyPaused())
        await kit.until(pilot, lambda: control_note(opened.session) == "paused", "paused")
        await pilot.press("p")
        await kit.until(pilot, lambda: writer.asked == ["pause", "unpause"], "request")
        writer.write(StudyUnpaused())
        await kit.until(pilot, lambda: not opened.session.state.paused, "resumed")
        assert control_note(opened.session) == ""
        await pilot.press("s")
        await pilot.press("y")
        await kit.until(pilot, lambda: writer.asked == ["pause", "unpause", "stop"], "request")
        assert control_note(opened.session) == "stopping after this batch"


async def test_a_pause_that_another_watcher_asked_for_is_shown(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        writer.write(StudyPaused())
        await kit.until(pilot, lambda: control_note(opened.session) == "paused", "paused")


async def test_leaving_asks_nothing_and_the_study_goes_on(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        await pilot.press("q")
        assert not isinstance(opened.screen, ConfirmScreen)
        await kit.until(pilot, lambda: opened._exit, "exit")
    assert writer.asked == []
    assert (opened.return_code, opened.session.going_on) == (0, "keeps running")
    assert opened.session.exit_record.started.folder == str(writer.folder)


async def test_back_leaves_the_study_too(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        study = opened.session.watched
        await pilot.press("escape")
        await kit.until(pilot, lambda: isinstance(opened.screen, SetupScreen), "set-up")
        study.wait(30)
        assert opened.session.source is None
        assert writer.asked == []


async def test_a_writer_that_died_is_marked_and_another_that_goes_on_is_followed(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        writer.die()
        await kit.until(pilot, lambda: opened.session.watched.interrupted, "interrupted")
        await kit.until(pilot, lambda: "its writer is gone" in kit.screen_text(opened), "words")
        assert f"simpsons-tui resume {writer.folder.name}" in kit.screen_text(opened)
        assert isinstance(opened.screen, TrainingScreen)
        writer.run = RunFolder.open_for_resume(writer.folder)
        writer.write(RunResumed(program_version="1"))
        writer.write_until(lambda event: isinstance(event, BatchTrained) and event.step == 9)
        await kit.until(pilot, lambda: len(opened.session.state.job("vanilla").losses) == 10, "losses")
        # What training brings is drawn seldom where the machine is busy.
        await kit.until(pilot, lambda: "its writer is gone" not in kit.screen_text(opened), "words that go")
        writer.end()
        await kit.until(pilot, lambda: isinstance(opened.screen, ResultsScreen), "results")


async def test_r_goes_on_here_with_what_was_interrupted(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        writer.die()
        await kit.until(pilot, lambda: opened.session.resumable == writer.folder, "interrupted")
        await pilot.press("r")
        await kit.until(pilot, lambda: opened.session.engine.resumed == [writer.folder], "resumed")
        await kit.until(pilot, lambda: isinstance(opened.screen, ResultsScreen), "results")
        assert opened.session.watched is None


async def test_a_run_that_cannot_be_read_ends_the_program_with_the_reason(kit, make_app, tmp_path):
    app = make_app(watch=tmp_path / "nowhere")
    async with app.run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: app._exit, "exit")
    assert app.return_code == 2
    assert "no run folder" in app.session.exit_failure.message


async def test_a_signal_ends_the_watching_and_not_the_study(kit, opened, writer):
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        await shown(kit, pilot)
        opened.session.terminate(15)
        await kit.until(pilot, lambda: opened._exit, "exit")
    assert writer.asked == []
    assert opened.return_code == 128 + 15


# ---------------------------------------------------------------- at the next login


async def test_the_set_up_says_what_runs_and_one_key_attaches(kit, make_app, writer):
    writer.write_until(in_training)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: "1 study runs in another process" in kit.screen_text(app), "words")
        await pilot.press("w")
        await shown(kit, pilot)
        assert app.session.watched.folder == writer.folder
        await pilot.press("n")
        await kit.until(pilot, lambda: isinstance(app.screen, SetupScreen), "set-up")
        writer.die()
        app.screen.on_screen_resume()
        await kit.until(pilot, lambda: "1 study was interrupted" in kit.screen_text(app), "words")
        await pilot.press("w")
        assert isinstance(app.screen, SetupScreen)


async def test_trouble_with_the_runs_folder_does_not_disturb_the_set_up(kit, make_app):
    def broken(runs_dir=None):
        raise StorageError("no")

    engine = kit.FakeEngine()
    engine.list_runs = broken
    app = make_app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        assert app.screen.live == []


async def test_a_finished_event_alone_is_no_end_while_its_writer_lives(kit, opened, writer):
    """A study that goes on begins with the end of the last try."""
    async with opened.run_test(size=SIZE) as pilot:
        writer.write_until(in_training)
        writer.write(StudyFinished(status="stopped"))
        await kit.until(pilot, lambda: opened.session.state and opened.session.state.finished, "finished")
        assert opened.session.engine_running
        writer.die()
        await kit.until(pilot, lambda: not opened.session.engine_running, "end")
        assert opened.session.resumable == writer.folder
