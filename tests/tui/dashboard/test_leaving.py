"""A study that goes on without this dashboard, and a dashboard that goes on with a study."""

import signal
from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.events.study import BatchTrained, RunResumed, StudyStarted, TrainingResumed
from tui.screens.results.results import ResultsScreen
from tui.screens.training.screen import TrainingScreen
from tui.state.view_state import ViewState

SIZE = (120, 40)
WORKER = 4242


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "runs" / "20010909-0146"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def engine(kit, run_folder):
    """Holds in the middle of vanilla's training, in a run folder."""

    def stream(variants):
        for event in kit.study_events(variants):
            yield replace(event, folder=str(run_folder)) if isinstance(event, StudyStarted) else event

    def hold(event):
        return isinstance(event, BatchTrained) and event.step == 7

    return kit.FakeEngine(stream=stream, hold=hold)


@pytest.fixture
def app(make_app, engine):
    """Notes for which runs a process of their own was asked, and with which status this one would end."""
    spawned, left = [], []

    def spawn(folder):
        spawned.append(folder)
        return WORKER

    app = make_app(engine, spawn_worker=spawn, end=left.append)
    app.spawned, app.left = spawned, left
    return app


async def in_training(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("enter")
    await kit.until(pilot, lambda: pilot.app.session.state and pilot.app.session.state.job("vanilla").losses, "losses")
    await kit.until(pilot, pilot.app.session.engine.holding.is_set, "hold")


async def test_x_hands_the_study_to_a_process_of_its_own_and_leaves(kit, app, run_folder, engine):
    async with app.run_test(size=SIZE) as pilot:
        await in_training(kit, pilot)
        await pilot.press("x")
        assert app.spawned == [run_folder]
        assert engine.controls[0].handing_over
        assert "handing over after this batch" in kit.screen_text(app)
        engine.go.set()
        await kit.until(pilot, lambda: app._exit, "exit")
    assert (app.session.worker, app.return_code) == (WORKER, 0)


async def test_a_closed_terminal_hands_the_study_over_too(kit, app, run_folder, engine):
    async with app.run_test(size=SIZE) as pilot:
        await in_training(kit, pilot)
        app.session.hang_up()
        assert app.spawned == [run_folder]
        assert engine.controls[0].handing_over
        assert app.left == []  # the batch under way is to be saved
        engine.go.set()
        await kit.until(pilot, lambda: app.left, "end of the process")
    assert app.left == [128 + signal.SIGHUP]


async def test_a_closed_terminal_without_a_study_ends_the_program(kit, app):
    async with app.run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        app.session.hang_up()
        await kit.until(pilot, lambda: app.left, "end of the process")
    assert (app.spawned, app.left) == ([], [128 + signal.SIGHUP])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_study_and_leaves(kit, app, engine, number):
    async with app.run_test(size=SIZE) as pilot:
        await in_training(kit, pilot)
        app.session.terminate(number)
        control = engine.controls[0]
        assert control.stop_requested
        assert not control.handing_over
        engine.go.set()
        await kit.until(pilot, lambda: app._exit, "exit")
    assert app.return_code == 128 + number


async def test_where_no_process_can_be_started_the_study_stays(kit, make_app, engine):
    def spawn(folder):
        raise OSError(12, "Cannot allocate memory")

    app = make_app(engine, spawn_worker=spawn)
    async with app.run_test(size=SIZE) as pilot:
        await in_training(kit, pilot)
        await pilot.press("x")
        await kit.until(pilot, lambda: list(app._notifications), "message")
        assert "Cannot allocate memory" in next(iter(app._notifications)).message
        assert not engine.controls[0].stop_requested
        assert app.session.engine_running


async def test_a_study_that_is_stopping_is_not_handed_over(kit, app, engine):
    async with app.run_test(size=SIZE) as pilot:
        await in_training(kit, pilot)
        engine.controls[0].stop()
        await pilot.press("x")
        assert app.spawned == []


async def test_a_run_is_gone_on_with_from_the_first_screen(kit, make_app, run_folder):
    engine = kit.FakeEngine()
    app = make_app(engine, resume=run_folder)
    async with app.run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: isinstance(app.screen, ResultsScreen), "results")
        assert engine.resumed == [run_folder]
        assert isinstance(app.screen_stack[-2], TrainingScreen)


async def test_a_run_that_cannot_be_gone_on_with_ends_the_program(kit, make_app, run_folder):
    engine = kit.FakeEngine()

    def refuse(
        folder,
        emit=None,
        control=None,
        *,
        replay=None,
        wait_seconds=None,
        recheck=False,
        execution=None,
        log=None,
    ):
        raise InputError("the study is done, there is nothing to go on with")

    engine.resume_study = refuse
    app = make_app(engine, resume=run_folder)
    async with app.run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: app._exit, "exit")
    assert app.return_code == 2
    assert "nothing to go on with" in app.session.exit_failure.message


def test_a_stream_that_goes_on_is_folded_as_one(kit):
    whole = list(kit.study_events(("vanilla", "bbox")))
    cut = next(i for i, e in enumerate(whole) if isinstance(e, BatchTrained) and (e.variant, e.step) == ("bbox", 9))
    back = next(i for i, e in enumerate(whole) if isinstance(e, BatchTrained) and (e.variant, e.step) == ("bbox", 8))
    went_on = RunResumed(program_version="1", time=whole[cut].time + 1000)
    again = TrainingResumed(variant="bbox", epoch=2, step=8, time=whole[cut].time + 1000)
    later = [replace(event, time=event.time + 1000) for event in whole[back:]]
    state, expected = ViewState.from_events([*whole[: cut + 1], went_on, again, *later]), ViewState.from_events(whole)
    assert state.job("bbox").losses == expected.job("bbox").losses
    assert [list(state.record.images.values()), list(state.record.steps.values())] == [
        list(expected.record.images.values()),
        list(expected.record.steps.values()),
    ]
    assert state.record.losses == expected.record.losses
    assert state.job("bbox").status == "done"
    # The thousand seconds in which nobody worked do not count.
    assert state.elapsed(0) == pytest.approx(expected.elapsed(0), abs=3)
