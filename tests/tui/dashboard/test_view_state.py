import math

import pytest

from engine.events.study import (
    BatchTrained,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyPaused,
    StudyUnpaused,
)
from engine.events.study_json import study_to_json
from tui.state.jobs import RATE_WINDOW_SECONDS
from tui.state.view_state import ViewState

VARIANTS = ("vanilla", "bbox")


def folded(kit, until=lambda event: False, variants=VARIANTS, **options):
    state = ViewState()
    for event in kit.study_events(variants, **options):
        state.apply(event)
        if until(event):
            break
    return state


def test_a_whole_study_ends_with_every_variant_done(kit):
    state = folded(kit)
    assert [state.job(variant).status for variant in VARIANTS] == ["done", "done"]
    assert [state.job(variant).accuracy for variant in VARIANTS] == [0.7, 0.72]
    assert state.share() == 1.0
    assert state.seconds_left() == 0.0
    assert state.running_variant is None


def test_rate_and_time_left_of_a_stage_follow_the_events(kit):
    state = folded(kit, lambda e: isinstance(e, StageProgress) and e.stage == "preprocess" and e.done == 340)
    stage = state.job("vanilla").stage
    assert stage.rate() == pytest.approx(85)
    assert stage.seconds_left() == pytest.approx(510 / 85)
    assert stage.share == pytest.approx(0.4)


def test_training_reports_images_a_second_and_batches_left(kit):
    state = folded(kit, lambda e: isinstance(e, BatchTrained) and e.step == 9)
    stage = state.job("vanilla").stage
    assert stage.image_rate() == pytest.approx(25)
    assert stage.seconds_left() == pytest.approx(20)


def test_images_from_the_cache_do_not_count_as_speed():
    state = ViewState()
    state.apply(StageStarted(time=0, stage="preprocess", variant="vanilla", total=100, cached=60))
    assert state.job("vanilla").stage.share == pytest.approx(0.6)
    assert state.job("vanilla").stage.rate() is None
    state.apply(StageProgress(time=10, stage="preprocess", variant="vanilla", done=80))
    assert state.job("vanilla").stage.rate() == pytest.approx(2)


def test_the_rate_forgets_how_fast_it_was_long_ago():
    state = ViewState()
    state.apply(StageStarted(time=0, stage="preprocess", variant="vanilla", total=10_000))
    for second in range(1, 200):
        done = 100 * second if second <= 50 else 5000 + (second - 50)
        state.apply(StageProgress(time=second, stage="preprocess", variant="vanilla", done=done))
    assert 50 + RATE_WINDOW_SECONDS < 199
    assert state.job("vanilla").stage.rate() == pytest.approx(1)


def test_pauses_count_neither_as_work_nor_in_rates(kit):
    state = folded(kit, lambda e: isinstance(e, BatchTrained) and e.step == 4)
    last = state.log[-1].time
    before, now = state.job("vanilla").stage.rate(), kit.START + 21
    elapsed = state.elapsed(now)
    state.apply(StudyPaused(time=now))
    assert state.paused
    assert state.elapsed(now + 500) == pytest.approx(elapsed)
    state.apply(StudyUnpaused(time=now + 1000))
    assert not state.paused
    state.apply(BatchTrained(time=now + 1002, variant="vanilla", epoch=1, step=5, loss=1.0, images=50))
    assert state.job("vanilla").stage.rate() == pytest.approx(before)
    assert state.elapsed(now + 1002) == pytest.approx(elapsed + 2)
    assert last < now


def test_the_study_time_left_shrinks_and_its_share_grows(kit):
    state, shares, lefts = ViewState(), [], []
    for event in kit.study_events(VARIANTS):
        state.apply(event)
        shares.append(state.share())
        if isinstance(event, StageFinished) and event.stage == "train":
            lefts.append(state.seconds_left())
    assert shares == sorted(shares)
    assert lefts == sorted(lefts, reverse=True)
    # After the first variant's training the second one costs what the first did.
    assert lefts[0] == pytest.approx(53, rel=0.25)


def test_a_stopped_study_is_not_a_whole_one(kit):
    state = folded(kit, lambda e: isinstance(e, BatchTrained))
    state.apply(StudyFinished(time=kit.START + 30, status="stopped"))
    assert state.share() < 1
    assert state.elapsed(kit.START + 999) == pytest.approx(30)


def test_nan_is_a_gap_and_one_warning_for_each_run_of_them():
    state = ViewState()
    for step, loss in enumerate([1.0, math.nan, math.nan, 2.0, math.inf]):
        state.apply(BatchTrained(time=step, variant="vanilla", epoch=0, step=step, loss=loss, images=5))
    assert [line.level for line in state.log] == ["warning", "warning"]
    assert "batch 2 is NaN" in state.log[0].text
    assert "batch 5 is infinite" in state.log[1].text
    assert [math.isfinite(value) for value in state.job("vanilla").losses] == [True, False, False, True, False]


def test_stages_of_no_variant_are_kept_apart():
    state = ViewState()
    state.apply(StageStarted(time=0, stage="check", total=10))
    state.apply(StageProgress(time=1, stage="check", done=5))
    assert state.common_stage.share == 0.5
    assert state.jobs == {}
    state.apply(StageFinished(time=2, stage="check", seconds=2))
    assert state.common_stage is None


def test_replaying_a_stream_gives_what_following_it_gave(kit):
    events = list(kit.study_events(VARIANTS))
    replayed = ViewState.from_events(events)
    assert [line.text for line in replayed.log] == [line.text for line in folded(kit).log]
    assert study_to_json(replayed.record) == study_to_json(folded(kit).record)
