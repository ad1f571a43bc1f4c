"""What each tracker was told, read back by its own reader where that is installed."""

import csv
import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.events.search import TrialStarted
from engine.events.study import BatchTrained, JobFinished, TrainingResumed
from engine.tracking import csv_files, tensorboard
from engine.tracking.following import Following
from tests.engine.tracking.conftest import SCORES, batch, job_events, whole_study

ROOT = Path(__file__).parents[3]
TIMEOUT = 300
REASON = "comes with the extra of that name"


def follow(study, module, events):
    """Tell a tracker that writes files."""
    following = Following(study, module.open_tracker(study))
    for event in events:
        following.take(event)
    following.close()


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_tables_hold_batches_epochs_and_scores(study):
    follow(study, csv_files, whole_study())
    folder = study.folder / "vanilla"
    batches = table(folder / "batches.csv")
    assert [(row["time"], row["epoch"], row["step"], row["loss/batch"]) for row in batches] == [
        ("100.0", "0", "0", "4.0"),
        ("101.0", "0", "1", "3.0"),
        ("102.0", "1", "2", "2.0"),
        ("103.0", "1", "3", "1.0"),
    ]
    epochs = table(folder / "epochs.csv")
    assert [(row["step"], row["accuracy/train"], row["accuracy/validation"]) for row in epochs] == [
        ("1", "0.1", ""),
        ("3", "0.3", ""),
    ]
    assert {row["name"]: float(row["value"]) for row in table(folder / "scores.csv")} == SCORES
    assert [row["count"] for row in table(folder / "confusion.csv")] == ["2", "0", "1", "1"]
    assert {"name": "recipe.epochs", "value": "2"} in table(folder / "parameters.csv")
    assert {"name": "variant", "value": "vanilla"} in table(folder / "parameters.csv")


def test_a_job_that_is_resumed_replaces_what_comes_again(study):
    follow(study, csv_files, job_events(steps=3))
    again = [TrainingResumed(variant="vanilla", epoch=1, step=2), *job_events(first=2)]
    follow(study, csv_files, again)
    folder = study.folder / "vanilla"
    assert [row["step"] for row in table(folder / "batches.csv")] == ["0", "1", "2", "3"]
    assert [row["epoch"] for row in table(folder / "epochs.csv")] == ["0", "1"]


def test_a_table_that_an_earlier_version_began_keeps_its_columns(study):
    follow(study, csv_files, job_events(steps=3))
    path = study.folder / "vanilla" / "batches.csv"
    path.write_text("".join(line.rpartition(",")[0] + "\n" for line in path.read_text().splitlines()))
    again = [
        replace(event, gradient_norm=0.5) if isinstance(event, BatchTrained) else event for event in job_events(first=2)
    ]
    follow(study, csv_files, [TrainingResumed(variant="vanilla", epoch=1, step=2), *again])
    rows = table(path)
    assert [row["loss/batch"] for row in rows] == ["4.0", "3.0", "2.0", "1.0"]
    assert all(row.keys() == {"time", "epoch", "step", "loss/batch"} for row in rows)


def test_jobs_of_one_variant_have_folders_of_their_own_and_a_loss_that_is_not_finite_is_empty(study):
    study = replace(study, jobs_per_variant=2)
    events = [replace(batch(0), loss=float("nan")), replace(batch(0), seed=1), batch(1)]
    follow(study, csv_files, events)
    assert sorted(path.name for path in study.folder.iterdir()) == ["vanilla-seed0-fold0", "vanilla-seed1-fold0"]
    assert [row["loss/batch"] for row in table(study.folder / "vanilla-seed0-fold0" / "batches.csv")] == ["", "3.0"]


def test_a_job_that_failed_has_no_scores(study):
    *_, finished = job_events()
    assert isinstance(finished, JobFinished)
    failed = replace(finished, result=replace(finished.result, status="failed", metrics=None))
    follow(study, csv_files, [batch(0), failed])
    assert table(study.folder / "vanilla" / "scores.csv") == []


def test_a_trial_of_a_search_has_its_own_numbers_and_is_scored_on_validation_images(study):
    trial = TrialStarted(trial=3, numbers=(("dropout", 0.25),), steps=4)
    follow(study, csv_files, [trial, *job_events("trial-3"), *job_events("trial-4")])
    assert {"name": "recipe.dropout", "value": "0.25"} in table(study.folder / "trial-3" / "parameters.csv")
    assert "recipe.dropout" not in {row["name"] for row in table(study.folder / "trial-4" / "parameters.csv")}
    scores = {row["name"] for row in table(study.folder / "trial-3" / "scores.csv")}
    assert scores == {name.replace("test", "validation") for name in SCORES}


def test_tensorboard_reads_its_files_back(study):
    module = "tensorboard.backend.event_processing.event_accumulator"
    reader = pytest.importorskip(module, reason=f"tensorboard {REASON}")
    follow(study, tensorboard, job_events(steps=3))
    follow(study, tensorboard, [TrainingResumed(variant="vanilla", epoch=1, step=2), *job_events(first=2)])
    events = reader.EventAccumulator(str(study.folder / "vanilla"))
    events.Reload()
    assert [(point.step, point.value) for point in events.Scalars("loss/batch")][-2:] == [(2, 2.0), (3, 1.0)]
    assert [point.step for point in events.Scalars("loss/epoch")][-2:] == [0, 1]
    assert events.Scalars("test/accuracy")[0].value == 0.75
    assert "confusion matrix" in events.Tags()["tensors"]
    assert events.summary_metadata.keys() >= {"_hparams_/session_start_info"}


# ---------------------------------------------------------------- trackers of others, in processes of their own


def told_to(name, study, **environment):
    """Run a tracker in a process as a study does, and wait for it; the user has no settings but those given."""
    pytest.importorskip(name, reason=f"{name} {REASON}")
    folder = study.folder / name
    folder.mkdir(parents=True)
    from engine.events.codec import event_to_line

    data = {**vars(study), "folder": str(folder)}
    lines = [json.dumps(data), *map(event_to_line, whole_study())]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("WANDB", "MLFLOW", "TRACKIO"))}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    child = subprocess.run(
        [sys.executable, "-m", "engine.tracking.child", f"engine.tracking.{name}", "60"],
        input="\n".join(lines) + "\n",
        env={**clean, "HOME": str(study.folder), "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return folder


def test_mlflow_reads_its_database_back(study):
    folder = told_to("mlflow", study)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    (experiment,) = [entry for entry in client.search_experiments() if entry.name == "simpsons-tui"]
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"20260101-1200", "vanilla"}
    job = runs["vanilla"]
    assert job.info.status == "FINISHED"
    assert job.data.tags["mlflow.parentRunId"] == runs["20260101-1200"].info.run_id
    assert (job.data.params["recipe.epochs"], job.data.params["variant"]) == ("2", "vanilla")
    history = client.get_metric_history(job.info.run_id, "loss/batch")
    assert [(point.step, point.value) for point in history] == [(0, 4.0), (1, 3.0), (2, 2.0), (3, 1.0)]
    assert {name: value for name, value in job.data.metrics.items() if name in SCORES} == SCORES
    assert [entry.path for entry in client.list_artifacts(job.info.run_id)] == ["confusion_matrix.md"]


def test_trackio_reads_its_database_back(study):
    folder = told_to("trackio", study)
    script = (
        "import json, sys; from trackio.sqlite_storage import SQLiteStorage as s; "
        "sys.stdout.write(json.dumps(s.get_logs('simpsons-tui', '20260101-1200 vanilla'), default=str))"
    )
    child = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TRACKIO_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    logs = json.loads(child.stdout)
    assert [(entry["step"], entry["loss/batch"]) for entry in logs if "loss/batch" in entry] == [
        (0, 4.0),
        (1, 3.0),
        (2, 2.0),
        (3, 1.0),
    ]
    assert [entry["test/accuracy"] for entry in logs if "test/accuracy" in entry] == [0.75]


def test_wandb_writes_a_run_for_later(study):
    folder = told_to("wandb", study)
    (file,) = folder.glob("offline-run-*/run-*.wandb")
    records = list(wandb_records(file.read_bytes()))
    (run,) = [record.run for record in records if record.HasField("run")][:1]
    assert (run.project, run.run_group, run.display_name) == ("simpsons-tui", "20260101-1200", "vanilla")
    config = {entry.key: json.loads(entry.value_json) for entry in run.config.update}
    assert config["recipe.epochs"] == 2
    rows = [
        {entry.key or "/".join(entry.nested_key): json.loads(entry.value_json) for entry in record.history.item}
        for record in records
        if record.HasField("history")
    ]
    assert [(row["_step"], row["loss/batch"]) for row in rows] == [(0, 4.0), (1, 3.0), (2, 2.0), (3, 1.0)]
    assert rows[-1]["test/accuracy"] == 0.75


def wandb_records(content):
    """The records of a W&B file, which is a LevelDB log: blocks of 32 KB, in them pieces with a header of 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    block, place, parts = 1 << 15, 7, b""  # the file's own header first
    while place + 7 <= len(content):
        room = block - place % block
        if room < 7:
            place += room
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + 7])
        parts += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last piece
            record = Record()
            record.ParseFromString(parts)
            yield record
            parts = b""
