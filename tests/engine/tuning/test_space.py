"""Where a recipe's numbers are searched for."""

from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.tuning.space import TUNABLE, Tunable, search_ranges


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_recipes_own_numbers_lie_in_their_ranges(recipe):
    ranges = search_ranges(recipe)
    assert [entry.name for entry in ranges] == [name for name, entry in TUNABLE.items() if entry.applies(recipe)]
    for entry in ranges:
        own = getattr(recipe, entry.name)
        assert entry.low <= own <= entry.high
        assert entry.whole == isinstance(own, int)
        for end in (entry.low, entry.high):
            assert replace(recipe, **{entry.name: int(end) if entry.whole else end})  # a recipe can have it


def test_methods_that_a_recipe_leaves_out_are_not_searched_for():
    assert [entry.name for entry in search_ranges(RECIPES["paper"])] == ["learning_rate", "batch_size", "dropout"]
    assert {"weight_decay", "affine", "erase"} <= {entry.name for entry in search_ranges(RECIPES["best"])}


def test_an_override_moves_the_range_along():
    (rate,) = search_ranges(replace(RECIPES["quick"], learning_rate=0.02), ["learning_rate"])
    assert (rate.low, rate.high) == (pytest.approx(0.002), pytest.approx(0.2))
    (dropout,) = search_ranges(replace(RECIPES["quick"], dropout=0.9), ["dropout"])
    assert dropout.high == 0.9


def test_a_small_batch_stays_one_that_can_be_trained():
    (batch,) = search_ranges(replace(RECIPES["quick"], batch_size=3), ["batch_size"])
    assert (batch.low, batch.high) == (2, 12)


def test_numbers_that_change_nothing_are_left_out_and_refused():
    table = {
        **TUNABLE,
        "dropout": replace(TUNABLE["dropout"], applies=lambda recipe: recipe.dropout_place == "logits"),
    }
    names = [entry.name for entry in search_ranges(RECIPES["quick"], table=table)]
    assert names == ["learning_rate", "batch_size"]
    with pytest.raises(InputError, match="'dropout' changes nothing in the recipe quick"):
        search_ranges(RECIPES["quick"], ["dropout"], table)


def test_a_logarithmic_range_keeps_its_low_end_where_the_recipe_has_none():
    entry = Tunable("denoise_weight", 1e-3, 1, log=True).around(RECIPES["quick"])
    assert (entry.low, entry.high) == (1e-3, 1)
    zero = Tunable("dropout", 1e-3, 0.5, log=True).around(replace(RECIPES["quick"], dropout=0.0))
    assert zero.low == 1e-3


def test_an_unknown_name_is_one_line_with_a_hint():
    with pytest.raises(InputError, match=r"'learning_rat' .* did you mean 'learning_rate'\? choose from learning_rate"):
        search_ranges(RECIPES["quick"], ["learning_rat"])
