from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.reports.statistics import Calibration, Comparison, Interval, StudyStatistics, VariantStatistics

(OTHER_READING,) = (recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))

PART = (820, 470, 490, 520, 440, 240)  # 2,980

HIGH, MIDDLE, LOW, LOWEST = (40,) * 6, (34,) * 6, (25,) * 6, (15,) * 6


def four(rows, vanilla, bbox, denoise, superres):
    given = {"vanilla": vanilla, "bbox": bbox, "denoise": denoise, "superres": superres}
    return {name: rows(right) for name, right in given.items()}


@pytest.mark.parametrize(
    ("right", "verdict"), [((40,) * 6, "holds"), ((30,) * 6, "does not hold"), ((48,) * 6, "does not hold")]
)
@pytest.mark.parametrize("key", ["accuracy-vanilla", "precision-vanilla", "recall-vanilla"])
def test_a_figure_of_table_1(ask, built, rows, key, right, verdict):
    found = ask(key, built({"vanilla": rows(right)}).record())
    assert found.verdict == verdict
    # Mistakes that are spread unevenly move the precision a little from the share that is right.
    assert float(found.figure.split(" [")[0]) == pytest.approx(sum(right) / 300, abs=0.005)


@pytest.mark.parametrize("key", ["accuracy-superres", "recall-superres", "f1-superres"])
@pytest.mark.parametrize(("right", "verdict"), [(40, "holds"), (20, "does not hold")])
def test_a_figure_of_super_resolution(ask, built, rows, key, right, verdict):
    assert ask(key, built({"superres": rows((right,) * 6)}).record()).verdict == verdict


@pytest.mark.parametrize(("key", "variant"), [("f1-vanilla", "vanilla"), ("precision-superres", "superres")])
@pytest.mark.parametrize(("right", "verdict"), [(30, "holds"), (49, "does not hold"), (41, "can't be told")])
def test_a_bound_of_table_1(ask, built, rows, key, variant, right, verdict):
    assert ask(key, built({variant: rows((right,) * 6)}).record()).verdict == verdict


def test_a_figure_from_few_images_cannot_be_told(ask, built, rows):
    found = ask("accuracy-vanilla", built({"vanilla": rows((4,) * 6, images=5)}).record())
    assert (found.verdict, "too few images" in found.reason) == ("can't be told", True)


def test_the_figure_of_a_part_of_the_data_is_shown_but_not_judged(ask, built, rows):
    found = ask("accuracy-vanilla", built({"vanilla": rows((40,) * 6)}, train_counts=PART).record())
    assert found.verdict == "can't be told"
    assert found.reason == "trained on a part of the data: 2,980 of 8,063 images"
    assert found.figure.startswith("0.800 [")


def test_a_few_unreadable_files_make_no_part(ask, built, rows):
    record = built({"vanilla": rows((40,) * 6)}, train_counts=(2246, 1291, 1342, 1354, 1106, 580)).record()
    assert ask("accuracy-vanilla", record).verdict == "holds"


def test_what_clean_leaves_out_makes_no_part(ask, built, rows):
    record = built({"vanilla": rows((40,) * 6)}, protocol="clean", left_out=373).record()
    assert ask("accuracy-vanilla", record, "clean").verdict == "holds"


@pytest.mark.parametrize(("superres", "verdict"), [(HIGH, "holds"), (LOW, "does not hold"), (MIDDLE, "can't be told")])
@pytest.mark.parametrize("key", ["best-accuracy", "best-f1"])
def test_super_resolution_as_the_best(ask, built, rows, key, superres, verdict):
    found = ask(key, built(four(rows, MIDDLE, LOWEST, LOW, superres)).record())
    assert found.verdict == verdict
    assert "bbox 0.300" in found.figure


@pytest.mark.parametrize(("vanilla", "verdict"), [(HIGH, "holds"), (LOW, "does not hold"), (MIDDLE, "can't be told")])
def test_vanilla_as_the_most_precise(ask, built, rows, vanilla, verdict):
    assert ask("best-precision", built(four(rows, vanilla, LOWEST, LOW, MIDDLE)).record()).verdict == verdict


@pytest.mark.parametrize(("bbox", "verdict"), [(LOWEST, "holds"), (HIGH, "does not hold"), (LOW, "can't be told")])
def test_bbox_as_the_worst_in_every_measure(ask, built, rows, bbox, verdict):
    found = ask("bbox-worst", built(four(rows, MIDDLE, bbox, LOW, MIDDLE)).record())
    assert found.verdict == verdict
    if verdict == "holds":
        assert "all 12 comparisons" in found.reason


@pytest.mark.parametrize(("denoise", "verdict"), [(LOW, "holds"), (HIGH, "does not hold"), (MIDDLE, "can't be told")])
def test_denoise_behind(ask, built, rows, denoise, verdict):
    assert ask("denoise-behind", built(four(rows, MIDDLE, LOWEST, denoise, MIDDLE)).record()).verdict == verdict


def test_table_1_is_not_judged_from_a_part_of_the_data(ask, built, rows):
    record = built(four(rows, MIDDLE, LOWEST, LOW, HIGH), train_counts=PART).record()
    for key in ("best-accuracy", "best-f1", "best-precision", "bbox-worst", "denoise-behind"):
        found = ask(key, record)
        assert (found.verdict, "part of the data" in found.reason) == ("can't be told", True)
        assert "superres" in found.figure


@pytest.mark.parametrize(("denoise", "verdict"), [(LOWEST, "holds"), (HIGH, "does not hold"), (LOW, "can't be told")])
def test_denoise_as_the_worst_of_table_2(ask, built, rows, denoise, verdict):
    record = built(four(rows, MIDDLE, LOW, denoise, MIDDLE), train_counts=PART).record()
    assert ask("part-denoise-worst", record).verdict == verdict


def test_table_2_is_not_judged_from_all_the_data(ask, built, rows):
    found = ask("part-denoise-worst", built(four(rows, MIDDLE, LOW, LOWEST, MIDDLE)).record())
    assert (found.verdict, found.reason) == (
        "can't be told",
        "trained on 8,062 images, and the claim is about 2,980",
    )


@pytest.mark.parametrize(
    ("superres", "shift", "verdict"),
    # The same accuracy with mistakes on other images leaves a wide interval around no difference.
    [(MIDDLE, 0, "holds"), (LOWEST, 0, "does not hold"), (MIDDLE, 12, "can't be told")],
)
def test_likeness_in_table_2(ask, built, rows, superres, shift, verdict):
    record = built(four(rows, MIDDLE, LOW, LOW, superres), train_counts=PART, shift={"superres": shift}).record()
    assert ask("part-similar", record).verdict == verdict


@pytest.mark.parametrize(("key", "variant"), [("crop-harms", "bbox"), ("denoising-harms", "denoise")])
@pytest.mark.parametrize(("right", "verdict"), [(LOW, "holds"), (HIGH, "does not hold"), (MIDDLE, "can't be told")])
def test_what_harms(ask, built, rows, key, variant, right, verdict):
    record = built({"vanilla": rows(MIDDLE), variant: rows(right)}, train_counts=PART).record()
    found = ask(key, record)
    assert found.verdict == verdict
    assert found.reason.endswith("(trained on a part of the data: 2,980 of 8,063 images)")


def test_without_predictions_variants_are_not_compared(ask, built, rows):
    record = built(four(rows, MIDDLE, LOWEST, LOW, HIGH), predictions=False).record()
    for key in ("best-accuracy", "best-f1"):
        found = ask(key, record)
        assert (found.verdict, "not kept" in found.reason) == ("can't be told", True)
    part = built(four(rows, MIDDLE, LOWEST, LOW, HIGH), predictions=False, train_counts=PART).record()
    assert "not kept" in ask("part-similar", part).reason


def test_without_predictions_a_figure_has_the_interval_of_its_matrix(ask, built, rows):
    found = ask("accuracy-vanilla", built({"vanilla": rows((40,) * 6)}, predictions=False).record())
    assert (found.verdict, found.figure) == ("holds", "0.800 [0.751 0.841]")  # Wilson, by hand


@pytest.mark.parametrize(("significant_p", "verdict"), [(0.001, "holds"), (0.4, "can't be told")])
def test_the_studys_own_statistics_decide_where_there_are_some(ask, built, rows, significant_p, verdict):
    record = built({"vanilla": rows(MIDDLE), "bbox": rows(MIDDLE)}).record()
    interval = Interval(0.79, 0.83, "given")
    entries = tuple(
        VariantStatistics(name, 300, 300, (0,), 0.68, interval, 0.68, interval, (0.68,), None, 0.01, Calibration(0, ()))
        for name in ("vanilla", "bbox")
    )
    # The other way round in the study's order, to see the sign turned.
    comparison = Comparison("bbox", "vanilla", -0.2, Interval(-0.3, -0.1, "g"), 1, 2, "g", 0.001, significant_p, True)
    record.statistics = StudyStatistics(entries, (comparison,))
    found = ask("crop-harms", record)
    assert found.verdict == verdict
    assert "vanilla - bbox: accuracy +0.200 [+0.100 +0.300]" in found.reason
    assert ask("accuracy-vanilla", record).figure.endswith("[0.790 0.830]")


def test_seeds_are_pooled(ask, built, rows):
    matrices = {"vanilla": [rows((count,) * 6) for count in (39, 40, 41)]}
    found = ask("accuracy-vanilla", built(matrices).record())
    assert (found.verdict, found.figure[:5]) == ("holds", "0.800")
    far = {"vanilla": [rows((count,) * 6) for count in (10, 40, 49)]}
    wide = ask("accuracy-vanilla", built(far).record())
    assert (wide.verdict, "too few images" in wide.reason) == ("can't be told", True)


def test_what_was_not_run_or_stopped_is_said(ask, built, rows):
    matrices = four(rows, MIDDLE, LOWEST, LOW, HIGH)
    del matrices["denoise"]
    assert ask("best-accuracy", built(matrices).record()).reason == "denoise was not run to the end"
    stopped = built(four(rows, MIDDLE, LOWEST, LOW, HIGH), status={"bbox": "stopped", "denoise": "failed"}).record()
    assert ask("best-accuracy", stopped).reason == "bbox, denoise were not run to the end"
    assert ask("best-accuracy", None, "clean").reason == "not run under the clean protocol"


def test_another_recipe_says_nothing_of_the_studys_network(ask, built, rows):
    record = built({"vanilla": rows((40,) * 6)}, recipe=RECIPES["quick"]).record()
    found = ask("accuracy-vanilla", record)
    assert (found.verdict, found.figure[:5]) == ("can't be told", "0.800")
    assert "another recipe" in found.reason
    assert "image_size" in found.reason


def test_both_readings_of_the_dropout_are_the_studys(ask, built, rows):
    record = built({"vanilla": rows((40,) * 6)}, recipe=OTHER_READING).record()
    assert ask("accuracy-vanilla", record).verdict == "holds"
    changed = replace(RECIPES["paper"], epochs=9)
    assert "epochs" in ask("accuracy-vanilla", built({"vanilla": rows((40,) * 6)}, recipe=changed).record()).reason


@pytest.mark.parametrize("changes", [{"demo": True}, {"classes": ("a", "b", "c", "d", "e", "f")}])
def test_other_images_say_nothing(ask, built, rows, changes):
    found = ask("accuracy-vanilla", built({"vanilla": rows((40,) * 6)}, **changes).record())
    assert (found.verdict, found.figure[:5]) == ("can't be told", "0.800")
    assert "other images than the paper's" in found.reason
