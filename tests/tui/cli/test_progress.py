"""Signs of life where standard error is no terminal, on a clock of the events' own."""

import io
import itertools

import pytest
from rich.console import Console

from engine.events.record import JobKey
from engine.events.search import TrialStarted
from engine.events.study import (
    BatchTrained,
    JobFinished,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyPaused,
    StudyUnpaused,
)
from tests.many_jobs import ManyJobs
from tests.tui.many_variants import START, VARIANTS, many_events
from tui.console.bars import BarProgress
from tui.console.progress import REMIND_SECONDS, LineProgress


class Lines(LineProgress):
    def __init__(self):
        super().__init__(Console(file=io.StringIO(), width=200))
        self.told = []

    def say(self, message, level="info", at=None):
        super().say(message, level, at)
        self.told.append((at, message))


@pytest.fixture
def lines():
    return Lines()


def gaps(told, end):
    times = [at for at, _ in told] + [end]
    return [after - before for before, after in itertools.pairwise(times)]


def test_a_long_stage_says_how_far_it_is_at_least_every_thirty_seconds(lines):
    """A stage of 16 minutes said two lines on d185b93."""
    lines.take(StageStarted(stage="preprocess", variant="superres", total=960, time=1000.0))
    for second in range(1, 961):
        lines.take(StageProgress(stage="preprocess", variant="superres", done=second, time=1000.0 + second))
    lines.take(StageFinished(stage="preprocess", variant="superres", seconds=960.0, time=1960.0))
    assert max(gaps(lines.told, 1960.0)) <= REMIND_SECONDS + 1
    assert (1240.0, "superres: pre-processing, 25 %, 1.0 img/s, 12:00 left") in lines.told
    assert len(lines.told) <= 960 / REMIND_SECONDS + 2


def test_training_says_so_too(lines):
    lines.take(StageStarted(stage="train", variant="bbox", total=100, cached=20, time=0.0))
    for step in range(80):
        lines.take(BatchTrained(variant="bbox", epoch=0, step=20 + step, loss=1.0, images=64, time=4.0 * (step + 1)))
    assert max(gaps(lines.told, 320.0)) <= REMIND_SECONDS + 4
    assert any("bbox: training, 28 %, 16 img/s, 4:48 left" in message for _, message in lines.told)


def test_without_any_event_the_waiting_thread_reminds(lines):
    lines.take(StageStarted(stage="audit", total=0, time=0.0))
    for half_second in range(240):
        lines.remind(half_second / 2)
    assert [message for _, message in lines.told[1:]] == [
        "looking for copies, under way for 0:30",
        "looking for copies, under way for 1:00",
        "looking for copies, under way for 1:30",
    ]


def test_a_trial_of_a_search_says_so_too(lines):
    lines.take(TrialStarted(trial=3, numbers=(), steps=100, time=0.0))
    for step in range(40):
        lines.take(BatchTrained(variant="trial 3", epoch=0, step=step, loss=1.0, images=8, time=1.0 * step))
    assert "trial-3, 31 %" in lines.told[-1][1]


def test_a_pause_is_quiet_and_does_not_count(lines):
    lines.take(StageStarted(stage="train", variant="bbox", total=10, time=0.0))
    lines.take(BatchTrained(variant="bbox", epoch=0, step=0, loss=1.0, images=64, time=10.0))
    lines.take(StudyPaused(time=10.0))
    told = len(lines.told)
    lines.remind(1000.0)
    assert len(lines.told) == told
    lines.take(StudyUnpaused(time=1000.0))
    lines.remind(1031.0)
    assert lines.told[-1][1] == "bbox: training, 10 %, 1.6 img/s, 6:09 left"


def test_between_stages_nothing_is_said(lines):
    lines.take(StageFinished(stage="train", variant="bbox", seconds=5.0, time=10.0))
    told = len(lines.told)
    lines.remind(1000.0)
    assert len(lines.told) == told


def test_of_many_variants_a_line_tells_what_became_of_each_job(lines):
    for event in many_events():
        lines.take(event)
    words = [message for _, message in lines.told]
    ended = [message for message in words if message.startswith("[")]
    assert len(ended) == 2 * len(VARIANTS)
    assert ended[0].startswith("[1/130] vanilla (seed 0): done, accuracy ")
    assert ended[-1].startswith(f"[130/130] {VARIANTS[-1]} (seed 1): done, ")
    assert len(words) < len(ended) + 30


def test_a_job_of_many_says_where_it_stands(lines):
    started, *_ = many_events()
    lines.take(started)
    lines.take(StageStarted(stage="train", variant="hsv", total=60, time=START))
    lines.remind(START + REMIND_SECONDS + 1)
    assert lines.told[-1][1].startswith("[1/130] hsv (seed 0): training")


MANY = ManyJobs(seeds=5, folds=5, batches=60, workers=37, ends={(JobKey("bbox", 0, 1), 1): (7, "node lost")})


def test_of_jobs_side_by_side_a_line_tells_each_end_and_every_half_minute_how_many(lines):
    for event in MANY.events():
        lines.take(event)
    words = [message for _, message in lines.told]
    assert sum(": done, accuracy" in message for message in words) == 100
    counts = [(at, message) for at, message in lines.told if " running, " in message]
    assert counts[0][1].startswith("37 running, 0 of 100 done, ")
    assert max(gaps(counts, counts[-1][0])) <= REMIND_SECONDS + 5
    assert "bbox (seed 0, fold 1): attempt 1 ended: node lost" in words
    assert len(words) < 100 + len(counts) + 12
    assert "37 jobs at once on Slurm" in words


def test_bars_of_jobs_side_by_side_are_the_study_and_the_first_few():
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True)
    with BarProgress(console) as progress:
        for event in MANY.events():
            progress.take(event)
            if isinstance(event, JobFinished):
                break
        names = [task.description for task in progress._bars.tasks]
    assert names[0] == "36 running, 1 of 100 done" or names[0].startswith("37 running")
    assert 2 <= len(names) <= 5
    assert all(" (seed " in name for name in names[1:])
