import os
from dataclasses import replace

import pytest

from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.reports.results import DatasetSummary
from engine.study.estimate import StageTimings, dearest_first, estimate_study, unevenness
from engine.study.machine import with_threads

SUMMARY = DatasetSummary("set", "/set", "flat", False, ("a", "b"), (400, 400), (100, 100), 0, 0)
PAPER = RECIPES["paper"]
FOUR = ("vanilla", "bbox", "denoise", "superres")


@pytest.fixture
def config(tmp_path):
    return StudyConfig(variants=("vanilla",), cache_dir=tmp_path)


def test_a_first_estimate_is_said_to_be_typical_and_grows_with_the_work(config):
    empty = StageTimings.load(config.cache_dir)
    small = estimate_study(config, SUMMARY, empty)
    assert small.basis == "typical for two cores"
    assert small.disk_bytes == 1000 * 255 * 342 * 3
    assert small.free_bytes > 0
    longer = estimate_study(replace(config, recipe=replace(PAPER, epochs=50)), SUMMARY, empty)
    assert longer.seconds > 5 * small.seconds
    more = estimate_study(replace(config, variants=("vanilla", "superres")), SUMMARY, empty)
    assert more.seconds > small.seconds
    assert more.disk_bytes == 2 * small.disk_bytes


@pytest.mark.parametrize(
    ("variants", "all_images", "test_images"),
    [
        (("bbox",), 1, 0),
        (("bbox", "boxmask"), 2, 0),
        (("denoise", "clahe"), 2, 1),  # against the plain resize
        (("vanilla", "bbox+denoise"), 2, 1),  # against bbox
        (("vanilla", "superres-full"), 5, 4),  # against a resize to twice the size
    ],
)
def test_the_cache_holds_results_and_what_their_quality_is_measured_against(config, variants, all_images, test_images):
    made = estimate_study(replace(config, variants=variants), SUMMARY, StageTimings.load(config.cache_dir))
    assert made.disk_bytes == (1000 * all_images + 200 * test_images) * 255 * 342 * 3


def test_combinations_cost_what_they_do_beyond_the_others(config):
    empty = StageTimings.load(config.cache_dir)

    def seconds(*variants):
        return estimate_study(replace(config, variants=variants), SUMMARY, empty).seconds

    one = seconds("vanilla")
    denoising, upscaling = seconds("vanilla", "denoise") - one, seconds("vanilla", "superres") - one
    both = seconds("vanilla", "denoise", "denoise+superres") - one
    assert both == pytest.approx(denoising + upscaling), "the second one's denoising is at hand"
    assert seconds("vanilla", "superres+denoise") - one > max(denoising, upscaling)


def test_stages_timed_here_count_with_what_they_took(config):
    timings = StageTimings.load(config.cache_dir)
    for stage, variant, images, seconds in [
        ("check", "", 1000, 1.0),
        ("audit", "", 1000, 3.0),
        ("preprocess", "vanilla", 1000, 10.0),
        ("train", "vanilla", 4000, 400.0),
        ("evaluate", "vanilla", 200, 2.0),
        ("baselines", "", 800, 4.0),
    ]:
        timings.add(stage, variant, config, images, seconds)
    timings.save()
    known = estimate_study(config, SUMMARY, StageTimings.load(config.cache_dir))
    assert known.basis == "measured here"
    assert known.seconds == pytest.approx(1 + 3 + 10 + 400 + 2 + 5)
    repeated = estimate_study(replace(config, repeats=3), SUMMARY, StageTimings.load(config.cache_dir))
    assert repeated.seconds == pytest.approx(1 + 3 + 10 + 3 * (400 + 2) + 5)
    partly = estimate_study(replace(config, variants=("vanilla", "bbox")), SUMMARY, timings)
    assert partly.basis == "partly measured here"


def test_image_quality_counts_where_a_variant_has_some(config):
    timings = StageTimings.load(config.cache_dir)

    def seconds(*variants):
        return estimate_study(replace(config, variants=variants), SUMMARY, timings).seconds

    bare = seconds("bbox", "vanilla")
    pixels = SUMMARY.test * PAPER.image_size[0] * PAPER.image_size[1]
    before = [seconds("vanilla", "gamma"), seconds("vanilla", "superres-full")]
    timings.add("quality", "", config, 200, 0.0001)
    after = [seconds("vanilla", "gamma"), seconds("vanilla", "superres-full")]
    one, four = (old - new for old, new in zip(before, after, strict=True))
    assert one == pytest.approx(0.14 * pixels / 1e6 * 2 / (os.cpu_count() or 1), rel=0.01)
    assert four == pytest.approx(4 * one), "twice the size is four times the pixels"
    assert seconds("bbox", "vanilla") == bare


def test_a_stage_over_a_handful_of_images_is_not_remembered(config):
    timings = StageTimings.load(config.cache_dir)
    timings.add("preprocess", "vanilla", config, 3, 9.0)
    assert timings.lookup("preprocess", "vanilla", config) is None


@pytest.mark.parametrize("content", ["", "[]", "nonsense", '{"train": "fast"}'])
def test_a_damaged_memory_is_an_empty_one(tmp_path, content):
    (tmp_path / "stage-timings.json").write_text(content)
    assert StageTimings.load(tmp_path).seconds_per_image == {}


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    StageTimings.load(tmp_path / "file").save()
    assert (tmp_path / "file").read_text() == ""


def test_the_dearest_variants_begin_first_and_after_those_that_they_begin_with():
    order = dearest_first(("bbox", "denoise+superres", "denoise", "vanilla"), RECIPES["quick"])
    assert order == ["vanilla", "denoise", "denoise+superres", "bbox"]


@pytest.mark.parametrize(
    ("variants", "runs", "workers", "wanted"),
    [
        (("vanilla",), 1, 1, 1.0),
        (("vanilla",), 1, 2, 2.0),  # one of them has nothing to do
        (("vanilla",), 3, 2, 4 / 3),
        (("vanilla", "bbox"), 2, 2, 1.0),
        (FOUR, 1, 1, 1.0),
    ],
)
def test_how_uneven_workers_share_the_work(variants, runs, workers, wanted):
    assert unevenness(variants, replace(RECIPES["quick"], epochs=1000), runs, workers) == pytest.approx(
        wanted, rel=0.02
    )


def test_threads_serve_one_job_where_one_worker_would_be_left_with_most_of_the_work(config, monkeypatch):
    """Super-resolution takes longer than all the rest of a short training, and is nothing to a long one."""
    monkeypatch.setattr("engine.study.machine.available_cores", lambda: 2)
    for epochs, threads in ((1, None), (1000, 1)):
        recipe = replace(config.recipe, epochs=epochs)
        auto = replace(
            config, recipe=recipe, variants=FOUR, threads=None, device="cpu", execution=Execution(workers=None)
        )
        assert with_threads(auto).threads == threads
