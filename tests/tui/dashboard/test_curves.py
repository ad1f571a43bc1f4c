"""Metrics of a record as curves: smoothed, averaged over jobs, made anew where they grew."""

import math

import numpy as np
import pytest

from engine.config.recipes import get_recipe
from engine.config.schedule import learning_rate
from engine.events.record import JobKey, StudyRecord
from engine.events.study import BatchTrained, EpochTrained, StageStarted, StudyStarted, TrainingResumed
from tests.tui.fake_study import SUMMARY
from tui.looks.chart_options import ChartOptions
from tui.screens.charts.sources import Filter, chosen_series, grid_size
from tui.state.curves import METRICS, RecordCurves, matches, mean_and_band, smooth

BY_KEY = {metric.key: metric for metric in METRICS}
LOSS = BY_KEY["loss"]
KEY = JobKey("vanilla", 0, 0)


def slow_smooth(values, weight):
    """TensorBoard's own loop."""
    last, count, found = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            found.append(math.nan)
            continue
        last, count = last * weight + (1 - weight) * value, count + 1
        found.append(last / (1 - weight**count))
    return found


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.6, 0.93, 0.99])
def test_smoothing_is_the_debiased_average(weight):
    values = np.random.default_rng(0).normal(1.0, 0.3, 700)
    assert smooth(values, weight) == pytest.approx(slow_smooth(values, weight), abs=1e-6)


@pytest.mark.parametrize("weight", [0.6, 0.99])
def test_a_gap_stays_one_and_does_not_spread(weight):
    values = [1.0, math.nan, 2.0, math.inf, 4.0]
    assert smooth(values, weight) == pytest.approx(slow_smooth(values, weight), nan_ok=True)
    assert smooth([], weight).tolist() == []
    assert math.isnan(smooth([math.nan], weight)[0])


def test_mean_and_band_leave_out_what_is_missing():
    mean, low, high = mean_and_band([[1.0, 2.0, 3.0], [3.0, math.nan], [math.nan, math.inf]])
    assert mean == pytest.approx([2.0, 2.0, 3.0])
    assert low == pytest.approx([1.0, 2.0, 3.0])
    assert high == pytest.approx([3.0, 2.0, 3.0])
    assert [one.tolist() for one in mean_and_band([])] == [[], [], []]
    assert all(math.isnan(one[0]) for one in mean_and_band([[math.nan]]))


def batches(steps, *, seed=0, first=0, offset=0.0):
    for step in range(first, steps):
        yield BatchTrained(
            time=1000.0 + 2 * step,
            variant="vanilla",
            seed=seed,
            epoch=step // 4,
            step=step,
            loss=step + offset,
            images=8,
            gradient_norm=step / 2,
        )
        if step % 4 == 3:
            yield EpochTrained(
                time=1001.0 + 2 * step,
                variant="vanilla",
                seed=seed,
                epoch=step // 4,
                loss=1.0,
                accuracy=0.5,
                validation_accuracy=0.25,
                validation_loss=2.0,
            )


@pytest.fixture
def record():
    found = StudyRecord()
    found.apply(
        StudyStarted(
            time=990.0,
            study="s",
            dataset=SUMMARY,
            variants=("vanilla",),
            protocol="official",
            recipe=get_recipe("best"),
            seed=0,
            program_version="1",
        )
    )
    found.apply(StageStarted(time=999.0, stage="train", total=12, variant="vanilla"))
    for event in batches(8):
        found.apply(event)
    return found


def test_every_metric_is_read_from_the_record(record):
    curves = RecordCurves(record)
    assert curves.metrics() == METRICS
    found = {metric.key: curves.series(KEY, metric) for metric in METRICS}
    assert found["loss"].values.tolist() == list(range(8))
    assert found["accuracy"].values.tolist() == [0.5, 0.5]
    assert found["validation_accuracy"].values.tolist() == [0.25, 0.25]
    assert found["validation_loss"].values.tolist() == [2.0, 2.0]
    assert found["gradient_norm"].values.tolist() == [step / 2 for step in range(8)]
    assert found["images_per_second"].values.tolist()[1:] == [4.0] * 7
    recipe = record.started.recipe
    assert found["learning_rate"].values == pytest.approx([learning_rate(recipe, step, 12) for step in range(8)])


def test_x_is_steps_epochs_or_seconds(record):
    curves = RecordCurves(record)
    loss, accuracy = curves.series(KEY, LOSS), curves.series(KEY, BY_KEY["accuracy"])
    assert accuracy.x("step").tolist() == [3.0, 7.0]
    assert loss.x("step")[[3, 7]].tolist() == [3.0, 7.0]
    assert accuracy.x("epoch").tolist() == [1.0, 2.0]
    assert loss.x("epoch")[[3, 7]].tolist() == [1.0, 2.0]
    assert accuracy.x("time").tolist() == [7.0, 15.0]
    assert (loss.nearest("step", 4.4), loss.nearest("step", 40.0), accuracy.nearest("step", 4.0)) == (4, None, 0)


def test_metrics_that_nothing_measures_are_not_offered():
    record = StudyRecord()
    record.apply(BatchTrained(variant="vanilla", epoch=0, step=0, loss=1.0, images=8))
    record.apply(EpochTrained(variant="vanilla", epoch=0, loss=1.0, accuracy=0.5))
    assert not {"validation_loss", "validation_accuracy", "gradient_norm"} & {
        metric.key for metric in RecordCurves(record).metrics()
    }


def test_curves_follow_a_record_that_grows_and_is_cut(record):
    curves = RecordCurves(record)
    before = curves.series(KEY, LOSS)
    assert curves.series(KEY, LOSS) is before, "nothing new, nothing made"
    record.apply(TrainingResumed(time=2000.0, variant="vanilla", epoch=1, step=4))
    for event in batches(12, first=4, offset=0.5):
        record.apply(event)
    expected = [0.0, 1.0, 2.0, 3.0, *(step + 0.5 for step in range(4, 12))]
    assert curves.series(KEY, LOSS).values.tolist() == expected
    assert RecordCurves(record).series(KEY, LOSS).values.tolist() == expected


def test_jobs_are_shown_alone_as_a_mean_or_each(record):
    for event in batches(4, seed=1, offset=1.0):
        record.apply(event)
    curves = RecordCurves(record)
    jobs = curves.jobs("vanilla")

    def shown(which, last=None):
        return chosen_series(curves, jobs, last, LOSS, ChartOptions(jobs=which))

    assert [len(one.values) for one in shown("each")] == [8, 4]
    assert [len(one.values) for one in shown("last", KEY)] == [8]
    assert [len(one.values) for one in shown("last")] == [4]
    (mean,) = shown("mean")
    assert mean.values[:4].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert (mean.low[0], mean.high[0]) == (0.0, 1.0)
    assert mean.values[4:].tolist() == [4.0, 5.0, 6.0, 7.0]
    assert shown("mean")[0] is mean
    assert chosen_series(curves, [], None, LOSS, ChartOptions()) == []


def test_words_choose_variants_metrics_and_jobs():
    keys = [JobKey("bbox", seed, 0) for seed in (0, 1)]
    found = Filter("bb|den LOSS !validation seed1", ("vanilla", "bbox", "denoise"), METRICS)
    assert [found.name(name) for name in ("vanilla", "bbox", "denoise")] == [False, True, True]
    assert [metric.key for metric in found.metrics] == ["loss"]
    assert found.jobs(keys) == keys[1:]
    nothing = Filter("", ("vanilla",), METRICS)
    assert (nothing.metrics, nothing.name("vanilla"), nothing.jobs(keys)) == ([], True, keys)
    assert not matches("z", "bbox y")


@pytest.mark.parametrize(
    ("text", "size"),
    [("2x3", (2, 3)), (" 3 × 1", (3, 1)), ("9x9", (6, 6)), ("0x2", (0, 0)), ("", (0, 0)), ("2", (0, 0))],
)
def test_sizes_of_a_grid(text, size):
    assert grid_size(text) == size
