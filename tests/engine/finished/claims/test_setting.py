import pytest

from engine.config.recipes import RECIPES

ORDER = ("vanilla", "bbox", "denoise", "superres")
PART = (820, 470, 490, 520, 440, 240)


def everywhere(matrix):
    return dict.fromkeys(ORDER, matrix)


# ---------------------------------------------------------------- the images


@pytest.mark.parametrize(
    ("train", "verdict"), [((2246, 1, 1, 1, 1, 623), "holds"), ((2246, 1, 1, 1, 1, 1000), "does not hold")]
)
def test_the_balance_of_the_classes(ask, built, rows, train, verdict):
    assert ask("balance", built({"vanilla": rows((40,) * 6)}, train_counts=train).record()).verdict == verdict


def test_a_test_set_that_is_not_balanced(ask, built, rows):
    matrix = [list(row) for row in rows((40,) * 6)]
    matrix[0][0] += 7
    found = ask("balance", built({"vanilla": matrix}).record())
    assert (found.verdict, found.reason) == ("does not hold", "the classes of the test set differ in size")
    assert "test 50 to 57 a class" in found.figure


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"leaking": 299}, "does not hold", "299 of 300 test images (99.7 %) are copies"),
        ({"leaking": 114, "train_counts": PART}, "does not hold", "114 of 300"),
        ({"leaking": 0}, "holds", "no test image among the training images"),
        ({"leaking": 0, "train_counts": PART}, "can't be told", "in the rest of the data"),
        ({}, "can't be told", "not audited"),
    ],
)
def test_whether_the_test_images_were_seen(ask, built, rows, changes, verdict, words):
    found = ask("unseen", built({"vanilla": rows((40,) * 6)}, **changes).record())
    assert found.verdict == verdict
    assert words in found.reason


def test_clean_leaves_the_copies_out(ask, built, rows):
    record = built({"vanilla": rows((40,) * 6)}, protocol="clean", left_out=373, leaking=299).record()
    found = ask("unseen", record, "clean")
    assert (found.verdict, found.figure) == ("holds", "373 training images left out")
    record.protocol = None
    assert ask("unseen", record, "clean").verdict == "can't be told"


# ---------------------------------------------------------------- the averages


def test_micro_averages_cannot_differ(ask, built, rows):
    found = ask("micro", built({"vanilla": rows((40, 30, 20, 45, 10, 25))}, demo=True).record())
    assert found.verdict == "does not hold"
    assert "micro 0.567 and 0.567" in found.figure


def test_micro_averages_that_differ_would_let_the_claim_stand(ask, built, rows):
    from dataclasses import replace

    record = built({"vanilla": rows((40,) * 6)}).record()
    ((key, result),) = record.results.items()
    odd = replace(result.metrics, precision=replace(result.metrics.precision, micro=0.9))
    record.results[key] = replace(result, metrics=odd)
    found = ask("micro", record)
    assert (found.verdict, "vanilla" in found.reason) == ("holds", True)


def test_equal_figures_would_leave_micro_averages_open(ask, built, rows):
    assert ask("micro", built({"vanilla": rows((40,) * 6)}).record(), precision="0.80").verdict == "can't be told"


def test_recall_is_accuracy_where_the_classes_are_of_one_size(ask, built, rows):
    record = built({"superres": rows((40, 30, 20, 45, 10, 25))}).record()
    assert ask("recall-beside-accuracy", record).verdict == "does not hold"
    matrix = [list(row) for row in rows((40, 30, 20, 45, 10, 25))]
    matrix[0][0] += 40
    assert ask("recall-beside-accuracy", built({"superres": matrix}).record()).verdict == "can't be told"


# ---------------------------------------------------------------- less data


@pytest.mark.parametrize(("right", "verdict"), [(30, "holds"), (46, "does not hold"), (40, "can't be told")])
def test_less_data(ask, built, rows, right, verdict):
    full = built(everywhere(rows((40,) * 6))).record()
    part = built(everywhere(rows((right,) * 6)), train_counts=PART, study="part").record()
    found = ask("less-data", full, others=[part])
    assert found.verdict == verdict
    assert found.figure.startswith("8,062 against 2,980 images: vanilla 0.800 against")
    # The same from the other side.
    assert ask("less-data", part, others=[full]).verdict == verdict


def test_one_amount_of_data_says_nothing_of_another(ask, built, rows):
    full = built(everywhere(rows((40,) * 6))).record()
    assert "it takes a second run" in ask("less-data", full).reason
    again = built(everywhere(rows((30,) * 6)), study="again").record()
    assert "it takes a second run" in ask("less-data", full, others=[again]).reason


@pytest.mark.parametrize("changes", [{"protocol": "clean"}, {"recipe": RECIPES["quick"]}, {"seed": 5}])
def test_only_what_differs_in_the_amount_alone_is_compared(ask, built, rows, changes):
    full = built(everywhere(rows((40,) * 6))).record()
    part = built(everywhere(rows((30,) * 6)), train_counts=PART, **changes).record()
    assert "it takes a second run" in ask("less-data", full, others=[part]).reason


def test_other_test_images_are_not_compared(ask, built, rows):
    full = built(everywhere(rows((40,) * 6))).record()
    part = built(everywhere(rows((30,) * 6, images=60)), train_counts=PART).record()
    assert "not tested on the same images" in ask("less-data", full, others=[part]).reason


def test_no_variant_in_common(ask, built, rows):
    full = built({"vanilla": rows((40,) * 6)}).record()
    part = built({"bbox": rows((30,) * 6)}, train_counts=PART).record()
    assert "no variant" in ask("less-data", full, others=[part]).reason


# ---------------------------------------------------------------- the other project


@pytest.mark.parametrize(("right", "verdict"), [(38, "holds"), (49, "does not hold"), (45, "can't be told")])
def test_the_best_against_the_other_project(ask, built, rows, right, verdict):
    record = built({"vanilla": rows((30,) * 6), "denoise": rows((right,) * 6)}, recipe=RECIPES["quick"]).record()
    found = ask("other-project", record)
    assert found.verdict == verdict
    assert found.figure.startswith("denoise: F1")
