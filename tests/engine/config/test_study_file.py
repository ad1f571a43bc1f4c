"""Study files: what they say becomes a configuration, what they cannot say is one line."""

import re
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES, Recipe
from engine.config.study import StudyConfig
from engine.config.study_file import (
    meanings,
    read_study,
    save_study,
    shipped_studies,
    study_text,
)
from engine.errors import InputError


@pytest.fixture
def written(tmp_path):
    """Writes a study file and reads it."""

    def read(text, name="my.toml"):
        (tmp_path / name).write_text(text)
        return read_study(str(tmp_path / name))

    return read


def the_study(studies):
    (fields_given,) = studies
    return StudyConfig(**fields_given)


# ---------------------------------------------------------------- reading


def test_an_empty_file_is_the_usual_study(written):
    assert the_study(written("")) == StudyConfig()


def test_keys_are_fields_and_paths_count_from_the_file_on(written, tmp_path):
    config = the_study(
        written(
            """
            data = "images"
            superres_weights = "/weights/ninasr.safetensors"
            classes = ["Simpson, Homer", "bart"]
            validation_fraction = 0
            budget_minutes = 2
            precision = "bf16"
            folds = 3
            protocol = "grouped"
            """
        )
    )
    assert config == StudyConfig(
        data=tmp_path / "images",
        superres_weights=Path("/weights/ninasr.safetensors"),
        classes=("Simpson, Homer", "bart"),
        validation_fraction=0.0,
        budget_minutes=2.0,
        precision="bf16",
        folds=3,
        protocol="grouped",
    )


def test_parts_lie_in_the_data_or_beside_the_file(written, tmp_path):
    for folder in ("images/train", "images/test", "kept"):
        (tmp_path / folder).mkdir(parents=True)
    config = the_study(written('data = "images"\ntrain = "train"\ntest = "kept"'))
    assert (config.train, config.test) == (Path("train"), tmp_path / "kept")


def test_variants_are_expressions_and_sets_of_this_file_or_another(written, tmp_path):
    other = tmp_path / "a + (b)"
    other.mkdir()
    (other / "sets.toml").write_text('strong = ["denoise(weight=0.5)"]\n')
    text = """
        variants = ["vanilla", "bbox+@mine", "@a + (b)/sets.toml:strong"]
        [sets]
        mine = ["clahe(clip=1|2)", "hsv"]
        """
    with pytest.raises(InputError, match=r"my\.toml: variants: "):
        written(text)  # a list of variants is joined by +, so a path has none
    other.rename(tmp_path / "other")
    config = the_study(written(text.replace("a + (b)", "other")))
    assert config.variants == ("vanilla", "bbox+clahe(clip=1)", "bbox+clahe(clip=2)", "bbox+hsv", "denoise(weight=0.5)")


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ('recipe = "quick"', RECIPES["quick"]),
        ('[recipe]\nname = "quick"\nepochs = 2\nflip = true', replace(RECIPES["quick"], epochs=2, flip=True)),
        (
            '[recipe]\nname = "mine"\nbase = "best"\nimage_size = [64, 80]',
            replace(RECIPES["best"], name="mine", image_size=(64, 80)),
        ),
        (
            '[recipe]\nname = "mine"\nimage_size = [64, 80]\nchannels = [8]',
            Recipe("mine", image_size=(64, 80), channels=(8,)),
        ),
    ],
    ids=["name", "changed", "after another", "own"],
)
def test_a_recipe_is_a_name_one_that_is_changed_or_an_own(written, text, recipe):
    assert the_study(written(text)).recipe == recipe


def test_several_recipes_are_a_study_each(written):
    text = 'seed = 4\n[[recipe]]\nname = "quick"\n[[recipe]]\nname = "flipped"\nbase = "quick"\nflip = true\n'
    plain, flipped = (StudyConfig(**found) for found in written(text))
    assert plain == StudyConfig(seed=4, recipe=RECIPES["quick"])
    assert flipped == replace(plain, recipe=replace(RECIPES["quick"], name="flipped", flip=True))


BAD = {
    "unknown key": ("repeets = 2", "unknown key 'repeets': did you mean 'repeats'? choose from data, "),
    "unknown key of a recipe": (
        '[recipe]\nname = "quick"\nepoch = 2',
        "unknown key 'recipe.epoch': did you mean 'epochs'? choose from name, ",
    ),
    "code": ('steps = ["my_steps.py"]', "steps: a file names no code, because it is only run where you name it"),
    "wrong type": ('repeats = "three"', 'repeats = "three": give a whole number'),
    "true is no number": ("repeats = true", "repeats = true: give a whole number"),
    "part of a number": ("threads = 1.5", "threads = 1.5: give a whole number"),
    "list of the wrong": ("variants = [1]", "variants = [1]: give a list, each a text"),
    "size": (
        '[recipe]\nname = "quick"\nimage_size = [96]',
        "recipe.image_size = [96]: give a list of 2, each a whole number",
    ),
    "no choice": ('protocol = "clena"', "protocol = \"clena\": give another: did you mean 'clean'? choose from"),
    "no choice of a recipe": ('[recipe]\nname = "quick"\noptimiser = "adamw"', 'recipe.optimiser = "adamw": give anot'),
    "a date": ("data = 2026-11-29", 'data = "2026-11-29": give a path'),
    "no TOML": ("seed = 1\nrepeats: 2", "not a TOML file: Expected '=' after a key in a key/value pair (at line 2, "),
    "no UTF-8": (b"data = '\xff'", "not a TOML file: "),
    "unknown variant": ('variants = ["vanila"]', "variants: unknown variant 'vanila': did you mean 'vanilla'?"),
    "unknown set": ('variants = ["@mien"]\n[sets]\nmine = ["hsv"]', "there is no set 'mien': did you mean 'mine'?"),
    "set of sets": ('[sets]\na = ["@a"]', "sets.a: @a: a set names no other"),
    "no sets": ("sets = 3", "sets: write each below a line [sets]"),
    "unknown recipe": ('recipe = "quik"', "recipe = \"quik\": did you mean 'quick'?"),
    "own recipe": ('[recipe]\nname = "quik"', "recipe.name = \"quik\": did you mean 'quick'? choose from"),
    "nameless recipe": ("[recipe]\nepochs = 2", "recipe.name is missing"),
    "bound": ("test_fraction = 1.5", "--test-fraction 1.5: give a share between 0 and 1"),
    "bound of a recipe": ('[recipe]\nname = "quick"\nepochs = 0', "recipe: --epochs 0: train for at least 1 epoch"),
    "not a number": ('[recipe]\nname = "quick"\ndropout = nan', "dropout nan: give a probability"),
    "parts without data": ('train = "images"', "name the data too"),
    "same twice": ('variants = ["clahe", "clahe(clip=2)"]', "do the same to every image: name one of them"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_what_no_study_can_have_is_one_line_that_names_file_and_key(tmp_path, text, words):
    file = tmp_path / "bad.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_study(str(file))
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert words in message
    assert "\n" not in message


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"gone\.toml: cannot be read: No such file"):
        read_study(str(tmp_path / "gone.toml"))
    with pytest.raises(InputError, match=r"--study ordrs: no such file.*: did you mean 'orders'\?"):
        read_study("ordrs")


# ---------------------------------------------------------------- the files that ship


@pytest.mark.parametrize("name", shipped_studies())
def test_every_file_that_ships_is_a_study(name):
    assert all(StudyConfig(**found).data is None for found in read_study(name))


def test_a_file_of_that_name_here_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("orders").write_text("seed = 9")
    assert the_study(read_study("orders")).seed == 9


# ---------------------------------------------------------------- writing


def test_only_what_differs_is_written_and_what_a_reader_looks_for(tmp_path):
    recipe = replace(RECIPES["quick"], epochs=3)
    text = study_text(StudyConfig(recipe=recipe, sample=40, cache_dir=tmp_path, offline=True))
    keys = [line.partition(" =")[0] for line in text.splitlines() if " = " in line and not line.startswith("#")]
    assert keys == ["sample", "variants", "protocol", "seed", "repeats", "name", "epochs"]
    assert "# size of a seeded, stratified part of the training images\nsample = 40\n" in text


def test_all_orders_are_written_in_short():
    assert '"orders(clahe,hsv)"' in study_text(
        StudyConfig(variants=("vanilla", "clahe", "hsv", "clahe+hsv", "hsv+clahe"))
    )
    assert '"subsets(clahe,hsv)"' in study_text(StudyConfig(variants=("vanilla", "clahe", "hsv", "clahe+hsv")))


def test_a_file_can_be_moved_with_its_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = StudyConfig(data=Path("a/images"), superres_weights=Path("weights.pt"))
    (tmp_path / "a").mkdir()
    save_study(config, Path("a/my.toml"))
    (tmp_path / "a").rename("b")
    found = the_study(read_study("b/my.toml"))
    assert (found.data, found.superres_weights) == (Path("b/images"), tmp_path / "weights.pt")


def test_no_file_is_written_over(tmp_path):
    file = tmp_path / "my.toml"
    save_study(StudyConfig(), file)
    with pytest.raises(InputError, match=r"my\.toml exists: name another file"):
        save_study(StudyConfig(seed=1), file)
    assert the_study(read_study(str(file))).seed == 0
    with pytest.raises(InputError, match=r"cannot be written: "):
        save_study(StudyConfig(), tmp_path / "no" / "my.toml")


def test_every_key_has_a_meaning():
    for kind in (StudyConfig, Recipe):
        found = meanings(kind)
        assert set(found) == {field.name for field in fields(kind)}
        assert all(words and "\n" not in words for words in found.values())


# ---------------------------------------------------------------- the manual


def test_the_manual_lists_every_key_and_no_other():
    page = (files("data") / "docs" / "studies.md").read_text(encoding="utf-8")
    tables = page.split("## Keys of a study")[1].split("## Keys of a recipe")
    for table, kind in zip(tables, (StudyConfig, Recipe), strict=True):
        heads = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        keys = {field.name for field in fields(kind)} - {"steps"}  # code of the user's own, which no file names
        assert {key for head in heads for key in re.findall(r"`(\w+)`", head)} == keys


def test_the_example_of_the_manual_is_a_study(written):
    page = (files("data") / "docs" / "studies.md").read_text(encoding="utf-8")
    config = the_study(written(page.split("```toml\n")[1].split("```")[0]))
    assert config.variants[:4] == ("vanilla", "denoise(weight=0.05)", "denoise(weight=0.1)", "hsv")
    assert config.recipe == replace(RECIPES["quick"], epochs=10, flip=True)
