from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.combinations import COMBINATIONS
from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig


def test_without_options_the_study_is_a_quick_one_on_the_demo_set(command, studies, tmp_path):
    status, _, _ = command("run")
    assert status == 0
    assert studies == [StudyConfig(recipe=RECIPES["quick"], runs_dir=tmp_path / "runs")]


def test_every_option_reaches_the_study(command, studies, tmp_path):
    weights = tmp_path / "weights.safetensors"
    weights.touch()
    arguments = {
        "--data": tmp_path,
        "--classes": "homer_simpson, bart_simpson",
        "--sample": 40,
        "--test-fraction": 0.25,
        "--variants": "denoise,vanilla",
        "--recipe": "quick",
        "--epochs": 2,
        "--batch-size": 7,
        "--lr": 0.01,
        "--seed": 5,
        "--image-size": "48x64",
        "--dropout-place": "features",
        "--denoise-weight": 0.2,
        "--device": "cpu",
        "--precision": "bf16",
        "--memory-format": "contiguous",
        "--threads": 1,
        "--log": "csv, tensorboard",
        "--superres-weights": weights,
        "--cache-dir": tmp_path / "cache",
        "--runs-dir": tmp_path / "elsewhere",
    }
    status, _, _ = command("run", "--offline", *(word for pair in arguments.items() for word in pair))
    assert status == 0
    (config,) = studies
    recipe = config.recipe
    assert config == StudyConfig(
        data=tmp_path,
        classes=("homer_simpson", "bart_simpson"),
        sample=40,
        test_fraction=0.25,
        variants=("denoise", "vanilla"),
        recipe=recipe,
        seed=5,
        device="cpu",
        precision="bf16",
        memory_format="contiguous",
        threads=1,
        log=("csv", "tensorboard"),
        superres_weights=weights,
        offline=True,
        cache_dir=tmp_path / "cache",
        runs_dir=tmp_path / "elsewhere",
    )
    assert (recipe.name, recipe.epochs, recipe.batch_size, recipe.learning_rate) == ("quick", 2, 7, 0.01)
    assert (recipe.image_size, recipe.dropout_place, recipe.denoise_weight) == ((48, 64), "features", 0.2)


def test_an_option_that_is_not_given_leaves_the_recipe_as_it_is(command, studies):
    command("run", "--recipe", "quick", "--epochs", 9)
    assert studies[0].recipe.epochs == 9
    assert studies[0].recipe.image_size == RECIPES["quick"].image_size


def test_the_demo_set_is_trained_with_a_quick_recipe_where_none_was_named_and_says_so(command, studies):
    _, _, err = command("run")
    assert studies[0].recipe == RECIPES["quick"]
    assert "the demo set is trained with the recipe quick; other images with paper" in err


def test_a_named_recipe_and_own_images_are_left_alone(command, studies, tmp_path, monkeypatch):
    _, _, err = command("run", "--recipe", "paper")
    command("run", "--data", tmp_path)
    monkeypatch.setenv("SIMPSONS_TUI_RECIPE", "paper")
    command("run")
    assert [study.recipe.name for study in studies] == ["paper"] * 3
    assert "demo set is trained with" not in err


def test_a_quick_recipe_that_was_named_is_no_surprise(command, studies, tmp_path):
    file = tmp_path / "my.toml"
    file.write_text('variants = ["vanilla"]\n')
    assert "demo set is trained with" in command("run", "--study", file)[2]
    file.write_text('variants = ["vanilla"]\nrecipe = "quick"\n')
    for options in (("--study", file), ("--recipe", "quick")):
        assert "demo set is trained with" not in command("run", *options)[2]


@pytest.mark.parametrize(
    "words", [("resume", "x", "--runs-dir", "9" * 400), ("runs", "show", "9" * 5000), ("export", "9" * 5000)]
)
def test_a_name_too_long_for_the_system_is_wrong_use_and_no_crash(command, words):
    status, _, err = command(*words)
    assert status == 2
    assert err.count("\n") == 1
    assert "unexpected" not in err


def test_any_number_of_the_recipe_can_be_set(command, studies):
    command("run", "--recipe", "quick", "--set", "dropout=0.25", "--set", "kernel_size = 3", "--lr", 0.01)
    assert studies[0].recipe == replace(RECIPES["quick"], dropout=0.25, kernel_size=3, learning_rate=0.01)


def test_numbers_that_are_set_are_told_as_changes(command, studies):
    _, out, _ = command("run", "--set", "learning_rate=0.002", "--set", "dropout=0.25")
    assert "recipe: quick with dropout 0.25, learning_rate 0.002" in out


def test_environment_variables_are_options(command, studies, monkeypatch):
    monkeypatch.setenv("SIMPSONS_TUI_EPOCHS", "3")
    monkeypatch.setenv("SIMPSONS_TUI_VARIANTS", "bbox")
    command("run", "--variants", "vanilla")
    assert studies[0].recipe.epochs == 3
    assert studies[0].variants == ("vanilla",)  # the command line wins


def test_combinations_are_variants_and_a_word_stands_for_all_eight(command, studies):
    command("run", "--variants", "superres-full, all-combinations")
    assert studies[0].variants == ("superres-full", *COMBINATIONS)
    command("run", "--variants", "vanilla,bbox+denoise,superres+denoise")
    assert studies[1].variants == ("vanilla", "bbox+denoise", "superres+denoise")


WRONG = {
    "steps out of order": (("--variants", "denoise+bbox"), ("--variants", "write bbox+denoise")),
    "unknown step": (("--variants", "denoise+blur"), ("--variants", "unknown step 'blur'")),
    "unknown variant": (("--variants", "vanilla,vanila"), ("--variants", "'vanila'", "did you mean 'vanilla'?")),
    "no variant": (("--variants", ","), ("--variants",)),
    "variant twice": (("--variants", "bbox,bbox"), ("--variants", "once")),
    "unknown recipe": (("--recipe", "papr"), ("--recipe", "'papr'", "did you mean 'paper'?")),
    "unknown option": (("--epoch", "3"), ("--epoch", "--epochs")),
    "no epochs": (("--epochs", "0"), ("--epochs", "at least 1")),
    "epochs no number": (("--epochs", "many"), ("--epochs", "'many'")),
    "batch of one": (("--batch-size", "1"), ("--batch-size", "at least 2")),
    "no learning rate": (("--lr", "0"), ("--lr",)),
    "learning rate not a number": (("--lr", "nan"), ("--lr",)),
    "negative seed": (("--seed", "-1"), ("--seed",)),
    "image size": (("--image-size", "96"), ("--image-size", "96x128")),
    "image size too small": (("--image-size", "2x2"), ("--image-size", "at least")),
    "image size too large": (("--image-size", "50000x50000"), ("--image-size", "at most")),
    "dropout place": (("--dropout-place", "nowhere"), ("--dropout-place", "logits", "features")),
    "denoise weight": (("--denoise-weight", "0"), ("--denoise-weight",)),
    "set without a value": (("--set", "dropout"), ("--set", "as dropout=0.3")),
    "set an unknown number": (("--set", "drop_out=0.3"), ("--set", "'drop_out'", "did you mean 'dropout'?")),
    "set what is no number": (("--set", "name=mine"), ("--set", "'name'", "choose from")),
    "set a text": (("--set", "dropout=half"), ("--set", "dropout=half", "give a number")),
    "set a share of a batch": (("--set", "batch_size=2.5"), ("--set", "whole number")),
    "set no finite number": (("--set", "learning_rate=nan"), ("--set", "finite")),
    "set what no recipe can have": (("--set", "dropout=1"), ("dropout", "below 1")),
    "set twice": (("--set", "dropout=0.1", "--set", "dropout=0.2"), ("--set dropout=0.2", "given twice")),
    "set beside its option": (("--lr", "0.1", "--set", "learning_rate=0.2"), ("--set", "given twice")),
    "precision": (("--precision", "fp16"), ("--precision", "fp32", "bf16")),
    "threads": (("--threads", "0"), ("--threads", "at least 1")),
    "sample": (("--sample", "0"), ("--sample", "at least 1")),
    "test fraction": (("--test-fraction", "1"), ("--test-fraction",)),
    "no such data": (("--data", "no/such/folder"), ("--data", "no/such/folder", "does not exist")),
    "no such weights": (("--superres-weights", "no.pt"), ("--superres-weights", "no.pt", "does not exist")),
    "an argument too many": (("images/",), ("images/",)),
}


@pytest.mark.parametrize(("arguments", "named"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use_is_one_line_that_names_the_option(command, studies, arguments, named):
    status, out, err = command("run", *arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("simpsons-tui: ")
    assert err.count("\n") == 1
    assert all(word in err for word in named)
    assert studies == []


def test_an_unknown_command_is_one_line(command):
    status, out, err = command("runn")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "'runn'" in err


def test_options_before_the_command_are_not_silently_lost(command, studies):
    status, _, err = command("--epochs", 3, "run")
    assert status == 2
    assert "--epochs belongs after the command" in err
    assert "--set belongs after the command" in command("--set", "dropout=0.1", "run")[2]
    assert studies == []


@pytest.mark.parametrize("arguments", [(), ("run",), ("fetch",), ("cache",), ("cache", "show"), ("cache", "clear")])
def test_every_command_has_help(command, arguments):
    status, out, err = command(*arguments, "--help")
    assert (status, err) == (0, "")
    assert out.startswith("Usage: simpsons-tui")


@pytest.mark.parametrize("arguments", [(), ("run",)])
def test_help_lists_every_option_and_shows_examples(command, arguments):
    _, out, _ = command(*arguments, "--help")
    assert "Examples:" in out
    shared = "--data --classes --sample --test-fraction --variants --recipe --epochs --batch-size --lr --seed"
    numbers = "--image-size --dropout-place --denoise-weight --set"
    machine = "--device --precision --memory-format --threads --superres-weights --offline --cache-dir --runs-dir"
    assert [name for name in f"{shared} {numbers} {machine}".split() if name not in out] == []


def test_the_version_is_the_programs(command):
    from engine.system.version import program_version

    assert command("--version") == (0, f"simpsons-tui {program_version()}\n", "")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"Simpson, Homer",bart', ("Simpson, Homer", "bart")),
        ('" lead", tail ', (" lead", "tail")),
        ("a,, b ,", ("a", "b")),
        ('"say ""no""",x y', ('say "no"', "x y")),
        ('it"s,5" disk', ('it"s', '5" disk')),
    ],
)
def test_class_names_are_quoted_as_in_csv(command, studies, tmp_path, text, names):
    assert command("run", "--data", tmp_path, "--classes", text)[0] == 0
    assert studies[0].classes == names


@pytest.mark.parametrize("text", ['"Simpson, Homer', '"a"b,c'])
def test_a_quote_without_its_end_is_refused(command, studies, text):
    status, _, err = command("run", "--classes", text)
    assert (status, studies) == (2, [])
    assert "in quotes" in err


def test_parts_are_from_the_data_on(command, studies, tmp_path, monkeypatch):
    for name in ("set/old", "set/new", "away"):
        (tmp_path / name).mkdir(parents=True)
    data = tmp_path / "set"
    command("run", "--data", data, "--train", "old", "--test", data / "new", "--val", tmp_path / "away", "--recheck")
    config = studies.pop()
    assert (config.data, config.train, config.test, config.val, config.recheck) == (
        data, Path("old"), data / "new", tmp_path / "away", True,
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    command("run", "--train", "set/old", "--test", "away")
    config = studies.pop()
    assert (config.data, config.train, config.test) == (tmp_path, Path("set/old"), Path("away"))
    command("run", "--data", data, "--train", "old", "--test", "away")
    assert studies.pop().test == tmp_path / "away"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--test", "."), "--train"),
        (("--train", "nowhere", "--data", "."), "--train nowhere: there is no such folder"),
        (("--train", ".", "--val", ".", "--validation", "0.1"), "--val and --validation"),
    ],
)
def test_parts_that_make_no_sense_are_refused(command, studies, tmp_path, monkeypatch, words, expected):
    monkeypatch.chdir(tmp_path)
    status, _, err = command("run", *words)
    assert (status, studies) == (2, [])
    assert expected in err


@pytest.mark.parametrize(
    ("words", "execution"),
    [
        ("", Execution()),
        ("--workers 3", Execution(workers=3)),
        ("--workers auto", Execution(workers=None)),
        ("--on slurm", Execution("slurm", None)),
        ("--on slurm --workers 1", Execution("slurm", 1)),
        ("--on ray --ray-address here:1 --gpus 0.5", Execution("ray", None, ray_address="here:1", gpus=0.5)),
    ],
)
def test_where_jobs_run(command, studies, words, execution):
    assert command("run", *words.split())[0] == 0
    assert studies[0].execution == execution


@pytest.mark.parametrize("words", ["--workers 0", "--workers many", "--on pbs", "--slurm-options=-p", "--gpus -1"])
def test_where_no_job_can_run(command, studies, words):
    status, _, err = command("run", *words.split())
    assert (status, studies) == (2, [])
    assert words.split("=")[0].split()[0] in err


def test_an_unknown_tracker_is_refused_with_the_nearest(command, studies):
    status, _, err = command("run", "--log", "csv,tensorbord")
    assert (status, studies) == (2, [])
    assert "unknown tracker 'tensorbord'" in err
    assert "did you mean 'tensorboard'?" in err


def test_a_study_file_may_name_trackers(command, studies, tmp_path):
    (tmp_path / "my.toml").write_text('log = ["csv"]\n')
    assert command("run", "--study", tmp_path / "my.toml")[0] == 0
    assert command("run", "--study", tmp_path / "my.toml", "--log", "tensorboard")[0] == 0
    assert [config.log for config in studies] == [("csv",), ("tensorboard",)]
