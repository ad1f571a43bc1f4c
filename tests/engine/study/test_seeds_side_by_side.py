"""Searches whose trials' seeds are trained in processes side by side: the same to the bit as in one."""

import contextlib
import os
import pickle
import signal
import sys
from dataclasses import replace

import pytest

from engine.config.execution import Execution
from engine.events.control import StudyControl
from engine.events.search import EpochScored, TrialFinished, TrialStarted
from engine.events.study import BatchTrained, JobFinished, StatisticsComputed
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import JobResult, Seconds
from engine.runs import RunFolder, load_config, read_events
from engine.study.reporting import Reporter
from engine.tuning.order import load_search, resume_tuning, tune
from engine.tuning.searching import TrialFailed, TrialPlan, TrialPruned
from engine.tuning.side_by_side import TrialCoordinator
from tests.engine.study.test_tuning import folder_of, outcome, stop_at
from tests.warm import run_warm

TIMEOUT = 300
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes")


@pytest.fixture
def two_seeds(search):
    return replace(search, study=replace(search.study, repeats=2))


def with_workers(search, runs_dir):
    study = replace(search.study, execution=Execution(workers=2), runs_dir=runs_dir)
    return replace(search, study=study)


def kept(folder):
    """The search's own events, but for what is never the same twice."""
    own = (TrialStarted, EpochScored, JobFinished, TrialFinished, StatisticsComputed)
    same = []
    for event in read_events(folder):
        match event:
            case JobFinished():
                same.append(replace(event, time=0, result=replace(event.result, seconds=Seconds())))
            case TrialFinished():
                same.append(replace(event, time=0, seconds=0))
            case _ if isinstance(event, own):
                same.append(replace(event, time=0))
    return same


def test_seeds_side_by_side_come_to_the_same(two_seeds, tmp_path):
    whole = outcome(tune(two_seeds))
    events, parallel = [], with_workers(two_seeds, tmp_path / "parallel")
    assert outcome(tune(parallel, events.append)) == whole
    assert kept(folder_of(parallel)) == kept(folder_of(two_seeds))
    assert {event.seed for event in events if isinstance(event, BatchTrained)} == {0, 1}
    assert not list((folder_of(parallel) / "attempts").glob("*/"))


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_search_with_workers_goes_on_to_the_same_end(two_seeds, tmp_path, ending):
    whole = outcome(tune(two_seeds))
    parallel = with_workers(two_seeds, tmp_path / "parallel")
    moment = lambda event: isinstance(event, EpochScored) and (event.trial, event.epoch) == (1, 0)  # noqa: E731
    if ending == "stop":
        control, listen = stop_at(moment)
        assert tune(parallel, listen, control).finished.status == "stopped"
    else:
        (tmp_path / "search.pickle").write_bytes(pickle.dumps(parallel))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        killed = run_warm([str(tmp_path / "search.pickle")], environment, tmp_path / "streams", TIMEOUT, DIES)
        assert killed.returncode == -signal.SIGKILL
    execution = Execution() if ending == "stop" else None  # in one process, or with workers again
    assert outcome(resume_tuning(folder_of(parallel), execution=execution)) == whole
    assert load_config(folder_of(parallel)).execution == (execution or parallel.study.execution)
    assert outcome(load_search(folder_of(parallel))) == whole


DIES = """
import os, pickle, signal, sys
from engine.events.search import EpochScored
from engine.tuning.order import tune

def die(event):
    if isinstance(event, EpochScored) and (event.trial, event.epoch) == (1, 0):
        os.kill(os.getpid(), signal.SIGKILL)

with open(sys.argv[1], "rb") as file:
    tune(pickle.load(file), die)
"""


def test_a_killed_worker_is_replaced(two_seeds, tmp_path):
    whole = outcome(tune(replace(two_seeds, trials=2)))
    parallel, killed = with_workers(replace(two_seeds, trials=2), tmp_path / "parallel"), []

    def kill(event):
        if isinstance(event, EpochScored) and event.trial == 1 and not killed:
            for path in (folder_of(parallel) / "attempts").glob("trial-1-*/*/heartbeat"):
                killed.append(int(path.read_text().split()[0]))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    assert outcome(tune(parallel, kill)) == whole
    assert killed


@pytest.fixture
def trial(search, monkeypatch, tmp_path):
    """Trains a trial of two seeds of which a fake engine reports as told; returns what reaches the search."""

    def train(reports, should_prune=lambda epoch, accuracy: False):
        class Engine:
            def __init__(self, config, images, reporter, executor, **_):
                self.run = lambda after: [reporter.emit(event) for event in reports]

        monkeypatch.setattr("engine.tuning.side_by_side.Coordinator", Engine)
        folder, told = RunFolder.create(tmp_path, search.study), []
        study = replace(search.study, repeats=2)
        trials = TrialCoordinator(study, None, Reporter(folder, StudyControl(), told.append), None, prepared=True)
        try:
            return told, trials.train(TrialPlan(0, search.study.recipe, should_prune))
        except (TrialPruned, TrialFailed) as end:
            return told, f"{type(end).__name__}: {end}"
        finally:
            folder.close()

    return train


def epoch(seed, number):
    return EpochScored(time=0.0, trial=0, seed=seed, epoch=number, accuracy=0.5, loss=seed + number, training_loss=1.0)


def end(seed, status="done"):
    metrics = metrics_of_matrix([[seed + 1, 1], [0, 2]], ("a", "b"))
    return JobFinished(time=0.0, result=JobResult("trial-0", seed, 0, status, status, metrics, None, 2, Seconds()))


def test_what_seeds_report_counts_in_their_order(trial):
    told, found = trial(
        [epoch(1, 0), epoch(1, 1), end(1), epoch(0, 0), epoch(0, 0), epoch(0, 1), end(0)]  # one was killed
    )
    in_order = [epoch(0, 0), epoch(0, 1), epoch(1, 0), epoch(1, 1), end(0), end(1)]
    assert [replace(event, time=0.0) for event in told] == in_order
    assert found.loss == (1 + 2) / 2


def test_a_trial_is_given_up_where_it_would_have_been_one_seed_after_the_other(trial):
    asked = []
    reports = [epoch(1, 0), epoch(1, 1), end(1), epoch(0, 0), epoch(0, 1)]
    told, found = trial(reports, lambda epoch, accuracy: asked.append(epoch) or epoch == 1)
    assert asked == [0, 1]
    assert told == [epoch(0, 0), epoch(0, 1)]
    assert found == "TrialPruned: given up after epoch 2, others did better by then"


def test_a_seed_that_fails_ends_the_trial_when_it_is_its_turn(trial):
    reports = [end(1, "failed"), epoch(0, 0), epoch(0, 1)]
    told, found = trial([*reports, end(0)])
    assert told == [epoch(0, 0), epoch(0, 1)]
    assert found == "TrialFailed: failed"
