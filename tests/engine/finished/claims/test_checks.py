import math
import random

import pytest

from engine.finished.claims.checks import WINDOW, batches_to_settle
from engine.reports.results import Seconds

EQUAL = (34,) * 6
ORDER = ("vanilla", "bbox", "denoise", "superres")


def falling(batches=400, pace=12.0, level=2.0, noise=0.1, seed=1):
    """A loss that falls by 3 to a level, with noise about it."""
    stream = random.Random(seed)
    return [level + 3 * math.exp(-batch / pace) + stream.gauss(0, noise) for batch in range(batches)]


def four(rows):
    return {name: rows(EQUAL) for name in ORDER}


# ---------------------------------------------------------------- settling


def test_a_quick_fall_settles_soon_and_a_slow_one_late():
    assert batches_to_settle(falling(pace=12)) < 60 < batches_to_settle(falling(pace=80))


def test_noise_about_the_level_is_no_fall():
    assert batches_to_settle(falling(pace=12, noise=1.0)) < 60


def test_a_loss_that_goes_on_falling_settles_near_its_end():
    losses = [5 - 0.01 * batch for batch in range(400)]
    assert batches_to_settle(losses) > 250


def test_a_loss_that_leaves_its_level_at_the_end_never_settles():
    assert batches_to_settle([*falling(380), *(2.0 + 0.5 * step for step in range(20))]) is None


def test_what_is_short_or_not_finite_has_no_level():
    assert batches_to_settle(falling(2 * WINDOW - 1)) is None
    assert batches_to_settle([*falling(200), math.nan]) is None


@pytest.mark.parametrize(("pace", "verdict"), [(12, "holds"), (80, "does not hold")])
def test_all_four_settle(ask, built, rows, pace, verdict):
    losses = {name: falling() for name in ORDER} | {"denoise": falling(pace=pace)}
    found = ask("settled", built(four(rows), losses=losses).record())
    assert found.verdict == verdict
    assert found.figure.startswith("vanilla ")
    if verdict == "does not hold":
        assert "denoise took more than 60 batches" in found.reason


def test_a_loss_that_is_not_a_number_does_not_settle(ask, built, rows):
    losses = {name: falling() for name in ORDER} | {"bbox": [*falling(399), math.inf]}
    found = ask("settled", built(four(rows), losses=losses).record())
    assert (found.verdict, "bbox never" in found.figure) == ("does not hold", True)


def test_few_batches_show_no_level(ask, built, rows):
    losses = {name: falling() for name in ORDER} | {"bbox": falling(30)}
    found = ask("settled", built(four(rows), losses=losses).record())
    assert (found.verdict, "bbox ran 30 batches" in found.reason) == ("can't be told", True)


# ---------------------------------------------------------------- the highest loss


def levels(**given):
    return {name: falling(level=given.get(name, 2.0), seed=place) for place, name in enumerate(ORDER)}


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"superres": 2.5}, "holds"),
        ({"bbox": 2.5}, "does not hold"),
        ({"superres": 1.9}, "does not hold"),
        ({}, "can't be told"),
    ],
)
def test_the_highest_loss_from_one_seed(ask, built, rows, given, verdict):
    found = ask("highest-loss", built(four(rows), losses=levels(**given)).record())
    assert found.verdict == verdict
    assert "one seed" in found.reason


@pytest.mark.parametrize(
    ("superres", "verdict"),
    [((3.0, 3.1, 2.9), "holds"), ((1.0, 1.1, 0.9), "does not hold"), ((2.0, 2.4, 1.6), "can't be told")],
)
def test_the_highest_loss_from_several_seeds(ask, built, rows, superres, verdict):
    others = {name: (1.9, 2.1, 2.0) for name in ORDER if name != "superres"}
    losses = {
        name: [[level + 0.01 * (batch % 2) for batch in range(50)] for level in each]
        for name, each in {**others, "superres": superres}.items()
    }
    matrices = {name: [rows(EQUAL)] * 3 for name in ORDER}
    found = ask("highest-loss", built(matrices, losses=losses).record())
    assert found.verdict == verdict
    assert "one seed" not in found.reason


def test_a_loss_that_is_not_finite_is_not_ranked(ask, built, rows):
    found = ask("highest-loss", built(four(rows), losses=levels() | {"denoise": [math.nan] * 400}).record())
    assert (found.verdict, found.reason) == ("can't be told", "denoise has no finite losses of its last epoch")


def test_losses_without_any_spread_are_compared_as_they_are(ask, built, rows):
    losses = {name: [1.0] * 400 for name in ORDER} | {"superres": [2.0] * 400}
    assert ask("highest-loss", built(four(rows), losses=losses).record()).verdict == "holds"
    equal = {name: [1.0] * 400 for name in ORDER}
    assert ask("highest-loss", built(four(rows), losses=equal).record()).verdict == "can't be told"


# ---------------------------------------------------------------- worth its time

SLOW = {"superres": Seconds(300, 100, 5)}


def pair(rows, superres, images=50):
    return {"vanilla": rows((int(0.6 * images),) * 6, images), "superres": rows((superres,) * 6, images)}


def test_no_gain_for_more_time_is_not_worth_it(ask, built, rows):
    found = ask("not-worth-it", built(pair(rows, 600, 1000), seconds=SLOW).record())
    assert (found.verdict, "3.6 times as long" in found.reason) == ("holds", True)
    assert found.figure.startswith("6.7 min against 1.8 min")


def test_a_large_gain_may_be_worth_it(ask, built, rows):
    found = ask("not-worth-it", built(pair(rows, 48), seconds=SLOW).record())
    assert (found.verdict, "gains at least" in found.reason) == ("does not hold", True)


def test_a_gain_that_few_images_leave_open(ask, built, rows):
    record = built(pair(rows, 31), seconds=SLOW, shift={"superres": 9}).record()
    assert ask("not-worth-it", record).verdict == "can't be told"


def test_what_takes_no_longer_costs_nothing(ask, built, rows):
    found = ask("not-worth-it", built(pair(rows, 31)).record())
    assert (found.verdict, found.reason) == ("does not hold", "it took no longer than vanilla")


def test_images_from_the_cache_hide_the_time(ask, built, rows):
    found = ask("not-worth-it", built(pair(rows, 31), cached={"superres": 80}).record())
    assert (found.verdict, "80 super-resolved images came from the cache" in found.reason) == ("can't be told", True)


def test_training_is_counted_once_a_model(ask, built, rows):
    matrices = {name: [matrix] * 2 for name, matrix in pair(rows, 31).items()}
    found = ask("not-worth-it", built(matrices, seconds=SLOW).record())
    # Pre-processing of both jobs together, training of one.
    assert found.figure.startswith("11.7 min against 2.0 min")


def test_a_gain_without_predictions_has_no_interval(ask, built, rows):
    found = ask("not-worth-it", built(pair(rows, 31), predictions=False).record())
    assert (found.verdict, "not kept" in found.reason) == ("can't be told", True)
