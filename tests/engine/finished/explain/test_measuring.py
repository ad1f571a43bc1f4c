"""Counting what changes cost, and the sentences that follow."""

import numpy as np
import pytest
from scipy.stats import binom

from engine.finished.explain.answers import draw_answers
from engine.finished.explain.measuring import measure_change

CLASSES = ("homer_simpson", "apu_nahasapeemapetilon", "marge_simpson")


def measured(counts, change="colour removed", images_from="test", variant="vanilla"):
    """`counts` are (images, right before, right after) a class; whoever is right after was right before."""
    labels, before, after = [], [], []
    for label, (images, right_before, right_after) in enumerate(counts):
        wrong = (label + 1) % len(CLASSES)
        labels += [label] * images
        before += [label] * right_before + [wrong] * (images - right_before)
        after += [label] * right_after + [wrong] * (images - right_after)
    arrays = (np.array(values) for values in (labels, before, after))
    labels, before, after = arrays
    return measure_change(variant, change, images_from, labels=labels, before=before, after=after, classes=CLASSES)


def test_counts_and_intervals_of_all_and_of_each_class():
    ablation = measured([(50, 40, 40), (50, 30, 10), (50, 45, 40)])
    assert (ablation.total.images, ablation.total.before, ablation.total.after) == (150, 115, 90)
    apu = ablation.of("apu_nahasapeemapetilon")
    assert (apu.before, apu.after, apu.lost, apu.gained) == (30, 10, 20, 0)
    # Wilson's interval of 10 of 50 at 95 %, by the formula.
    z, n, p = 1.959964, 50, 0.2
    scale = 1 + z * z / n
    middle, half = (p + z * z / 2 / n) / scale, z / scale * (p * (1 - p) / n + (z / 2 / n) ** 2) ** 0.5
    assert (apu.after_interval.low, apu.after_interval.high) == pytest.approx((middle - half, middle + half))
    assert apu.after_interval.method == "Wilson"


def test_the_test_is_mcnemars_exact_one():
    labels = np.zeros(20, np.int64)
    before, after = np.ones(20, np.int64), np.ones(20, np.int64)
    before[:9] = 0  # right before
    after[8:10] = 0  # one of those stays right, one is gained
    ablation = measure_change("v", "box greyed", "test", labels=labels, before=before, after=after, classes=CLASSES)
    assert (ablation.total.lost, ablation.total.gained) == (8, 1)
    assert ablation.p_value == pytest.approx(2 * binom.cdf(1, 9, 0.5))
    assert [outcome.name for outcome in ablation.classes] == ["homer_simpson"]


def test_nothing_turned_is_no_evidence():
    assert measured([(5, 3, 3), (5, 2, 2), (5, 5, 5)]).p_value == 1


def sentences(*ablations):
    return "\n".join(draw_answers(ablations))


def test_apu_who_loses_more_without_colour_depends_on_it_more():
    text = sentences(measured([(50, 40, 38), (50, 40, 5), (50, 45, 43)]))
    assert "Apu's skin colour, vanilla: without colour Apu goes from 40 to 5 of 50 recognised" in text
    assert "the others from 85 to 81 of 100" in text
    assert "it depends on this more than the others do (of those recognised before, 35/40 against 4/85 lost" in text
    assert "Fisher p < 0.001" in text


def test_apu_who_loses_less_is_said_with_how_often_he_is_named():
    text = sentences(measured([(50, 40, 5), (50, 40, 38), (50, 45, 5)]))
    # Whoever is wrong is called the next class: 10 of Homer's images before, 45 after.
    assert "it loses less than the others do" in text
    assert "named more often (50 before, 83 of 150 images after), which by itself keeps its images right" in text


def test_apu_who_loses_less_and_is_not_named_more_often():
    labels = np.repeat([0, 1, 2], 50)
    before, after = labels.copy(), labels.copy()
    after[:45], after[100:145] = 2, 0
    ablation = measure_change(
        "vanilla", "colour removed", "test", labels=labels, before=before, after=after, classes=CLASSES
    )
    assert "it depends on this less than the others do" in sentences(ablation)
    assert "named 50 before, 50 of 150 images after" in sentences(ablation)


def test_apu_who_loses_as_much_cannot_be_told_apart():
    text = sentences(measured([(50, 40, 20), (50, 40, 21), (50, 40, 20)]))
    assert "no difference that these images can show" in text
    assert "depends on this" not in text


def test_a_class_that_was_not_recognised_before_tells_nothing():
    assert "too few were recognised before" in sentences(measured([(50, 40, 20), (50, 3, 0), (50, 40, 20)]))


def test_marges_hair_is_asked_of_the_top_of_the_box():
    text = sentences(measured([(30, 28, 27), (30, 28, 26), (30, 29, 4)], "top of box greyed", "trained on"))
    assert "Marge's hair, vanilla: with the top third of the box greyed Marge goes from 29 to 4 of 30" in text
    assert "(that it was trained on)" in text
    assert "Apu's skin" not in text


def test_other_data_sets_have_no_guesses():
    ablation = measure_change(
        "v",
        "colour removed",
        "test",
        labels=np.array([0, 1]),
        before=np.array([0, 1]),
        after=np.array([0, 1]),
        classes=("cat", "dog"),
    )
    (sentence,) = draw_answers([ablation])
    assert "no effect that these images can show" in sentence


def test_a_loss_names_the_class_that_loses_most():
    text = sentences(measured([(50, 40, 38), (50, 40, 5), (50, 45, 43)]))
    assert "beyond chance" in text
    assert "most: apu_nahasapeemapetilon, 40 to 5 of 50" in text


@pytest.mark.parametrize(
    ("without_box", "without_background", "words"),
    [
        (5, 45, "vanilla takes more from the character than from the background: 0.900 from the box alone"),
        (45, 5, "vanilla takes more from the background than from the character: 0.100 from the box alone"),
        (30, 31, "cannot be told apart"),
    ],
)
def test_character_or_background(without_box, without_background, words):
    def one(change, after):
        return measured([(50, 48, after)], change)

    assert words in sentences(one("background greyed", without_background), one("box greyed", without_box))
