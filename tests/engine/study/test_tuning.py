"""A search for a recipe's numbers with the real engine, on a tiny data set."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

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
from engine.runs import RunFolder, read_events
from engine.runs.listing import list_runs
from engine.tuning.order import find_search, list_searches, load_search, resume_tuning, tune


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
