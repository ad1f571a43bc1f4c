"""Progress and time left of a search."""

import pytest

from engine.config.recipes import RECIPES
from engine.events.search import TrialFinished, TrialStarted, TuningResumed, TuningStarted
from engine.events.study import BatchTrained, StageFinished, StageStarted, StudyPaused, StudyUnpaused
from engine.reports.results import DatasetSummary
from tui.state.search import TuningState

SUMMARY = DatasetSummary("tiny", "/tiny", "split", False, ("a", "b"), (50, 50), (10, 10), 0, 0)


def started(trials, minutes=None):
    return TuningStarted(
        time=0,
        search="s",
        dataset=SUMMARY,
        variant="vanilla",
        protocol="clean",
        recipe=RECIPES["quick"],
        seeds=(0,),
        validation_fraction=0.2,
        numbers=(),
        trials=trials,
        minutes=minutes,
        program_version="0",
    )


def trial(number, at, seconds, batches=10):
    yield TrialStarted(time=at, trial=number, numbers=(), steps=10)
    for batch in range(batches):
        time = at + seconds * (batch + 1) / 10
        yield BatchTrained(time=time, variant=f"trial-{number}", epoch=0, step=batch, loss=1, images=5)
    if batches == 10:
        yield TrialFinished(time=at + seconds, trial=number, state="done", accuracy=0.5, loss=1, seconds=seconds)


def state_of(*events):
    state = TuningState()
    for event in events:
        state.apply(event)
    return state


def test_nothing_is_known_before_the_first_batch():
    state = state_of(started(4), TrialStarted(time=5, trial=0, numbers=(), steps=10))
    assert state.share() == 0
    assert state.seconds_left() is None


def test_the_first_trial_tells_how_long_all_will_take():
    state = state_of(started(4), *trial(0, 0, 40, batches=5))
    assert state.share() == pytest.approx(0.5 / 4)
    assert state.seconds_left() == pytest.approx(20 + 3 * 40)


def test_later_the_mean_of_those_that_ended_does():
    state = state_of(started(4), *trial(0, 0, 40), *trial(1, 40, 20), *trial(2, 60, 30, batches=5))
    assert state.share() == pytest.approx(2.5 / 4)
    assert state.seconds_left() == pytest.approx(15 + 30)


def test_minutes_end_it_after_the_trial_under_way():
    state = state_of(started(None, minutes=2), *trial(0, 0, 60), *trial(1, 60, 60, batches=5))
    assert state.share() == pytest.approx(0.5)
    assert state.seconds_left() == pytest.approx(60)


def test_a_pause_is_no_work():
    state = state_of(started(2), StudyPaused(time=10), StudyUnpaused(time=110))
    assert state.elapsed(120) == pytest.approx(20)
    state.apply(StudyPaused(time=130))
    assert state.paused
    assert state.elapsed(500) == pytest.approx(30)


def test_the_time_before_an_interruption_does_not_count():
    state = state_of(started(2), *trial(0, 0, 40), *trial(1, 40, 40, batches=3))
    state.apply(TuningResumed(time=1000, trials=3, minutes=None, program_version="0"))
    assert state.elapsed(1010) == pytest.approx(10)
    assert state.training is None
    assert state.record.trials[1].state == "interrupted"
    assert state.share() == pytest.approx(1 / 3)


def test_a_stage_is_shown_until_it_ends():
    state = state_of(started(2), StageStarted(time=1, stage="audit", total=50))
    assert state.stage.total == 50
    state.apply(StageFinished(time=2, stage="audit", seconds=1))
    assert state.stage is None
