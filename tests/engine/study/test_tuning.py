"""A search for a recipe's numbers with the real engine, on a tiny data set."""

import contextlib
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

from engine.config.execution import Execution
from engine.config.search import TuningConfig
from engine.dataset.sources import FileSource
from engine.errors import InputError, StorageError
from engine.events.codec import to_jsonable
from engine.events.control import StudyControl
from engine.events.search import EpochScored, TrialFinished, TrialStarted, TuningFinished, TuningStarted
from engine.events.search_record import TuningRecord
from engine.events.study import (
    AuditFinished,
    BatchTrained,
    JobFinished,
    Notice,
    ProtocolApplied,
    StatisticsComputed,
    StudyPaused,
    StudyUnpaused,
)
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import JobResult, Seconds
from engine.runs import RunFolder, load_config, read_events
from engine.runs.listing import list_runs
from engine.study.reporting import Reporter
from engine.tuning.order import find_search, list_searches, load_search, resume_tuning, tune
from engine.tuning.searching import TrialFailed, TrialPlan, TrialPruned
from engine.tuning.side_by_side import TrialCoordinator


@pytest.fixture
def search(config):
    """Three trials of two epochs."""
    study = replace(
        config,
        variants=("vanilla",),
        protocol="clean",
        validation_fraction=0.25,
        recipe=replace(config.recipe, epochs=2),
    )
    return TuningConfig(study, trials=3)


def outcome(record):
    """What must not depend on interruptions."""
    trials = [
        (trial.number, trial.values, trial.state, trial.accuracy, trial.finished.loss, len(trial.epochs))
        for trial in record.ended
    ]
    return trials, record.best.number, to_jsonable(record.statistics)


def folder_of(search):
    (found,) = list_searches(search.study.runs_dir)
    return found.folder


def test_a_search_from_images_to_the_best_trial(search):
    events = []
    record = tune(search, events.append)
    assert record.finished.status == "done"
    assert [trial.number for trial in record.ended] == [0, 1, 2]
    assert dict(record.trials[0].values) == {"learning_rate": 0.001, "batch_size": 10, "dropout": 0.5}
    assert record.protocol.validation_counts == (9,)
    assert all(trial.accuracy * 9 == pytest.approx(round(trial.accuracy * 9)) for trial in record.ended)
    best, recipe = record.best, record.of_recipe
    assert best.accuracy == max(trial.accuracy for trial in record.ended)
    assert record.interval(best).low < best.accuracy < record.interval(best).high + 1e-9
    assert record.interval(best).method == "Wilson"
    if best is not recipe:
        assert abs(record.comparison.difference) == pytest.approx(abs(best.accuracy - recipe.accuracy))
    kinds = [type(event) for event in events if not isinstance(event, Notice)]
    order = [TuningStarted, AuditFinished, ProtocolApplied, TrialStarted, BatchTrained, EpochScored, JobFinished]
    order += [TrialFinished, StatisticsComputed, TuningFinished]
    assert sorted(order, key=kinds.index) == order
    data = json.loads(json.dumps(record.to_json(), allow_nan=False))
    assert data["best"] == best.number
    assert [len(trial["epochs"]) for trial in data["trials"]] == [2, 2, 2]
    assert json.dumps(data["trials"][0]["numbers"]) == '{"learning_rate": 0.001, "batch_size": 10, "dropout": 0.5}'


def test_its_folder_holds_the_search_and_is_no_run(search):
    record = tune(search)
    folder = folder_of(search)
    assert str(folder) == record.started.folder
    assert load_search(folder).to_json() == record.to_json()
    assert not any(isinstance(event, BatchTrained) for event in read_events(folder))
    assert list_runs(search.study.runs_dir) == []
    assert [(found.folder, found.state) for found in list_searches(search.study.runs_dir)] == [(folder, "done")]


def test_the_score_is_that_of_the_last_epoch(search):
    record = tune(search)
    for trial in record.ended:
        assert trial.accuracy == trial.epochs[-1].accuracy


def test_several_seeds_are_averaged(search):
    record = tune(replace(search, study=replace(search.study, repeats=2), trials=1))
    (trial,) = record.ended
    assert [(epoch.seed, epoch.epoch) for epoch in trial.epochs] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert trial.accuracy == pytest.approx((trial.epochs[1].accuracy + trial.epochs[3].accuracy) / 2)


def test_only_the_numbers_that_are_named_are_searched_for(search):
    record = tune(replace(search, numbers=("dropout",), trials=2))
    assert [[name for name, _ in trial.values] for trial in record.ended] == [["dropout"], ["dropout"]]


# ---------------------------------------------------------------- the test images


def test_after_the_audit_no_test_image_is_read(search, monkeypatch):
    read, audited, original = [], [], FileSource.read

    def remember(source, *arguments):
        if audited:
            read.append(source.key)
        return original(source, *arguments)

    monkeypatch.setattr(FileSource, "read", remember)
    tune(search, lambda event: audited.append(event) if isinstance(event, AuditFinished) else None)
    assert len({path for path in read if "/train/" in path}) == 36
    assert [path for path in read if "/test/" in path] == []


def test_other_test_images_change_nothing(search, tiny_dataset, tmp_path):
    other = shutil.copytree(tiny_dataset, tmp_path / "other")
    for path in (other / "test").rglob("*.png"):
        generator = random.Random(path.name)
        Image.frombytes("RGB", (48, 36), bytes(generator.randrange(256) for _ in range(48 * 36 * 3))).save(path)
    first = outcome(tune(search))
    assert outcome(tune(replace(search, study=replace(search.study, data=other)))) == first


def test_only_training_and_validation_images_are_preprocessed(search):
    seen = []
    tune(replace(search, trials=1), seen.append)
    (stage,) = [event for event in seen if getattr(event, "stage", "") == "preprocess" and hasattr(event, "total")]
    assert stage.total == 36


# ---------------------------------------------------------------- stopping and going on


def stop_at(moment):
    control = StudyControl()

    def listen(event):
        if moment(event):
            control.stop()

    return control, listen


def test_a_stopped_search_goes_on_to_the_same_end(search, tmp_path):
    whole = outcome(tune(replace(search, study=replace(search.study, runs_dir=tmp_path / "whole"))))
    control, listen = stop_at(lambda event: isinstance(event, EpochScored) and (event.trial, event.epoch) == (1, 0))
    record = tune(search, listen, control)
    assert record.finished.status == "stopped"
    assert [trial.state for trial in record.trials.values()] == ["done", "interrupted"]
    assert find_search("", search.study.runs_dir) == folder_of(search)
    again = []
    assert outcome(resume_tuning(folder_of(search), again.append, replay=lambda event: None)) == whole
    assert [event.trial for event in again if isinstance(event, TrialStarted)] == [1, 2]
    assert outcome(load_search(folder_of(search))) == whole


def in_the_second_trial(event):
    return isinstance(event, BatchTrained) and (event.variant, event.step) == ("trial-1", 1)


def after_the_last_trial(event):
    return isinstance(event, TrialFinished) and event.trial == 2


@pytest.mark.parametrize("moment", [in_the_second_trial, after_the_last_trial])
def test_a_killed_search_goes_on_to_the_same_end(search, tmp_path, moment):
    whole = outcome(tune(replace(search, study=replace(search.study, runs_dir=tmp_path / "whole"))))
    child = os.fork()
    if not child:  # a process that ends itself

        def die(event):
            if moment(event):
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            tune(search, die)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    (found,) = list_searches(search.study.runs_dir)
    assert found.state == "interrupted"
    assert outcome(resume_tuning(found.folder)) == whole


def test_a_search_that_is_done_goes_on_to_a_higher_limit(search, tmp_path):
    whole = outcome(tune(replace(search, study=replace(search.study, runs_dir=tmp_path / "whole"))))
    tune(replace(search, trials=1))
    folder = folder_of(search)
    with pytest.raises(InputError, match="all 1 trials are done; give more with --trials"):
        resume_tuning(folder)
    assert outcome(resume_tuning(folder, trials=3)) == whole


def test_a_pause_waits_between_two_batches(search):
    control, events = StudyControl(), []

    def listen(event):
        events.append(event)
        if isinstance(event, BatchTrained) and event.step == 1:
            control.pause()
        if isinstance(event, StudyPaused):
            control.unpause()

    tune(replace(search, trials=1), listen, control)
    kinds = [type(event) for event in events]
    assert StudyPaused in kinds
    assert StudyUnpaused in kinds
    assert kinds[-1] is TuningFinished


def test_one_process_at_a_time(search):
    tune(replace(search, trials=1))
    folder = folder_of(search)
    other = RunFolder.open_for_resume(folder)
    try:
        with pytest.raises(StorageError, match="is being written by process"):
            resume_tuning(folder, trials=2)
        assert list_searches(search.study.runs_dir)[0].state == "running"
    finally:
        other.close()


def test_other_images_are_refused(search, tiny_dataset, tmp_path):
    data = shutil.copytree(tiny_dataset, tmp_path / "data")
    moving = replace(search, study=replace(search.study, data=data), trials=1)
    tune(moving)
    (data / "train" / "red" / "pic_0000.png").unlink()
    with pytest.raises(InputError, match="the images are not those"):
        resume_tuning(folder_of(search), trials=2)


# ---------------------------------------------------------------- what goes wrong


def test_a_loss_that_is_not_finite_ends_the_trial_and_not_the_search(search):
    hot = replace(search.study, recipe=replace(search.study.recipe, learning_rate=1e38))
    record = tune(replace(search, study=hot, numbers=("learning_rate",), trials=2))
    assert record.trials[0].state == "failed"
    assert "the loss is not finite at batch" in record.trials[0].finished.reason
    assert len(record.ended) == 2


def test_a_trial_that_cannot_be_trained_leaves_the_others(search, monkeypatch):
    from engine.tuning import trials

    original = trials.train

    def fail_once(**named):
        if named["variant"] == "trial-1":
            raise MemoryError("no room\nfor it")
        return original(**named)

    monkeypatch.setattr(trials, "train", fail_once)
    record = tune(search)
    assert [trial.state for trial in record.ended] == ["done", "failed", "done"]
    assert record.trials[1].finished.reason == "MemoryError: no room"
    assert "no room" in (folder_of(search) / "errors.txt").read_text()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"trials": 0}, "--trials 0"),
        ({"trials": None}, "--trials or --minutes"),
        ({"minutes": 0.0}, "--minutes 0"),
        ({"numbers": ("dropout", "dropout")}, "each number once"),
        ({"variants": ("vanilla", "bbox")}, "one variant"),
        ({"validation_fraction": 0.0}, "--validation 0"),
        ({"protocol": "grouped", "folds": 2}, "--folds 2"),
        ({"budget_minutes": 4.0}, "--minutes to end the search"),
    ],
)
def test_wrong_wishes_are_one_line(search, change, named):
    study = {name: value for name, value in change.items() if hasattr(search.study, name)}
    with pytest.raises(InputError, match=named) as caught:
        replace(search, study=replace(search.study, **study), **{n: v for n, v in change.items() if n not in study})
    assert "\n" not in str(caught.value)


def test_an_unknown_number_leaves_no_folder(search):
    with pytest.raises(InputError, match="choose from learning_rate"):
        tune(replace(search, numbers=("momentum",)))
    assert list_searches(search.study.runs_dir) == []


def test_searches_are_found_by_name(search):
    tune(replace(search, trials=1))
    folder = folder_of(search)
    assert find_search(folder.name[:-2], search.study.runs_dir) == folder
    with pytest.raises(InputError, match=r"no search in .* is unfinished"):
        find_search("", search.study.runs_dir)
    with pytest.raises(InputError):
        find_search("nothing", search.study.runs_dir)


def test_the_record_knows_what_a_search_came_to(search):
    events = []
    tune(search, events.append)
    cut = next(i for i, event in enumerate(events) if isinstance(event, TrialStarted) and event.trial == 1)
    record = TuningRecord.from_events(events[: cut + 1])
    assert record.running.number == 1
    assert record.to_json()["status"] == "running"


def test_importing_it_loads_no_tuner():
    script = (
        "import sys, engine.tuning.order, engine.tuning; sys.exit('optuna' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# ---------------------------------------------------------------- seeds side by side


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
        killed = subprocess.run(
            [sys.executable, "-c", DIES, *map(str, (parallel.study.data, tmp_path))],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            input=pickle.dumps(parallel),
            check=False,
        )
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

tune(pickle.load(sys.stdin.buffer), die)
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
