"""Readings of a paper against its numbers."""

import json
from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.events.codec import event_to_line, to_jsonable
from engine.finished.claims.file import claims_template
from engine.finished.claims.reconstruct import recipes_to_try, reconstruct

PAPER = RECIPES["paper"]
AFTER, BEFORE = (replace(PAPER, dropout_place=place) for place in ("logits", "features"))
PART = (820, 470, 490, 520, 440, 240)


@pytest.fixture
def kept(tmp_path, built, rows):
    """Keeps a run in which every variant recognises so many of 50 images a class, and returns its folder."""

    def keep(name, right, recipe, seeds=1, **changes):  # `right`: one number, or one a seed
        each = (right,) * seeds if isinstance(right, int) else right
        matrices = {variant: [rows((count,) * 6) for count in each] for variant in ("vanilla", "superres")}
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        run = built(matrices, recipe=recipe, study=name, **changes)
        (folder / "events.jsonl").write_text("".join(event_to_line(event) + "\n" for event in run.events()))
        config = {"recipe": to_jsonable(recipe), "protocol": run.protocol}
        (folder / "study.json").write_text(json.dumps({"version": 1, "study": name, "config": config}))
        return folder

    return keep


def by_key(report):
    return {reading.key: reading for reading in report.readings}


def test_a_reading_whose_figures_reach_the_numbers_is_told_from_one_that_does_not(kept, tmp_path):
    kept("low", 30, AFTER)
    kept("right", 40, BEFORE)
    report = reconstruct(runs_dir=tmp_path / "runs")
    readings = by_key(report)
    place = [number.key for number in report.numbers].index("accuracy-vanilla")
    assert readings["dropout-logits"].numbers[place].fit == "excluded"
    assert readings["dropout-features"].numbers[place].fit == "compatible"
    assert readings["dropout-features"].numbers[place].figure.startswith("0.800 [0.7")
    assert (readings["dropout-logits"].study, readings["dropout-features"].study) == ("low", "right")
    assert readings["dropout-logits-kernel-3"].study == ""
    assert {number.fit for number in readings["dropout-logits-kernel-3"].numbers} == {"can't be told"}


def test_a_bound_is_excluded_only_where_all_of_the_interval_lies_beyond(kept, tmp_path):
    kept("high", 49, BEFORE)
    report = reconstruct(runs_dir=tmp_path / "runs")
    place = [number.key for number in report.numbers].index("precision-superres")
    assert report.numbers[place].stated == "< 0.84"
    assert by_key(report)["dropout-features"].numbers[place].fit == "excluded"


def test_few_images_tell_nothing(kept, tmp_path, built, rows):
    folder = kept("few", 40, BEFORE)
    few = built({"vanilla": rows((4,) * 6, images=5)}, recipe=BEFORE, study="few")
    (folder / "events.jsonl").write_text("".join(event_to_line(event) + "\n" for event in few.events()))
    fits = {number.fit for number in by_key(reconstruct(runs_dir=tmp_path / "runs"))["dropout-features"].numbers}
    assert "excluded" not in fits
    assert "can't be told" in fits


def test_the_run_with_the_most_seeds_counts_and_part_of_the_data_is_said(kept, tmp_path):
    kept("one", 40, BEFORE)
    kept("three", 40, BEFORE, seeds=3, train_counts=PART)
    reading = by_key(reconstruct(runs_dir=tmp_path / "runs"))["dropout-features"]
    assert (reading.study, reading.seeds) == ("three", (0, 1, 2))
    assert reading.remark == "trained on a part of the data: 2,980 of 8,063 images"


def test_one_seed_of_several_is_enough_to_leave_a_number_possible(kept, tmp_path):
    kept("three", (30, 30, 40), BEFORE)
    report = reconstruct(runs_dir=tmp_path / "runs")
    place = [number.key for number in report.numbers].index("accuracy-vanilla")
    number = by_key(report)["dropout-features"].numbers[place]
    assert number.fit == "compatible"
    assert number.figure == "0.667 [0.544 0.841]"
    kept("four", (30, 30, 30, 30), BEFORE)
    assert by_key(reconstruct(runs_dir=tmp_path / "runs"))["dropout-features"].numbers[place].fit == "excluded"


def test_fewer_training_images_exclude_no_number_that_more_might_reach(kept, tmp_path):
    kept("low", 30, AFTER, train_counts=PART)
    kept("high", 49, BEFORE, train_counts=PART)
    report = reconstruct(runs_dir=tmp_path / "runs")
    place = [number.key for number in report.numbers].index("accuracy-vanilla")
    low, high = (by_key(report)[key].numbers[place] for key in ("dropout-logits", "dropout-features"))
    assert (low.fit, low.reason) == ("can't be told", "less, of 2,980 training images in place of 8,063")
    assert high.fit == "excluded"


def test_runs_of_other_protocols_recipes_and_images_are_passed_over(kept, tmp_path):
    kept("clean", 40, BEFORE, protocol="clean")
    kept("longer", 40, replace(BEFORE, epochs=9))
    kept("drawings", 40, BEFORE, demo=True)
    assert not any(reading.study for reading in reconstruct(runs_dir=tmp_path / "runs").readings)
    assert by_key(reconstruct(runs_dir=tmp_path / "runs", protocol="clean"))["dropout-features"].study == "clean"


def test_runs_that_are_named_are_the_only_ones(kept, tmp_path):
    kept("one", 40, BEFORE)
    named = kept("two", 30, AFTER)
    readings = by_key(reconstruct([named], tmp_path / "runs"))
    assert (readings["dropout-features"].study, readings["dropout-logits"].study) == ("", "two")


def test_runs_that_are_named_and_are_no_reading_are_told(kept, tmp_path):
    named = [
        kept("fits", 40, BEFORE),
        kept("clean", 40, BEFORE, protocol="clean"),
        kept("longer", 40, replace(BEFORE, epochs=9)),
        kept("drawings", 40, BEFORE, demo=True),
    ]
    assert reconstruct(named).passed_over == (
        "clean: of the clean protocol",
        "longer: its recipe (paper) is none of the readings",
        "drawings: other images than the paper's: the demo set",
    )


def test_what_was_not_run_can_be_trained(kept, tmp_path):
    kept("one", 40, BEFORE)
    report = reconstruct(runs_dir=tmp_path / "runs")
    recipes = recipes_to_try(report)
    assert [recipe.name for recipe in recipes] == [
        "dropout-logits",
        "dropout-logits-kernel-3",
        "dropout-features-kernel-3",
    ]
    assert replace(recipes[1], name="paper") == replace(AFTER, kernel_size=3)
    assert report.variants == ("vanilla", "superres")


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ("", r"no \[\[reading\]\]"),
        ('[[reading]]\nkey = "a"\n', "reading a: statement is missing"),
        ('[[reading]]\nkey = "a"\nstatement = "s"\n[reading.recipe]\nkernal_size = 3\n', "reading a: .*kernal_size"),
        ('[[reading]]\nkey = "a"\nstatement = "s"\n[reading.recipe]\nkernel_size = 4\n', "odd number"),
        ('[[reading]]\nkey = "a"\nstatement = "s"\n[reading.recipe]\nkernel_size = "x"\n', "reading a: "),
        (2 * '[[reading]]\nkey = "a"\nstatement = "s"\n', "another reading has the same key"),
    ],
)
def test_a_mistake_in_a_reading_is_one_line(tmp_path, readings, words):
    path = tmp_path / "my.toml"
    path.write_text(claims_template().partition("\n[[reading]]")[0] + "\n" + readings)
    with pytest.raises(InputError, match=words) as caught:
        reconstruct(runs_dir=tmp_path / "runs", file=path)
    assert "\n" not in str(caught.value)
