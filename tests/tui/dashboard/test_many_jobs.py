"""Many jobs at once: what their interleaved events become, and the screens that show them."""

import math
from dataclasses import replace

import pytest

from engine.events.record import JobKey
from engine.events.study import (
    AttemptEnded,
    AttemptStarted,
    BatchTrained,
    EpochTrained,
    RunResumed,
    StudyStarted,
    WorkersChanged,
)
from tests.many_jobs import START, ManyJobs
from tests.tui.dashboard.kit import screen_text
from tui.screens.training.attempts import AttemptsScreen
from tui.screens.training.screen import TrainingScreen
from tui.screens.training.workers_panel import WorkersPanel
from tui.state.curves import METRICS, RecordCurves
from tui.state.jobs import StageView
from tui.state.view_state import ViewState
from tui.state.workload import WorkPart, seconds_left, share_done

FOUR = ManyJobs(seeds=2, folds=2, batches=20, workers=8)
LOST = JobKey("bbox", 0, 0)
FAULTY = replace(FOUR, ends={(LOST, 1): (5, "node lost")})
SIZES = [(80, 24), (120, 40), (200, 50)]


def folded(jobs, until=lambda event: False):
    state = ViewState()
    for event in jobs.events():
        state.apply(event)
        if until(event):
            break
    return state


def after(seconds):
    return lambda event: event.time > START + seconds


# ------------------------------------------------------------------ the state


def test_each_chart_stays_on_its_job_until_that_ends():
    state, shown = ViewState(), {}
    for event in FOUR.events():
        state.apply(event)
        for variant in state.variants:
            job, before = state.job(variant), shown.get(variant)
            if before is not None and job is not before:
                assert before.ended, f"{variant} left {before.key} for {job.key}"
            if job.status != "waiting" or job.losses:
                shown[variant] = job
    assert all(state.job(variant).ended for variant in state.variants)


def test_every_variant_shows_a_job_under_way_as_long_as_it_has_one():
    state = ViewState()
    for event in FOUR.events():
        state.apply(event)
        for variant in state.variants:
            if any(job.stage is not None for job in state.jobs_of(variant)):
                assert state.job(variant).stage is not None


def test_one_steps_among_the_jobs_under_way():
    state = folded(FOUR, after(15))
    first = state.job("vanilla")
    state.step_job("vanilla", 1)
    second = state.job("vanilla")
    assert second is not first
    assert second.stage is not None
    state.apply(BatchTrained(time=START + 16, epoch=1, step=9, loss=1.0, images=4, **first.key._asdict()))
    assert state.job("vanilla") is second, "what was chosen stays"
    state.step_job("vanilla", -1)
    assert state.job("vanilla") is first


def test_counts_and_words_follow_the_processes():
    state = folded(FOUR, after(15))
    counts = state.job_counts()
    assert (counts["running"], counts["done"], counts["waiting"]) == (8, 0, 8)
    state = folded(FOUR)
    assert (state.job_counts()["running"], state.job_counts()["done"]) == (0, 16)
    assert not any(state.attempts.lanes)


def test_an_attempt_that_broke_off_lets_its_job_wait_and_is_told():
    state = folded(FAULTY, lambda event: isinstance(event, AttemptEnded) and event.reason)
    assert state.jobs[LOST].status == "waiting"
    assert len(state.jobs[LOST].losses) == 5
    line = state.log[-1]
    assert (line.level, line.text) == ("warning", "bbox (seed 0, fold 0): attempt 1 ended: node lost")
    state = folded(FAULTY)
    assert state.jobs[LOST].status == "done"
    assert len(state.jobs[LOST].losses) == 20
    first, second = (state.attempts.every[LOST, number] for number in (1, 2))
    assert (first.reason, first.done, second.reason, second.done) == ("node lost", False, "", True)


def test_an_engine_that_takes_no_jobs_is_told_with_how_long_already():
    held = WorkersChanged(time=START + 60, workers=8, on="slurm", held="Slurm: full")
    state = folded(FOUR, after(15))
    for event in (held, replace(held, time=START + 3660, held_seconds=3600)):
        state.apply(event)
        assert (state.attempts.held, state.attempts.held_since) == ("Slurm: full", START + 60)
    state.apply(WorkersChanged(time=START + 3700, workers=8, on="slurm", held_seconds=3640))
    assert not state.attempts.held
    assert [(line.level, line.text) for line in list(state.log)[-3:]] == [
        ("warning", "no job is taken for now: Slurm: full"),
        ("warning", "no job was taken for 1:00:00: Slurm: full"),
        ("info", "jobs are taken again, after 1:00:40"),
    ]


def test_workers_keep_their_lanes():
    state, places = ViewState(), {}
    for event in FAULTY.events():
        state.apply(event)
        for place, one in enumerate(state.attempts.lanes):
            if one is not None:
                assert places.setdefault((one.job, one.number), place) == place
    assert max(places.values()) < FOUR.workers


def test_time_left_goes_by_the_workers():
    def part(number, *, seconds=None, done=0):
        view = StageView("train", 10)
        if done:
            view.advance(done, done)
            view.seconds = seconds
        return WorkPart("train", 10.0, view.share, view if done else None, JobKey("vanilla", number, 0))

    parts = [part(0, seconds=10.0, done=10), part(1, done=5), part(2, done=5), *map(part, range(3, 8))]
    assert seconds_left(parts, 5.0, at_once=2) == pytest.approx(35), "5 more each, then 10 for three of the rest"
    assert seconds_left(parts, 5.0, at_once=4) == pytest.approx(20)
    assert seconds_left(parts, 5.0, at_once=100) == pytest.approx(10)
    assert share_done(parts, 2) == pytest.approx(2 / 8)


def test_more_workers_leave_less_time():
    half = {workers: folded(replace(FOUR, workers=workers), after(60)).seconds_left() for workers in (2, 4, 8)}
    assert half[8] < half[4] < half[2]


def test_the_band_is_the_mean_and_range_over_jobs_also_where_one_went_back():
    state = ViewState()
    kept = RecordCurves(state.record)
    for event in FAULTY.events():
        state.apply(event)
        if keys := kept.jobs("bbox"):
            kept.mean(keys, METRICS[0])
    jobs = state.jobs_of("bbox")
    for curves in (kept, RecordCurves(state.record)):
        band = curves.mean(curves.jobs("bbox"), METRICS[0])
        assert band.jobs == 4
        assert band.low is not None
        assert band.high is not None
        for step in range(20):
            values = [job.losses[step] for job in jobs]
            assert band.values[step] == pytest.approx(math.fsum(values) / 4)
            assert (band.low[step], band.high[step]) == (min(values), max(values))


def test_the_log_of_hundreds_of_jobs_tells_ends_and_faults_alone():
    many = replace(FAULTY, seeds=10, folds=5, batches=5, workers=40, ends={(LOST, 1): (2, "node lost")})
    words = [line.text for line in folded(many).log]
    jobs = [text for text in words if " (seed " in text]
    assert sum(" done, accuracy" in text for text in jobs) == 200
    assert len(jobs) == 200 + 3, "the fault, the next attempt, from where it goes on"
    few = [line.text for line in folded(FOUR).log]
    assert "vanilla (seed 0, fold 0): starts on node00, process 1001" in few


def test_a_resumed_run_has_no_processes_of_before():
    state = folded(FOUR, after(15))
    state.apply(RunResumed(time=START + 100, program_version="1"))
    assert state.attempts.running == 0
    assert {one.reason for one in state.attempts.every.values()} == {"left"}


def test_a_study_in_one_process_has_none_of_it(kit):
    state = ViewState.from_events(kit.study_events(("vanilla", "bbox")))
    assert not state.attempts
    assert state.together() == {}


# ------------------------------------------------------------------ the screens


@pytest.fixture
def begin(kit, make_app, tmp_path):
    """The app with a study of many jobs that came so far; its run folder has the attempts' outputs."""

    def stream(jobs):
        for event in jobs.events():
            if isinstance(event, AttemptStarted):
                path = tmp_path / event.output
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"\x1b[1mreading\x1b[0m\n{event.variant} of attempt {event.attempt} is here\n")
            yield replace(event, folder=str(tmp_path)) if isinstance(event, StudyStarted) else event

    def make(jobs, until):
        engine = kit.FakeEngine(summary=jobs.summary, stream=lambda _: stream(jobs), hold=until)
        config = replace(kit.CONFIG, variants=jobs.variants, repeats=jobs.seeds)
        app = make_app(engine, config)

        async def go(pilot):
            await kit.ready(pilot)
            await pilot.press("enter")
            await kit.until(pilot, lambda: isinstance(app.screen, TrainingScreen), "training")
            await kit.until(pilot, engine.holding.is_set, "the events")
            await kit.until(pilot, lambda: not len(app.session.source._buffer), "events drawn")
            return await kit.settled(pilot)

        return app, go

    return make


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
async def test_the_workers_and_four_live_charts(kit, begin, size):
    app, go = begin(FAULTY, after(20))
    async with app.run_test(size=size) as pilot:
        text = await go(pilot)
        assert "8 running, 0 done, 8 waiting" in text
        state = app.session.state
        assert all(state.job(variant).losses for variant in FOUR.variants)
        panel = app.screen.query_one(WorkersPanel)
        assert panel.display == (size[0] > 80)
        if panel.display:
            assert text.count("loss by batch") == 4
            assert "node00 ● vanilla (seed 0, fold 0)" in text
            assert "try 2" in text
            assert "0/4 done" in text
            await pilot.resize_terminal(80, 24)
            await kit.settled(pilot)
            await pilot.resize_terminal(*size)  # without news from the engine
            assert "node00 ● vanilla (seed 0, fold 0)" in await kit.settled(pilot)


class Full(ManyJobs):
    """On an engine that takes no more jobs after a while."""

    def events(self):
        for number, event in enumerate(super().events()):
            yield event
            if number == 100:
                yield WorkersChanged(time=event.time, workers=self.workers, on="slurm", held="Slurm: the queue is full")


async def test_the_screen_says_why_no_more_jobs_are_taken(kit, begin):
    app, go = begin(Full(seeds=2, folds=2, batches=20, workers=8), after(20))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await go(pilot)
        assert text.count("no job is taken for now: Slurm: the queue is full") == 2, "in the panel and in the log"
        assert "no job taken for" in text


async def test_keys_step_among_jobs(kit, begin):
    app, go = begin(FOUR, after(22))
    async with app.run_test(size=(120, 40)) as pilot:
        text = await go(pilot)
        assert "vanilla ● 1/4" in text
        await pilot.press("j")
        assert "vanilla ● 2/4" in await kit.settled(pilot)
        await pilot.press("J")
        assert "vanilla ● 1/4" in await kit.settled(pilot)
        await pilot.press("b")
        text = await kit.settled(pilot)
        assert "vanilla ● mean of 2" in text
        assert "loss: mean and band, smoothed 0.93 ─╯" in text
        await pilot.press("o", "f")
        assert "mean and band" in await kit.settled(pilot)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
async def test_a_workers_end_its_host_and_its_output_are_a_key_away(kit, begin, size):
    app, go = begin(FAULTY, after(20))
    async with app.run_test(size=size) as pilot:
        await go(pilot)
        await pilot.press("w")
        await kit.until(pilot, lambda: isinstance(app.screen, AttemptsScreen), "attempts")
        text = await kit.settled(pilot)
        assert "vanilla (seed 0, fold 0)" in text
        assert "node00" in text
        await pilot.press("f", "f")
        await kit.until(pilot, lambda: "ended: node lost" in screen_text(app), "the one that broke off")
        assert "broken off" in screen_text(app)
        assert "vanilla" not in screen_text(app)
        await pilot.press("enter")
        await kit.until(pilot, lambda: "bbox of attempt 1 is here" in screen_text(app), "its output")
        assert "\x1b" not in screen_text(app)
        assert "reading" in screen_text(app)
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, TrainingScreen)


async def test_output_that_is_gone_is_said(kit, begin, tmp_path):
    app, go = begin(FOUR, after(22))
    async with app.run_test(size=(120, 40)) as pilot:
        await go(pilot)
        for path in tmp_path.rglob("output.log"):
            path.unlink()
        await pilot.press("w", "enter")
        await kit.until(pilot, lambda: "No such file" in screen_text(app), "the reason")


async def test_a_study_in_one_process_shows_no_workers(kit, make_app):
    app = make_app(kit.FakeEngine(hold=lambda event: isinstance(event, EpochTrained)))
    async with app.run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(app.screen, TrainingScreen), "training")
        text = await kit.settled(pilot)
        assert "workers" not in text.lower()
        await pilot.press("w", "j")
        assert isinstance(app.screen, TrainingScreen)
