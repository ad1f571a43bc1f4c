"""The tables of numbers, read back with the standard library."""

import csv
import io
import math

import pytest

from engine.finished.dossier import Exported
from tui.export.formats import FORMATS


def tables_of(record):
    files = FORMATS["csv"].render(Exported(record))
    return {name: list(csv.DictReader(io.StringIO(data.decode()), strict=True)) for name, data in files.items()}


def test_curves_are_a_row_a_batch(studies):
    record = studies.repeated()
    rows = tables_of(record)["curves.csv"]
    assert len(rows) == sum(map(len, record.losses.values()))
    row = next(
        row for row in rows if (row["variant"], row["seed"], row["fold"], row["step"]) == ("vanilla", "1", "1", "5")
    )
    assert float(row["loss"]) == studies.loss_at(5, 0, 1)  # every digit
    assert row["epoch"] == "1"


def test_norms_of_gradients_have_a_column_where_they_were_measured(studies):
    record = studies.whole()
    assert "gradient_norm" not in tables_of(record)["curves.csv"][0]
    next(iter(record.gradient_norms.values()))[1] = 0.25
    assert [row["gradient_norm"] for row in tables_of(record)["curves.csv"]][:3] == ["", "0.25", ""]


def test_a_loss_that_is_no_number_is_empty(studies):
    rows = tables_of(studies.whole())["curves.csv"]
    assert [row["step"] for row in rows if not row["loss"]] == ["5"]


def test_epochs_say_what_was_measured_at_their_end(studies):
    rows = [row for row in tables_of(studies.whole())["epochs.csv"] if row["variant"] == "bbox"]
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert float(rows[-1]["accuracy"]) == pytest.approx(0.61)
    assert rows[0]["validation_accuracy"] == ""


def test_scores_of_every_job_and_baseline(studies):
    rows = {row["variant"]: row for row in tables_of(studies.whole())["scores.csv"]}
    assert float(rows["denoise"]["accuracy"]) == pytest.approx(26 / 30)
    assert float(rows["denoise"]["micro_f1"]) == pytest.approx(26 / 30)
    assert (rows["majority"]["status"], rows["majority"]["seed"]) == ("baseline", "")
    assert float(rows["majority"]["accuracy"]) == pytest.approx(1 / 3)


def test_a_job_without_scores_has_empty_ones(studies):
    tables = tables_of(studies.stopped())
    row = next(row for row in tables["scores.csv"] if row["variant"] == "bbox")
    assert (row["status"], row["reason"], row["accuracy"]) == ("stopped", "stopped on request", "")
    assert {row["variant"] for row in tables["classes.csv"]} == {"vanilla"}


def test_classes_and_confusions_keep_names_as_they_are(studies):
    tables = tables_of(studies.whole(studies.NASTY))
    assert {row["class"] for row in tables["classes.csv"]} == set(studies.NASTY)
    counts = {
        (row["true"], row["predicted"]): int(row["count"])
        for row in tables["confusion.csv"]
        if row["variant"] == "vanilla"
    }
    names = studies.NASTY
    assert [[counts[true, called] for called in names] for true in names] == [
        list(r) for r in studies.MATRICES["vanilla"]
    ]


def test_predictions_add_up_to_the_accuracy(studies):
    rows = [row for row in tables_of(studies.whole())["predictions.csv"] if row["variant"] == "superres"]
    assert sum(int(row["correct"]) for row in rows) == 22
    assert {row["confidence"] for row in rows} == {"0.8"}
    assert all((row["true"] == row["predicted"]) == (row["correct"] == "1") for row in rows)


def test_a_class_without_test_images_has_no_scores(studies):
    record = studies.whole()
    key = next(iter(record.results))
    metrics = record.results[key].metrics
    empty = type(metrics.per_class[0])("nobody", math.nan, math.nan, math.nan, 0)
    object.__setattr__(metrics, "per_class", (empty, *metrics.per_class[1:]))
    row = next(row for row in tables_of(record)["classes.csv"] if row["class"] == "nobody")
    assert (row["f1"], row["support"]) == ("", "0")


def test_effects_are_a_row_each_and_no_file_where_there_are_none(studies):
    rows = tables_of(studies.with_effects())["effects.csv"]
    assert [row["effect"] for row in rows] == ["denoise", "superres", "denoise+superres"]
    assert {row["steps"] for row in rows} == {"denoise+superres"}
    assert [float(rows[0][name]) for name in ("estimate", "low", "adjusted_p")] == pytest.approx([0.1, 0.05, 0.003])
    assert [row["significant"] for row in rows] == ["1", "0", "0"]
    assert "effects.csv" not in tables_of(studies.whole())
