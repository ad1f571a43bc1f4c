"""A tracker never holds the study: it may fail, hang, be slow, or end late."""

import threading
from dataclasses import replace
from subprocess import Popen

import pytest

from engine.errors import InputError
from engine.events.study import BatchTrained, JobFinished, MachineMeasured, Notice
from engine.tracking import feed, process
from engine.tracking.feed import Feed, Feeds, require_trackers
from engine.tracking.following import for_trackers
from tests.engine.tracking.conftest import batch, job_events, whole_study

WAIT = 60


class Follower:
    """Takes events once `go` is set; `fail_at` raises at an event."""

    def __init__(self, fail_at=None):
        self.go, self.begun, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.go.set()
        self.taken, self.fail_at = [], fail_at

    def take(self, event):
        self.begun.set()
        assert self.go.wait(WAIT)
        if len(self.taken) == self.fail_at:
            raise RuntimeError("the disk is full")
        self.taken.append(event)

    def flush(self):
        pass

    def close(self):
        self.closed.set()


@pytest.fixture
def told():
    return []


@pytest.fixture
def make(told):
    followers = []

    def make(follower):
        followers.append(follower)
        return Feed("fake", lambda: follower, told.append)

    yield make
    for follower in followers:
        follower.go.set()


def test_events_come_in_their_order_and_the_end_is_waited_for(make, told):
    follower = Follower()
    fed = make(follower)
    events = list(job_events())
    for event in events:
        fed.put(event)
    fed.end()
    fed.join(WAIT)
    assert follower.taken == events
    assert follower.closed.is_set()
    assert told == []


def test_one_that_fails_is_told_of_once_and_no_more_is_put(make, told):
    follower = Follower(fail_at=1)
    fed = make(follower)
    for event in job_events():
        fed.put(event)
    fed.end()
    fed.join(WAIT)
    assert told == ["tracker fake failed (RuntimeError: the disk is full): the study goes on without it"]
    fed.put(batch(5))
    fed.join(WAIT)
    assert len(told) == len(follower.taken) == 1


def test_one_that_cannot_begin_is_told_of(told):
    def begin():
        raise OSError("no")

    fed = Feed("fake", begin, told.append)
    fed.end()
    fed.join(WAIT)
    assert told == ["tracker fake failed (OSError: no): the study goes on without it"]


def held(make, **changes):
    """A feed whose follower is in the middle of an event."""
    follower = Follower()
    follower.go.clear()
    fed = make(follower)
    fed.put(batch(0))
    assert follower.begun.wait(WAIT)
    return follower, fed


def test_batches_are_thinned_for_a_slow_one_and_nothing_else_is(make, told):
    follower, fed = held(make)
    steps = 3 * 256
    for step in range(1, steps):
        fed.put(batch(step))
    others = [event for event in job_events() if not isinstance(event, BatchTrained)]
    for event in others:
        fed.put(event)
    follower.go.set()
    fed.end()
    fed.join(WAIT)
    batches = [event for event in follower.taken if isinstance(event, BatchTrained)]
    assert 256 < len(batches) < steps
    assert [event for event in follower.taken if not isinstance(event, BatchTrained)] == others
    assert told == []


def test_one_that_falls_far_behind_is_given_up(make, told, monkeypatch):
    monkeypatch.setattr(feed, "MOST_WAITING", 10)
    follower, fed = held(make)
    for step in range(20):
        fed.put(batch(step))
    assert told == ["tracker fake is too slow: the study goes on without it"]
    follower.go.set()
    fed.join(WAIT)
    assert len(follower.taken) == 1


def test_one_that_hangs_is_given_up_at_the_next_event(make, told, monkeypatch):
    monkeypatch.setattr(feed, "PATIENCE_SECONDS", 0.0)
    _, fed = held(make)
    fed.put(batch(1))
    assert told == ["tracker fake has not answered for 0 s: the study goes on without it"]


def test_one_that_does_not_end_is_left(make, told):
    follower, fed = held(make)
    fed.end()
    fed.join(0)
    assert told == ["tracker fake had not ended 5 s after the study: its last values may be missing"]
    follower.go.set()


def test_trackers_get_what_they_need_and_no_predictions():
    assert for_trackers(Notice(message="so")) is None
    assert for_trackers(MachineMeasured()) is not None  # it is the tick that has values sent on
    (finished,) = (event for event in job_events() if isinstance(event, JobFinished))
    assert finished.result.predictions
    assert for_trackers(finished) == replace(finished, result=replace(finished.result, predictions=()))


# ---------------------------------------------------------------- a process of its own


@pytest.fixture
def in_process(monkeypatch, study, told):
    """Feeds of the fake tracker, which behaves as asked."""
    monkeypatch.setitem(feed._IN_PROCESSES, "wandb", "tests.engine.tracking.fake_tracker")

    def feeds(behaviour, end=WAIT):
        monkeypatch.setattr(feed, "END_SECONDS", end)
        return Feeds(["wandb"], replace(study, parameters={"behaviour": behaviour}), told.append)

    return feeds


def test_a_process_is_told_everything_and_what_it_prints_goes_to_a_file(in_process, study, told):
    feeds = in_process("write")
    for event in whole_study():
        feeds.put(event)
    feeds.close()
    assert told == []
    lines = (study.folder / "wandb" / "told.jsonl").read_text().splitlines()
    assert lines[0].startswith('["open", "vanilla", {"behaviour": "write", "variant": "vanilla"')
    assert '["log", {"loss/batch": 4.0}, 0, 0, false]' in lines
    assert '["log", {"loss/epoch": 2.0, "accuracy/train": 0.1}, 0, 1, true]' in lines
    assert lines[-2].startswith('["finish", "done", {"test/accuracy": 0.75')
    assert lines[-1] == '["close", true]'
    assert "hello from the tracker" in (study.folder / "wandb" / "output.log").read_text()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("raise", "ValueError: a point too many"), ("no server", "ConnectionError: no server at example.org")],
)
def test_a_process_that_fails_says_why_in_one_line(in_process, told, behaviour, words):
    feeds = in_process(behaviour)
    for event in whole_study():
        feeds.put(event)
    feeds.close()
    assert told == [f"tracker wandb failed ({words}): the study goes on without it"]


def test_a_process_that_hangs_holds_nobody_and_ends_by_itself(in_process, told, monkeypatch):
    begun = []
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(
        process.subprocess, "Popen", lambda *words, **more: begun.append(Popen(*words, **more)) or begun[0]
    )
    feeds = in_process("hang", end=0.2)
    for event in whole_study():
        feeds.put(event)
    feeds.close()
    assert told == ["tracker wandb had not ended 0 s after the study: its process goes on for a minute at most"]
    assert begun[0].wait(WAIT) == 1


def test_a_tracker_whose_package_is_missing_is_refused(monkeypatch):
    monkeypatch.setattr(feed, "find_spec", lambda name: None)
    require_trackers(["csv"])
    with pytest.raises(InputError, match=r"--log mlflow: .*pip install 'simpsons-tui\[mlflow\]'"):
        require_trackers(["csv", "mlflow"])
