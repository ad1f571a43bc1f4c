"""`--study` and `--save-study`, and the study file of a run."""

import shlex
from dataclasses import replace

import pytest

from engine.config.execution import Execution
from engine.config.recipes import RECIPES, get_recipe
from engine.config.study_file import shipped_studies


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text('variants = ["vanilla", "hsv"]\nrepeats = 3\nseed = 5\n[recipe]\nname = "best"\nepochs = 9\n')
    return path


def test_a_file_is_the_study(command, studies, file):
    assert command("run", "--study", file)[0] == 0
    (study,) = studies
    assert (study.variants, study.repeats, study.seed) == (("vanilla", "hsv"), 3, 5)
    assert study.recipe == replace(RECIPES["best"], epochs=9)


def test_options_and_the_environment_count_more(command, studies, file, monkeypatch):
    monkeypatch.setenv("SIMPSONS_TUI_SEED", "7")
    command("run", "--study", file, "--repeats", 1, "--epochs", 2, "--set", "dropout=0.3", "--variants", "lab")
    (study,) = studies
    assert (study.variants, study.repeats, study.seed) == (("lab",), 1, 7)
    assert study.recipe == replace(RECIPES["best"], epochs=2, dropout=0.3)


def test_where_the_jobs_run_is_a_table_that_options_change(command, studies, file):
    file.write_text('[execution]\nworkers = "auto"\non = "slurm"\nslurm_options = "-p gpu"\n')
    for words in ((), ("--workers", 8), ("--on", "local"), ("--on", "ray", "--gpus", 0.5)):
        assert command("run", "--study", file, *words)[0] == 0
    assert [study.execution for study in studies] == [
        Execution("slurm", None, "-p gpu"),
        Execution("slurm", 8, "-p gpu"),
        Execution("local", None),
        Execution("ray", None, gpus=0.5),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("execution = 3", "give fields below a line [execution]"),
        ("[execution]\nworkers = 0", "--workers 0: at least 1"),
        ("[execution]\nwrokers = 2", "did you mean 'workers'?"),
        ('[execution]\non = "pbs"', "give another"),
    ],
)
def test_what_is_wrong_in_that_table_is_said(command, studies, file, text, words):
    file.write_text(text)
    status, _, err = command("run", "--study", file)
    assert status == 2
    assert words in err


def test_a_recipe_that_is_named_takes_the_place_of_the_files(command, studies, file):
    command("run", "--study", file, "--recipe", "paper")
    assert studies[0].recipe == RECIPES["paper"]


@pytest.mark.parametrize("place", ["logits", "features"])
def test_both_readings_of_the_paper_may_be_named(command, studies, file, place):
    name = f"paper-dropout-{place}"
    for text in (f'recipe = "{name}"', f'[recipe]\nname = "{name}"\nepochs = 5'):
        file.write_text(text)
        command("run", "--study", file)
    command("run", "--recipe", name)
    assert [study.recipe for study in studies] == [get_recipe(name)] * 3
    assert studies[0].recipe.dropout_place == place


def test_epochs_take_the_place_of_a_files_budget(command, studies, file):
    file.write_text("budget_minutes = 3")
    command("run", "--study", file, "--epochs", 2)
    assert (studies[0].budget_minutes, studies[0].recipe.epochs) == (None, 2)


def test_without_a_recipe_it_is_that_of_the_data(command, studies, file, tmp_path):
    file.write_text("repeats = 1")
    command("run", "--study", file)
    command("run", "--study", file, "--data", tmp_path)
    assert [study.recipe.name for study in studies] == ["quick", "paper"]


def test_one_that_ships_is_found_by_its_name(command, studies):
    command("run", "--study", "orders", "--sample", 12)
    assert len(studies[0].variants) == 65
    assert (studies[0].repeats, studies[0].sample) == (2, 12)


def test_several_recipes_are_trained_one_after_the_other(command, studies, file):
    file.write_text('[[recipe]]\nname = "quick"\n[[recipe]]\nname = "flipped"\nbase = "quick"\nflip = true\n')
    status, _, err = command("run", "--study", file)
    assert status == 0
    assert "not known whether they were tested on the same images" in err  # this engine tests on none
    assert [study.recipe.name for study in studies] == ["quick", "flipped"]
    status, _, err = command("run", "--study", file, "--save-study", file.with_name("other.toml"))
    assert status == 2
    assert "has 2 recipes" in err


@pytest.mark.parametrize("words", [("run",), (), ("tune", "--headless")])
def test_what_is_wrong_in_a_file_is_one_line_everywhere(command, studies, file, words):
    file.write_text("repeets = 2")
    status, out, err = command(*words, "--study", file)
    assert (status, out, studies) == (2, "", [])
    assert err.count("\n") == 1
    assert "my.toml: unknown key 'repeets': did you mean 'repeats'?" in err


def test_a_search_begins_with_what_the_file_says(command, file, monkeypatch):
    seen = []
    monkeypatch.setattr("tui.console.search.tune_headless", lambda config, **_: seen.append(config) or 0)
    assert command("tune", "--headless", "--study", file, "--variants", "hsv")[0] == 0
    assert (seen[0].study.variants, seen[0].study.seed, seen[0].study.recipe.epochs) == (("hsv",), 5, 9)
    status, _, err = command("tune", "--headless", "--study", file)
    assert status == 2
    assert "--variants vanilla,hsv: a search trains one variant" in err


# ---------------------------------------------------------------- writing


def test_options_are_written_as_a_file_that_gives_the_same_study(command, studies, tmp_path):
    options = ("--variants", "orders(hsv,lab)", "--recipe", "best", "--set", "dropout=0.2", "--folds", 2)
    options = (*options, "--protocol", "grouped", "--data", tmp_path, "--budget", 2, "--device", "cpu")
    target = tmp_path / "my study.toml"
    status, out, _ = command("run", *options, "--save-study", target)
    assert (status, studies) == (0, [])
    line = out.split(" written: ")[1].removesuffix(" runs it\n")
    command("run", *options)
    command(*shlex.split(line)[1:])
    assert studies[0] == studies[1]
    assert '"orders(hsv,lab)"' in target.read_text()


def test_no_file_is_written_over(command, file):
    before = file.read_text()
    status, _, err = command("run", "--save-study", file)
    assert status == 2
    assert "my.toml exists: name another file" in err
    assert file.read_text() == before


# ---------------------------------------------------------------- those that ship


@pytest.mark.parametrize("name", shipped_studies())
def test_each_that_ships_stands_in_the_manual_with_its_command(command, name):
    _, page, _ = command("docs", "studies")
    assert f"simpsons-tui run --study {name}\n" in page
