from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.recipes import PAPER_DROPOUT, RECIPES, entry_of, get_recipe, name_today, same_training
from engine.config.study import StudyConfig
from engine.config.variants import STUDY_VARIANTS, VARIANTS, get_variant
from engine.errors import InputError


def test_the_paper_recipe_is_the_studys():
    paper = get_recipe("paper")
    assert (paper.image_size, paper.batch_size, paper.epochs, paper.dropout) == ((255, 342), 100, 5, 0.5)
    assert (paper.channels, paper.kernel_size, paper.dropout_place) == ((16, 32), 5, PAPER_DROPOUT)


def test_both_readings_of_the_papers_dropout_have_a_name():
    for place in ("logits", "features"):
        recipe = get_recipe(f"paper-dropout-{place}")
        assert same_training(recipe, replace(RECIPES["paper"], dropout_place=place))
    assert get_recipe(f"paper-dropout-{PAPER_DROPOUT}") is RECIPES["paper"]


def test_a_recipe_of_an_earlier_version_is_called_what_it_trains():
    paper = RECIPES["paper"]
    (other,) = (recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))
    former = replace(other, name="paper")
    renamed = replace(paper, name=f"paper-dropout-{PAPER_DROPOUT}")
    assert [name_today(recipe) for recipe in (paper, former, renamed)] == ["paper", other.name, "paper"]
    assert entry_of(former) == paper
    assert entry_of(replace(renamed, epochs=9)) == renamed
    own = replace(paper, name="mine")
    assert (name_today(own), entry_of(own)) == ("mine", None)
    assert name_today(replace(former, epochs=9)) == "paper"


def test_the_four_variants_are_entries_of_one_table():
    assert STUDY_VARIANTS == ("vanilla", "bbox", "denoise", "superres")
    assert all(get_variant(name).name == name for name in VARIANTS)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"epochs": 0}, "--epochs 0"),
        ({"batch_size": 1}, "--batch-size 1"),
        ({"learning_rate": 0.0}, "--lr 0"),
        ({"learning_rate": float("nan")}, "--lr nan"),
        ({"channels": ()}, "channels"),
        ({"kernel_size": 4}, "kernel size 4"),
        ({"dropout": 1.0}, "dropout 1.0"),
        ({"denoise_weight": 0.0}, "--denoise-weight 0"),
        ({"image_size": (3, 100)}, "--image-size 3x100"),
        ({"image_size": (100, 5000)}, "--image-size 100x5000"),
    ],
)
def test_recipes_that_cannot_work_are_refused_by_the_options_name(change, named):
    with pytest.raises(InputError, match=named):
        replace(RECIPES["paper"], **change)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"variants": ()}, "--variants"),
        ({"variants": ("vanila",)}, "vanila.*choose from vanilla"),
        ({"variants": ("bbox", "bbox")}, "once"),
        ({"sample": 0}, "--sample 0"),
        ({"threads": 0}, "--threads 0"),
        ({"seed": -1}, "--seed -1"),
    ],
)
def test_configurations_that_cannot_work_are_refused_by_the_options_name(change, named):
    with pytest.raises(InputError, match=named):
        StudyConfig(**change)


def test_paths_may_be_given_as_text():
    config = StudyConfig(data="images", cache_dir="cache")
    assert (config.data, config.cache_dir, config.runs_dir) == (Path("images"), Path("cache"), None)


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(InputError, match=r"unknown recipe 'bets'.*paper.*quick"):
        get_recipe("bets")
