"""The screen of a search, fed with events of a search that nobody makes."""

import math
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES
from engine.config.search import TuningConfig
from engine.errors import DatasetError, StudyStopped
from engine.events.search import (
    EpochScored,
    NumberRange,
    TrialFinished,
    TrialStarted,
    TuningFinished,
    TuningResumed,
    TuningStarted,
)
from engine.events.search_record import TuningRecord
from engine.events.study import (
    BatchTrained,
    MachineChosen,
    ProtocolApplied,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyPaused,
    StudyUnpaused,
)
from engine.reports.results import ProtocolSummary
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_study import START
from tui.screens.tuning.trials_chart import TrialsChart
from tui.session.search import TuningWish, wish_from

SIZES = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]
EPOCHS, BATCHES = 5, 4
TRIALS = (
    ((0.001, 50, 0.5), 0.62),
    ((0.00412, 31, 0.212), 0.66),
    ((0.000133, 170, 0.7), 0.31),
    ((0.0075, 22, 0.05), 0.58),
    ((0.000201, 90, 0.61), 0.35),
    ((0.00287, 28, 0.301), 0.71),
    ((0.009, 14, 0.44), math.nan),
    ((0.00301, 26, 0.295), 0.7),
)
PRUNED, FAILED = 4, 6
NUMBERS = (
    NumberRange("learning_rate", 1e-4, 1e-2, log=True),
    NumberRange("batch_size", 12, 200, log=True, whole=True),
    NumberRange("dropout", 0, 0.8),
)
CONCLUSION = (
    "Best is trial 5: validation accuracy 0.688 (95 % interval 0.607 to 0.759, Wilson), with learning_rate 0.00287.",
    "The test images were not touched.",
)


class Clock:
    def __init__(self, start):
        self.now = start

    def tick(self, seconds):
        self.now += seconds
        return self.now


def preparation(summary, clock, folder):
    yield TuningStarted(
        time=clock.now,
        search="20010909-0146",
        dataset=summary,
        variant="vanilla",
        protocol="clean",
        recipe=RECIPES["quick"],
        seeds=(0,),
        validation_fraction=0.2,
        numbers=NUMBERS,
        trials=len(TRIALS),
        minutes=None,
        program_version="0.1.0",
        folder=folder,
    )
    yield StageStarted(time=clock.now, stage="check", total=850)
    yield StageProgress(time=clock.tick(1), stage="check", done=850)
    yield StageFinished(time=clock.now, stage="check", seconds=1)
    yield ProtocolApplied(
        time=clock.now, protocol=ProtocolSummary("clean", "clean: divided", (560,), (140,), (150,), left_out=0)
    )
    yield MachineChosen(time=clock.now, machine=MachineSettings("cpu", "a processor", "bf16", True, 2, "measured"))


def trial_events(clock, number):
    values, height = TRIALS[number]
    names = [entry.name for entry in NUMBERS]
    yield TrialStarted(
        time=clock.now,
        trial=number,
        numbers=tuple(zip(names, map(float, values), strict=True)),
        steps=EPOCHS * BATCHES,
        is_recipe=number == 0,
    )
    began = clock.now
    for epoch in range(EPOCHS):
        for batch in range(BATCHES):
            step = epoch * BATCHES + batch
            yield BatchTrained(time=clock.tick(2), variant=f"trial-{number}", epoch=epoch, step=step, loss=1, images=50)
        if number == FAILED:
            yield TrialFinished(
                time=clock.now, trial=number, state="failed", reason="the loss is not finite", seconds=clock.now - began
            )
            return
        accuracy = height * (1 - 0.5 ** (epoch + 1))
        yield EpochScored(
            time=clock.now, trial=number, seed=0, epoch=epoch, accuracy=accuracy, loss=1.5 - accuracy, training_loss=1.0
        )
        if number == PRUNED and epoch == 2:
            yield TrialFinished(
                time=clock.now, trial=number, state="pruned", epochs=3, reason="given up", seconds=clock.now - began
            )
            return
    yield TrialFinished(
        time=clock.now,
        trial=number,
        state="done",
        accuracy=accuracy,
        loss=1.5 - accuracy,
        epochs=EPOCHS,
        seconds=clock.now - began,
    )


class SearchPlayer(FakeEngine):
    """Plays a search; `hold` says after which event it waits for `go`."""

    folder, start = Path("search"), START

    def __init__(self, hold=lambda event: False, error=None):
        super().__init__()
        self._hold_search, self._error = hold, error
        self.searched, self.continued = [], []
        self.record = TuningRecord()

    def tune(self, config, emit=None, control=None):
        self.searched.append(config)
        if self._error is not None:
            raise self._error
        self.folder.mkdir(exist_ok=True)
        clock = Clock(self.start)
        self.play(preparation(self.summary, clock, str(self.folder)), emit, control)
        return self.go_on(clock, emit, control)

    def resume_tuning(self, folder, emit=None, control=None, *, trials=None, minutes=None, replay=None, execution=None):
        self.continued.append((folder, trials, minutes))
        clock = Clock(self.start + 5000)
        self.play([TuningResumed(time=clock.now, trials=8, minutes=None, program_version="0")], emit, control)
        return self.go_on(clock, emit, control)

    def go_on(self, clock, emit, control):
        control.listen(lambda: emit(StudyPaused(time=clock.now)), lambda: emit(StudyUnpaused(time=clock.now)))
        status, conclusion = "done", CONCLUSION
        try:
            for number in range(len(self.record.ended), len(TRIALS)):
                self.play(trial_events(clock, number), emit, control)
        except StudyStopped:
            status, conclusion = "stopped", CONCLUSION[1:]
        best = self.record.best.number if self.record.best else None
        ending = TuningFinished(
            time=clock.now, status=status, best=best, conclusion=conclusion, folder=str(self.folder)
        )
        self.record.apply(ending)
        emit(ending)
        return self.record

    def play(self, events, emit, control):
        for event in events:
            self.record.apply(event)
            emit(event)
            if self._hold_search(event) and not self.go.is_set():
                self.holding.set()
                self.go.wait(30)
            control.checkpoint()


@pytest.fixture
def search_engine(kit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the screen shows the folder, which must not be longer in one run than in another
    return SearchPlayer


@pytest.fixture
def wish(kit):
    return wish_from(kit.CONFIG)


def in_the_middle(event):
    return isinstance(event, BatchTrained) and (event.variant, event.step) == ("trial-7", 10)


def drawn_version(pilot):
    """Of the search, as the curves show it: they are drawn less often than events come."""
    key = pilot.app.screen.query_one(TrialsChart)._key
    return key[0] if key else None


def shows(kit, pilot, *words):
    return lambda: all(word in kit.screen_text(pilot.app) for word in words)


# ---------------------------------------------------------------- looks


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_while_it_runs(kit, make_app, search_engine, wish, snapshot, size):
    engine = search_engine(hold=in_the_middle)
    async with make_app(engine, tuning=replace(wish, at_once=True)).run_test(size=size) as pilot:
        await kit.until(pilot, shows(kit, pilot, "trial 7 (8 of 8)", "this one 55 %"), "running")
        await kit.until(pilot, lambda: drawn_version(pilot) == pilot.app.screen.state.version, "drawn")
        assert await kit.settled(pilot) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_at_its_end(kit, make_app, search_engine, wish, snapshot, size):
    async with make_app(search_engine(), tuning=replace(wish, at_once=True)).run_test(size=size) as pilot:
        await kit.until(pilot, shows(kit, pilot, "search done", "Best is trial 5"), "ended")
        assert await kit.settled(pilot) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_before_it_begins(kit, make_app, search_engine, snapshot, size):
    async with make_app(search_engine()).run_test(size=size) as pilot:
        await kit.ready(pilot)
        await pilot.press("t")
        await kit.until(pilot, shows(kit, pilot, "ready: 20 trials"))
        assert await kit.settled(pilot) == snapshot


# ---------------------------------------------------------------- keys


async def test_from_the_set_up_and_back_with_the_best_numbers(kit, make_app, search_engine):
    engine = search_engine()
    async with make_app(engine).run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("2", "t")  # vanilla is first still
        await kit.until(pilot, shows(kit, pilot, "ready: 20 trials", "clean, 20 %"))
        await pilot.press("plus", "minus", "minus")
        await kit.until(pilot, shows(kit, pilot, "ready: 15 trials"))
        await pilot.press("enter")
        await kit.until(pilot, shows(kit, pilot, "search done"))
        (config,) = engine.searched
        assert (config.trials, config.study.variants, config.study.protocol) == (15, ("vanilla",), "clean")
        await pilot.press("u")
        await kit.until(pilot, shows(kit, pilot, "(edited)", "0.00287", "dropout", "0.301"))
        await pilot.press("enter")
        await kit.until(pilot, lambda: engine.configs)
        assert engine.configs[0].recipe == replace(
            RECIPES["quick"], learning_rate=0.00287, batch_size=28, dropout=0.301
        )


async def test_fewer_than_one_trial_cannot_be_wished_for(kit, make_app, search_engine, wish):
    few = replace(wish, config=replace(wish.config, trials=3), at_once=False)
    async with make_app(search_engine(), tuning=few).run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, shows(kit, pilot, "ready: 3 trials"))
        await pilot.press("minus")
        await pilot.pause()
        assert "ready: 3 trials" in kit.screen_text(pilot.app)


async def test_pause_and_go_on(kit, make_app, search_engine, wish):
    engine = search_engine(hold=in_the_middle)
    async with make_app(engine, tuning=replace(wish, at_once=True)).run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, engine.holding.is_set)
        await pilot.press("p")
        await kit.until(pilot, shows(kit, pilot, "pausing after this batch"))
        engine.go.set()
        await kit.until(pilot, shows(kit, pilot, " paused "))
        await pilot.press("p")
        await kit.until(pilot, shows(kit, pilot, "search done"))


async def test_stop_and_go_on(kit, make_app, search_engine, wish):
    engine = search_engine(hold=in_the_middle)
    async with make_app(engine, tuning=replace(wish, at_once=True)).run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, engine.holding.is_set)
        await pilot.press("escape")  # there is no way back while it runs
        await pilot.press("x")
        await kit.until(pilot, shows(kit, pilot, "stopping after this batch"))
        engine.go.set()
        await kit.until(pilot, shows(kit, pilot, "search stopped", "r: resume", "interrupted"))
        await pilot.press("r")
        await kit.until(pilot, shows(kit, pilot, "search done", "Best is trial 5"))
        assert engine.continued == [(engine.folder, None, None)]
        await pilot.press("escape")
        await kit.until(pilot, shows(kit, pilot, "set-up"))


async def test_a_search_that_goes_on_begins_at_once_with_its_limits(kit, make_app, search_engine, wish, tmp_path):
    engine = search_engine()
    engine.record = TuningRecord.from_events(preparation(kit.SUMMARY, Clock(kit.START), str(tmp_path)))
    resumed = TuningWish(TuningConfig(wish.config.study), tmp_path, limits=(8, None))
    async with make_app(engine, tuning=resumed).run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, shows(kit, pilot, "search done"))
        assert engine.continued == [(tmp_path, 8, None)]


async def test_leaving_asks_first_and_stops_the_search(kit, make_app, search_engine, wish):
    engine = search_engine(hold=in_the_middle)
    app = make_app(engine, tuning=replace(wish, at_once=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, engine.holding.is_set)
        await pilot.press("q")
        await kit.until(pilot, shows(kit, pilot, "A search is running. Leave?"))
        await pilot.press("n", "ctrl+c")
        await kit.until(pilot, shows(kit, pilot, "A search is running. Leave?"))
        assert not app.session.search.control.stop_requested
        await pilot.press("y")
    assert app.return_code == 0
    assert app.session.search.control.stop_requested


async def test_one_engine_at_a_time(kit, make_app, search_engine, wish):
    engine = search_engine(hold=in_the_middle)
    app = make_app(engine, tuning=replace(wish, at_once=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, engine.holding.is_set)
        app.session.start_study(kit.CONFIG)
        await pilot.press("n", "h")
        await pilot.pause()
        assert engine.configs == []
        assert "trial 7 (8 of 8)" in kit.screen_text(app)
        engine.go.set()
        await kit.until(pilot, shows(kit, pilot, "search done"))


async def test_the_marked_trial_stands_out(kit, make_app, search_engine, wish):
    async with make_app(search_engine(), tuning=replace(wish, at_once=True)).run_test(size=(200, 50)) as pilot:
        await kit.until(pilot, shows(kit, pilot, "search done", "■ trial 7"))
        await pilot.press("down", "down", "down")
        await kit.until(pilot, shows(kit, pilot, "■ trial 4"))
        await pilot.press("s")  # by state; the mark stays on its trial
        await kit.until(pilot, shows(kit, pilot, "■ trial 4"))


async def test_at_24_lines_the_conclusion_and_the_curves_take_turns(kit, make_app, search_engine, wish):
    async with make_app(search_engine(), tuning=replace(wish, at_once=True)).run_test(size=(80, 24)) as pilot:
        await kit.until(pilot, shows(kit, pilot, "Best is trial 5"))
        assert "by epoch" not in kit.screen_text(pilot.app)
        await pilot.press("v", "v")
        await kit.until(pilot, shows(kit, pilot, "validation accuracy by epoch"))
        assert "Best is trial 5" not in kit.screen_text(pilot.app)
        await pilot.press("v")
        await kit.until(pilot, shows(kit, pilot, "Best is trial 5", "failed"))


async def test_every_key_is_in_the_help(kit, make_app, search_engine, wish):
    async with make_app(search_engine(), tuning=replace(wish, at_once=True)).run_test(size=(120, 50)) as pilot:
        await kit.until(pilot, shows(kit, pilot, "search done"))
        await pilot.press("question_mark")
        await kit.until(pilot, shows(kit, pilot, "Tune", "Wait after this batch", "Back to the set-up with the best"))


# ---------------------------------------------------------------- what goes wrong


async def test_data_that_cannot_be_used_end_the_program_that_was_asked_for_a_search(make_app, search_engine, wish):
    app = make_app(search_engine(error=DatasetError("pics: no images")), tuning=replace(wish, at_once=True))
    ended = threading.Event()
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(1000):
            if app.return_code is not None:
                ended.set()
                break
            await pilot.pause(0.01)
    assert ended.is_set()
    assert app.return_code == 2
    assert app.session.exit_failure.message == "pics: no images"


async def test_from_the_set_up_it_is_said_on_the_screen(kit, make_app, search_engine):
    engine = search_engine(error=ZeroDivisionError("oh"))
    async with make_app(engine).run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("t", "enter")
        await kit.until(pilot, shows(kit, pilot, "the search ended: ZeroDivisionError: oh"))
        await pilot.press("escape")
        await kit.until(pilot, shows(kit, pilot, "set-up"))
