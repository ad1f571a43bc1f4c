from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.finished.claims.leak import leak_gap

(OTHER_READING,) = (recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))

ORDER = ("vanilla", "bbox")


def pair(built, rows, official=(40,) * 6, clean=(30,) * 6, **changes):
    one = built({name: rows(official) for name in ORDER}, study="of").record()
    other = built({name: rows(clean) for name in ORDER}, protocol="clean", study="cl", left_out=373, **changes)
    return one, other.record()


def test_the_gap_is_official_minus_clean(built, rows):
    report = leak_gap(*pair(built, rows))
    assert (report.official_train, report.clean_train, report.left_out, report.test_images) == (8062, 7689, 373, 300)
    assert [row.variant for row in report.rows] == ["vanilla", "bbox"]
    row = report.rows[0]
    assert (row.official_accuracy.value, row.clean_accuracy.value) == pytest.approx((0.8, 0.6))
    assert row.accuracy_gap.value == pytest.approx(0.2)
    assert 0 < row.accuracy_gap.interval.low < 0.2 < row.accuracy_gap.interval.high
    assert row.f1_gap.value == pytest.approx(row.official_f1.value - row.clean_f1.value)
    assert "vanilla: the copies were worth accuracy +0.200" in report.sentences[0]


@pytest.mark.parametrize(
    ("clean", "words"), [((40,) * 6, "no gap that these test images can show"), ((48,) * 6, "it did better without")]
)
def test_the_words_follow_the_interval(built, rows, clean, words):
    assert words in leak_gap(*pair(built, rows, clean=clean)).sentences[0]


def test_the_gap_is_paired_over_images_where_they_are_known(built, rows):
    paired = leak_gap(*pair(built, rows)).rows[0].accuracy_gap.interval
    one, other = pair(built, rows, predictions=False)
    unpaired = leak_gap(one, other).rows[0].accuracy_gap.interval
    assert (paired.high - paired.low) < (unpaired.high - unpaired.low)
    assert "unpaired" in unpaired.method


def test_several_seeds_are_one_gap(built, rows):
    one = built({"vanilla": [rows((count,) * 6) for count in (39, 40, 41)]}, study="of").record()
    other = built({"vanilla": [rows((count,) * 6) for count in (28, 30, 32)]}, study="cl", protocol="clean").record()
    report = leak_gap(one, other)
    assert report.seeds == (0, 1, 2)
    assert report.rows[0].accuracy_gap.value == pytest.approx(0.2)
    assert not any("One seed" in sentence for sentence in report.sentences)


def test_variants_that_only_one_ran_to_the_end_are_left_out(built, rows):
    one, other = pair(built, rows, status={"bbox": "stopped"})
    assert [row.variant for row in leak_gap(one, other).rows] == ["vanilla"]
    one, other = pair(built, rows, status=dict.fromkeys(ORDER, "stopped"))
    with pytest.raises(InputError, match="no variant in common"):
        leak_gap(one, other)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"test_fingerprint": "others"}, "not tested on the same images"),
        ({"recipe": RECIPES["quick"]}, "other recipes (paper, quick)"),
        ({"recipe": replace(OTHER_READING, name="paper")}, f"other recipes (paper, {OTHER_READING.name})"),
        ({"seed": 3}, r"other seeds (0; 3)"),
    ],
)
def test_what_cannot_be_set_side_by_side_is_refused(built, rows, changes, words):
    with pytest.raises(InputError) as refused:
        leak_gap(*pair(built, rows, **changes))
    assert words in str(refused.value)
    assert "studies of and cl" in str(refused.value)


def test_other_super_resolution_weights_are_refused(built, rows):
    matrices = {"superres": rows((40,) * 6)}
    one = built(matrices, weights="official").record()
    other = built(matrices, weights="shipped", protocol="clean").record()
    with pytest.raises(InputError, match="super-resolution weights"):
        leak_gap(one, other)


def test_protocols_in_the_wrong_order_are_refused(built, rows):
    one, other = pair(built, rows)
    with pytest.raises(InputError, match="study cl is of the clean protocol"):
        leak_gap(other, one)


def test_without_fingerprints_the_predictions_tell_the_test_images(built, rows):
    one = built({"vanilla": rows((40,) * 6)}, test_fingerprint="").record()
    same = built({"vanilla": rows((30,) * 6)}, test_fingerprint="", protocol="clean").record()
    more = built({"vanilla": rows((30,) * 6, images=60)}, test_fingerprint="", protocol="clean").record()
    assert leak_gap(one, same).rows
    with pytest.raises(InputError, match="same images"):
        leak_gap(one, more)
    unknown = built({"vanilla": rows((30,) * 6)}, test_fingerprint="", protocol="clean", predictions=False).record()
    with pytest.raises(InputError, match="same images"):
        leak_gap(one, unknown)
