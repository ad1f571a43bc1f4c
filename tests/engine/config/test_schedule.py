from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.config.schedule import averaging_weight, learning_rate, trained_size

PAPER, BEST = RECIPES["paper"], RECIPES["best"]


def test_a_constant_rate_stays():
    assert {learning_rate(PAPER, step, 10) for step in range(10)} == {PAPER.learning_rate}


def test_one_cycle_rises_to_the_recipes_rate_and_falls_to_nothing():
    recipe = replace(BEST, learning_rate=0.5)
    rates = [learning_rate(recipe, step, 1000) for step in range(1000)]
    peak = rates.index(max(rates))
    assert rates[peak] == pytest.approx(0.5, rel=0.01)
    assert 150 < peak < 250
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0 < rates[-1] < 0.001 < rates[0] < 0.01


def test_small_images_come_first_and_whole_ones_last():
    recipe = replace(BEST, small_share=0.5)
    sizes = [trained_size(recipe, (96, 128), step, 10) for step in range(10)]
    assert sizes == [(64, 88)] * 5 + [(96, 128)] * 5
    assert trained_size(PAPER, (255, 342), 0, 10) == (255, 342)


def test_images_that_are_small_already_are_not_enlarged():
    assert trained_size(replace(BEST, small_share=0.5), (8, 6), 0, 10) == (8, 6)


def test_averaging_begins_as_a_mean_and_ends_with_its_time_constant():
    recipe = replace(BEST, averaging=0.1)
    assert [averaging_weight(recipe, done, 1000) for done in range(3)] == [1, 1 / 2, 1 / 3]
    assert averaging_weight(recipe, 999, 1000) == pytest.approx(1 / 101)
