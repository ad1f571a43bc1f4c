import pytest

ORDER = ("vanilla", "bbox", "denoise", "superres")
HOMER, MARGE, BART, LISA, KRUSTY, APU = range(6)


def everywhere(matrix, **other):
    return {name: other.get(name, matrix) for name in ORDER}


@pytest.mark.parametrize(
    ("right", "verdict"),
    [
        ((45, 45, 45, 45, 45, 20), "holds"),
        ((20, 45, 45, 45, 45, 45), "does not hold"),
        ((40, 40, 40, 40, 40, 38), "can't be told"),
    ],
)
def test_apu_as_the_most_confused(ask, built, rows, right, verdict):
    found = ask("apu-most", built(everywhere(rows(right))).record())
    assert found.verdict == verdict
    assert found.figure.startswith("vanilla homer" if verdict == "does not hold" else "vanilla apu")


def test_one_model_in_which_apu_is_not_the_most_confused_is_enough(ask, built, rows):
    matrices = everywhere(rows((45, 45, 45, 45, 45, 20)), denoise=rows((10, 45, 45, 45, 45, 45)))
    found = ask("apu-most", built(matrices).record())
    assert (found.verdict, "denoise recognises" in found.reason) == ("does not hold", True)


@pytest.mark.parametrize(
    ("right", "verdict"),
    [
        ((30, 50, 30, 30, 30, 30), "holds"),
        ((30, 20, 48, 30, 30, 30), "does not hold"),
        ((40, 41, 40, 40, 40, 40), "can't be told"),
    ],
)
def test_marge_as_the_least_confused(ask, built, rows, right, verdict):
    assert ask("marge-least", built(everywhere(rows(right))).record()).verdict == verdict


def test_seeds_do_not_make_more_images_of_a_class(ask, built, rows):
    right = (40, 40, 40, 40, 40, 33)
    one = ask("apu-most", built(everywhere(rows(right))).record())
    many = ask("apu-most", built({name: [rows(right)] * 8 for name in ORDER}).record())
    assert one.verdict == many.verdict == "can't be told"
    assert one.reason == many.reason


def test_means_over_seeds_still_add_up_to_the_images_of_a_class(ask, built, rows):
    seeds = [rows((40,) * 6, cells={(KRUSTY, HOMER): count}) for count in (0, 1, 1)]
    found = ask("krusty-homer", built(dict.fromkeys(ORDER, seeds)).record())
    assert found.figure.endswith(" of 50")


# ---------------------------------------------------------------- Krusty


def test_krusty_for_homer_once_in_every_model(ask, built, rows):
    found = ask("krusty-homer", built(everywhere(rows((40,) * 6))).record())
    assert (found.verdict, found.figure) == ("holds", "vanilla 2, bbox 2, denoise 2, superres 2 of 50")


def test_never_among_many_images_is_not_now_and_then(ask, built, rows):
    never = rows((400,) * 6, images=500, cells={(KRUSTY, HOMER): 0})
    found = ask("krusty-homer", built(everywhere(rows((400,) * 6, images=500), bbox=never)).record())
    assert (found.verdict, "bbox: never in 500 images" in found.reason) == ("does not hold", True)


def test_never_among_few_images_may_be_chance(ask, built, rows):
    found = ask("krusty-homer", built(everywhere(rows((40,) * 6, cells={(KRUSTY, HOMER): 0}))).record())
    assert (found.verdict, "50 images are too few" in found.reason) == ("can't be told", True)


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ({(KRUSTY, HOMER): 0, (BART, LISA): 25}, "holds"),
        ({(KRUSTY, HOMER): 30}, "does not hold"),
        ({(KRUSTY, HOMER): 4, (BART, LISA): 6}, "can't be told"),
    ],
)
def test_krusty_for_homer_as_the_commonest_confusion(ask, built, rows, cells, verdict):
    right = (46, 46, 25 if (BART, LISA) in cells else 46, 46, 20, 46)
    found = ask("krusty-homer-not-first", built(everywhere(rows(right, cells=cells))).record())
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("apu", "homer", "verdict"),
    [(15, 2, "holds"), (2, 15, "does not hold"), (13, 8, "can't be told"), (0, 0, "can't be told")],
)
def test_what_bbox_takes_krusty_for(ask, built, rows, apu, homer, verdict):
    matrix = rows((40, 40, 40, 40, 25, 40), cells={(KRUSTY, APU): apu, (KRUSTY, HOMER): homer})
    found = ask("krusty-apu", built({"bbox": matrix}).record())
    assert (found.verdict, found.figure) == (verdict, f"apu {apu}, homer {homer} of 50")
    assert "the paper's own 13 and 8 have p 0.383" in found.reason


def test_classes_that_are_not_there_are_no_error(ask, built, rows):
    record = built(everywhere(rows((40,) * 3)), classes=("a", "b", "c"), train_counts=(10, 10, 10)).record()
    for key in ("apu-most", "marge-least", "krusty-homer", "krusty-homer-not-first", "krusty-apu"):
        found = ask(key, record)
        assert (found.verdict, "other images" in found.reason) == ("can't be told", True)


def test_the_order_of_the_classes_does_not_matter(ask, built, rows):
    turned = ("apu_nahasapeemapetilon", "lisa_simpson", "bart_simpson", "krusty_the_clown", "marge_simpson")
    record = built(everywhere(rows((20, 45, 45, 45, 45, 45))), classes=(*turned, "homer_simpson")).record()
    assert ask("apu-most", record).verdict == "holds"
