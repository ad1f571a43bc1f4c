from dataclasses import replace

import numpy as np
import pytest

from engine.evaluation import compute_metrics, draw_conclusion
from engine.evaluation.sentences import pipeline_sentences, step_sentences
from engine.reports.audit import AuditReport
from engine.reports.pipelines import OrderEffect, PipelineAnalysis, PipelineGain, TestedDifference, VarianceShares
from engine.reports.results import Baseline, DatasetSummary, JobResult, Prediction, ProtocolSummary, Seconds
from engine.reports.statistics import FactorialAnalysis, FactorialEffect, Interval, StudyStatistics
from engine.statistics import compute_statistics
from engine.statistics.proportions import newcombe_interval

CLASSES = ("apu", "bart", "homer")
DATASET = DatasetSummary("set", "/set", "kaggle", False, CLASSES, (50, 50, 50), (10, 10, 10), 50, 0)
LABELS = np.repeat(np.arange(3), 10)
OFFICIAL = ProtocolSummary("official", "as given", (150,), (0,), (30,))
LEAKING = AuditReport("near", CLASSES, (50,) * 3, (10,) * 3, (17,) * 3, (0,) * 3, (), (), (), (), (), 29, 40, 0, 0)


def result(variant, predicted, status="done", seed=0):
    if predicted is None:
        return JobResult(variant, seed, 0, status, "", None, 0.5, 5, Seconds())
    said = tuple(
        Prediction(f"{i}.jpg", int(label), choice, tuple(float(c == choice) for c in range(3)))
        for i, (label, choice) in enumerate(zip(LABELS, predicted, strict=True))
    )
    metrics = compute_metrics(LABELS, np.array(predicted), CLASSES)
    return JobResult(variant, seed, 0, status, "", metrics, 0.5, 5, Seconds(), said)


GOOD = [0] * 10 + [1] * 10 + [2] * 10
APU_AS_HOMER = [0] * 2 + [2] * 8 + [1] * 10 + [2] * 10
ONE_WRONG = [1, *GOOD[1:]]
BAD = [2] * 10 + [1] * 10 + [0] * 10


def text(results, baselines=(), dataset=DATASET, *, audit=None, protocol=OFFICIAL, tested=True):
    variants = list(dict.fromkeys(entry.variant for entry in results))
    statistics = compute_statistics(variants, results, {}, 3, replicates=300) if tested else None
    named = {baseline.name: baseline for baseline in baselines}
    return " ".join(draw_conclusion(dataset, results, named, statistics=statistics, audit=audit, protocol=protocol))


def test_classes_and_commonest_confusion_are_named():
    said = text([result("vanilla", GOOD), result("denoise", APU_AS_HOMER)])
    assert "Most confused class: apu (0.60 recognised, mean of 2 variants); least: bart and homer (1.00)." in said
    assert "denoise: commonest confusion apu taken for homer, 8 times." in said
    assert "vanilla: no test image was taken for another class." in said


def test_accuracies_come_with_their_intervals_the_highest_first():
    said = text([result("denoise", APU_AS_HOMER), result("vanilla", GOOD)])
    assert (
        "Accuracy with 95 % intervals (Wilson; 30 test images): "
        "vanilla 1.000 [0.886, 1.000], denoise 0.733 [0.556, 0.858]." in said
    )


def test_a_difference_that_the_images_bear_is_said_with_its_interval():
    said = text([result("denoise", APU_AS_HOMER), result("vanilla", GOOD)])
    interval = newcombe_interval(22, 8, 0, 0)
    assert (
        f"vanilla recognises more than denoise: by 0.267 [{interval.low:.3f}, {interval.high:.3f}], p = 0.008" in said
    )
    assert "no difference" not in said


def test_a_difference_that_they_do_not_bear_is_not_said():
    said = text([result("vanilla", GOOD), result("bbox", ONE_WRONG), result("denoise", GOOD)])
    assert (
        "Between vanilla, bbox and denoise there is no difference that 30 images can show "
        "(exact McNemar, Holm correction for 3 comparisons)." in said
    )
    for word in ("Best:", "Worst:", "better", "recognises more"):
        assert word not in said


def test_only_what_stands_out_is_called_best_or_worst():
    said = text([result("vanilla", GOOD), result("bbox", BAD), result("denoise", ONE_WRONG)])
    assert "Worst: bbox, below each other variant." in said
    assert "Best:" not in said
    assert "vanilla recognises more than bbox" in said
    assert "p < 0.001 (exact McNemar, adjusted)." in said
    assert "denoise recognises more than bbox" in said
    assert "No difference that 30 images can show" in said
    assert "between: vanilla and denoise." in said


def test_one_seed_says_what_it_leaves_open():
    said = text([result("vanilla", GOOD), result("bbox", ONE_WRONG)])
    assert "One seed: how much the scores move with another one is not known" in said
    assert "--repeats" in said


def test_several_seeds_set_their_spread_against_the_error_of_the_images():
    jobs = [result("vanilla", said, seed=seed) for seed, said in enumerate((GOOD, ONE_WRONG, APU_AS_HOMER))]
    jobs += [result("bbox", said, seed=seed) for seed, said in enumerate((ONE_WRONG, GOOD, APU_AS_HOMER))]
    said = text(jobs)
    assert "vanilla 0.145 (3 seeds) against 0.0" in said
    assert "One seed" not in said
    assert "paired bootstrap over images and seeds" in said
    assert said.count("vanilla: commonest confusion") == 1, "the seeds are pooled"
    assert "apu taken for homer, 8 times" in said


def test_near_copies_within_the_test_set_are_told_where_they_matter():
    entry = result("vanilla", APU_AS_HOMER)
    paired = compute_statistics(["vanilla"], [entry], {f"{i}.jpg": i // 2 for i in range(30)}, 3, replicates=300)
    said = " ".join(draw_conclusion(DATASET, [entry], {}, statistics=paired))
    assert "The 30 test images are 15 groups" in said
    assert " groups, near copies" not in text([entry])


def test_refused_comparisons_are_told():
    other = replace(result("bbox", GOOD), predictions=result("bbox", GOOD).predictions[:-1])
    assert "vanilla and bbox are not compared: they were not tested on the same images." in text(
        [result("vanilla", GOOD), other]
    )


def test_without_statistics_nothing_is_said_of_differences():
    said = text([result("vanilla", GOOD), result("denoise", APU_AS_HOMER)], tested=False)
    assert "Accuracy: vanilla 1.000, denoise 0.733." in said
    assert "not computed" in said
    assert "recognises more" not in said


def test_a_leak_comes_first_and_only_where_it_is_in_the_scores():
    scored = [result("vanilla", GOOD)]
    said = text(scored, audit=LEAKING)
    assert said.startswith("29 of 30 test images (96.7 %) are copies of training images")
    assert "--protocol clean" in said
    assert "copies of training" not in text(scored, audit=LEAKING, protocol=replace(OFFICIAL, name="clean"))
    assert "copies of training" not in text(scored, audit=replace(LEAKING, leaking_test=0))


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ("official", "33 % of the training images have a box and no test image has one"),
        ("clean", "no test image has one"),
        ("grouped", "33 % of the images that are trained and tested on have a box"),
        ("boxed", "every test image has a box under protocol boxed, which makes this its fair version"),
    ],
)
def test_the_box_variant_says_what_explains_it_and_offers_a_fair_version(protocol, words):
    said = text([result("bbox", GOOD)], protocol=replace(OFFICIAL, name=protocol))
    assert words in said
    assert ("--protocol boxed is the fair version" in said) is (protocol != "boxed")


def test_the_box_variant_without_boxes_or_with_some_in_the_test_images():
    boxed = [result("bbox", GOOD)]
    assert "same pictures as vanilla" in text(boxed, dataset=replace(DATASET, boxed_train=0))
    assert "and 50 % of the test images have a box" in text(boxed, dataset=replace(DATASET, boxed_test=15))
    assert "bbox crops in the original's pixels" in text(boxed)
    both = text([*boxed, result("bbox-paper", GOOD)])
    assert "bbox and bbox-paper: 33 %" in both
    assert "it trained on crops" in both
    assert "bbox-paper resizes first" in both
    assert "bbox:" not in text([result("vanilla", APU_AS_HOMER)])


def test_networks_of_one_answer_are_named():
    told = text([result("vanilla", [2] * 30), result("bbox", [2] * 30), result("denoise", GOOD)])
    assert f"vanilla and bbox predict {CLASSES[2]} for every test image" in told
    assert "for every test image" not in text([result("vanilla", GOOD)])


def test_a_stopped_variant_does_not_compete():
    said = text([result("vanilla", APU_AS_HOMER), result("bbox", GOOD, status="stopped")])
    assert "test images): vanilla 0.733 [0.556, 0.858]." in said
    assert "Stopped early, so not comparable with the rest: bbox." in said


def test_baselines_say_who_does_not_beat_them():
    strong = Baseline("thumbnail_1nn", compute_metrics(LABELS, np.array(GOOD), CLASSES))
    weak = Baseline("majority", compute_metrics(LABELS, np.zeros(30, dtype=int), CLASSES))
    said = text([result("vanilla", APU_AS_HOMER)], [strong, weak])
    assert "nearest thumbnail scores 1.000, not beaten by vanilla" in said
    assert "commonest training class scores 0.333, beaten by every variant" in said


def test_nothing_evaluated_is_said():
    assert (
        text([result("vanilla", None, status="failed")]) == "No variant was evaluated, so there is nothing to compare."
    )


def effects(p):
    def effect(steps, value):
        interval = Interval(value - 0.02, value + 0.02, "bootstrap over groups of images, t")
        return FactorialEffect(steps, value, interval, "sign flips of groups of images", p, p, p < 0.05)

    found = (effect(("denoise",), 0.06), effect(("superres",), -0.04), effect(("denoise", "superres"), 0.02))
    variants = ("vanilla", "denoise", "superres", "denoise+superres")
    return FactorialAnalysis(("denoise", "superres"), variants, (0.7, 0.74, 0.64, 0.72), 300, 290, (0,), found)


def test_effects_of_steps_are_told_with_what_they_rest_on():
    (main, *_, both) = step_sentences(StudyStatistics((), factorials=(effects(0.004),)))
    assert main == (
        "denoise adds 0.060 on average, and how much depends on superres (effect +0.060 [0.040, 0.080], p = 0.004; "
        "sign flips of groups of images, Holm correction for 3 effects)."
    )
    assert "changes the accuracy by +0.080 with superres and by +0.040 without" in both


def test_effects_that_the_images_cannot_show_are_not_claimed():
    (only,) = step_sentences(StudyStatistics((), factorials=(effects(0.4),)))
    assert only.startswith("Of denoise and superres, none has an effect and no two interact as far as 300 images")
    assert step_sentences(StudyStatistics(())) == []


def pipelines(p):
    def tested(value):
        return TestedDifference(value, Interval(value - 0.02, value + 0.02, "t"), "sign flips", p, p, p < 0.05)

    return PipelineAnalysis(
        baseline="vanilla",
        images=300,
        groups=290,
        seeds=(0,),
        gains=tuple(
            PipelineGain(name, 2, 0.7, tested(value), 9, 1)
            for name, value in (("a+b", -0.03), ("b+a", 0.01), *((f"c{place}+d", 0.005) for place in range(6)))
        ),
        effects=(OrderEffect("first", ("a",), 2, tested(-0.04)), OrderEffect("length", (), 2, tested(0.02))),
        shares=(VarianceShares(2, 4, 2, 0.1, 0.6, 0.2, 0.7, None, p, p, p, p),),
    )


def test_gains_and_orders_are_told_the_largest_first():
    gains, effects, share = pipeline_sentences(pipelines(0.01))
    assert gains.startswith("Gain over vanilla: a+b -0.030 [-0.050, -0.010]; b+a +0.010 [-0.010, 0.030]; c0+d")
    assert gains.endswith("; and 2 more (sign flips, Holm correction for 8 pipelines).")
    assert effects.startswith("Effects of steps and places: a first - elsewhere -0.040 [-0.060, -0.020]; each further")
    assert share.endswith("beyond what images and seeds make of it, 70 % is order and the rest selection.")


def test_a_variant_and_the_baseline_have_one_verdict_the_gains():
    jobs = [result("vanilla", APU_AS_HOMER), result("a+b", GOOD), result("b+a", GOOD), result("denoise", BAD)]
    statistics = compute_statistics([job.variant for job in jobs], jobs, {}, 3, replicates=300)
    gains = tuple(gain for gain in pipelines(0.01).gains if gain.variant in ("a+b", "b+a"))
    analysis = replace(pipelines(0.01), gains=gains, effects=(), shares=())
    said = draw_conclusion(DATASET, jobs, {}, statistics=statistics, analysis=analysis)
    pairs = [sentence for sentence in said if "recognises more" in sentence or "No difference" in sentence]
    assert any("and which gain over vanilla (gains)" in sentence for sentence in said)
    assert {frozenset(sentence.partition(":")[0].split(" recognises more than ")) for sentence in pairs[:-1]} == {
        frozenset(pair) for pair in (("a+b", "denoise"), ("b+a", "denoise"), ("vanilla", "denoise"))
    }, "denoise has no gain in the analysis, so its pair with the baseline is told"
    assert pairs[-1].endswith("Holm correction for 6 comparisons) between: a+b and b+a.")


def test_gains_that_are_not_named_are_counted():
    analysis = pipelines(0.01)
    open_gain = replace(analysis.gains[0], gain=replace(analysis.gains[0].gain, significant=False))
    (gains,) = pipeline_sentences(replace(analysis, gains=(analysis.gains[1], open_gain), effects=(), shares=()))
    assert "[-0.010, 0.030]; the rest (1): none that 300 images can show (sign flips, Holm" in gains


def test_orders_that_the_images_cannot_show_are_not_claimed():
    assert pipeline_sentences(pipelines(0.2)) == [
        "Gain over vanilla: none that 300 images can show (sign flips, Holm correction for 8 pipelines).",
        "Effects of steps and places: none that 300 images can show (sign flips, Holm correction for 2 effects).",
    ]
    assert pipeline_sentences(None) == []
