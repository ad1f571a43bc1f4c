"""What a search says of its best trial."""

from engine.events.study import StatisticsComputed
from engine.reports.statistics import Calibration, Comparison, Interval, StudyStatistics, VariantStatistics
from engine.tuning.conclusion import draw_conclusion
from engine.tuning.searching import Outcome, TrialFailed


def statistics(first, second, *, p_value, low, high):
    interval = Interval(0.6, 0.8, "Wilson")
    entries = tuple(
        VariantStatistics(name, 100, 100, (0,), 0.7, interval, 0.7, interval, (0.7,), None, 0.05, Calibration(0.1, ()))
        for name in (first, second)
    )
    comparison = Comparison(
        first, second, 0.1, Interval(low, high, "Newcombe, paired"), 15, 5, "exact McNemar", p_value, p_value,
        p_value < 0.05,
    )  # fmt: skip
    return StatisticsComputed(statistics=StudyStatistics(entries, (comparison,)))


def searched(bench, *scores):
    record, _ = bench.run(trials=len(scores), train=lambda plan: Outcome(scores[plan.number], 1.0))
    return record


def test_a_difference_that_may_be_noise_is_called_that(bench):
    record = searched(bench, 0.6, 0.65, 0.7)
    record.apply(statistics("trial-2", "trial-0", p_value=0.21, low=-0.02, high=0.2))
    words = " ".join(draw_conclusion(record, "The test images were not touched."))
    assert "Best is trial 2: validation accuracy 0.700 (95 % interval 0.600 to 0.800, Wilson)" in words
    assert (
        "The recipe's own numbers (learning_rate 0.001, batch_size 50, dropout 0.5): validation accuracy 0.600" in words
    )
    assert "+0.100 (95 % interval -0.020 to +0.200, exact McNemar p = 0.210): it may be noise." in words
    assert "best of 3 trials on the same validation images looks better than it is" in words
    assert words.endswith("The test images were not touched.")


def test_a_clear_difference_still_is_that_of_the_best_of_several(bench):
    record = searched(bench, 0.6, 0.7)
    record.apply(statistics("trial-0", "trial-1", p_value=0.001, low=-0.15, high=-0.05))
    words = " ".join(draw_conclusion(record, ""))
    assert "-0.100 (95 % interval +0.050 to +0.150" in words
    assert "chosen from several" in words


def test_where_the_recipe_is_best_it_says_so(bench):
    words = " ".join(draw_conclusion(searched(bench, 0.8, 0.7, 0.6), ""))
    assert "Best is trial 0, the recipe itself" in words
    assert "None of the 2 other trials did better" in words


def test_without_a_whole_trial_there_is_nothing_to_say(bench):
    record, _ = bench.run(trials=1, train=lambda plan: fail())
    assert "no numbers to compare" in draw_conclusion(record, "")[0]


def fail():
    raise TrialFailed("out of memory")
