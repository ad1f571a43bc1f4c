"""The command that repeats a study, read back by the command line itself."""

import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest

from engine.config.combinations import COMBINATIONS
from engine.config.machine import MachineSettings
from engine.config.recipes import get_recipe
from engine.config.study import StudyConfig
from tui.options.reproduce import command_line, configuration_of
from tui.options.study import study_config, study_options


def read_back(line):
    """The configuration that the command line makes of it."""

    @click.command
    @study_options
    def run(**options):
        found.append(study_config(options))

    found = []
    program, command, *arguments = shlex.split(line)
    assert (program, command) == ("simpsons-tui", "run")
    run.main(arguments, standalone_mode=False)
    return found[0]


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "my images; rm"
    folder.mkdir()
    return folder


def test_defaults_are_said_where_they_matter():
    assert command_line(StudyConfig()) == (
        "simpsons-tui run --variants vanilla,bbox,denoise,superres --recipe paper --seed 0"
    )


def test_everything_that_differs_comes_back(images):
    recipe = replace(get_recipe("quick"), epochs=3, learning_rate=0.01, image_size=(64, 80), batch_size=10)
    config = StudyConfig(
        data=images,
        classes=("bart", "l i s a"),
        sample=50,
        test_fraction=0.3,
        variants=("denoise", "vanilla"),
        recipe=recipe,
        seed=7,
        device="cpu",
        threads=3,
    )
    assert read_back(command_line(config)) == config


def test_numbers_without_an_option_of_their_own_come_back(images):
    recipe = replace(get_recipe("quick"), dropout=0.3, kernel_size=3, learning_rate=0.00213)
    line = command_line(StudyConfig(data=images, recipe=recipe))
    assert "--lr 0.00213" in line
    assert "--set kernel_size=3 --set dropout=0.3" in line
    assert read_back(line).recipe == recipe


def test_folders_of_ours_are_not_the_studys(images):
    config = StudyConfig(data=images, cache_dir=Path("/scratch"), runs_dir=Path("/runs"), offline=True)
    assert read_back(command_line(config)) == StudyConfig(data=images)


def test_the_machines_settings_are_said(images):
    machine = MachineSettings("cpu", "AMD EPYC", "bf16", False, 2, "measured")
    back = read_back(command_line(StudyConfig(data=images), machine))
    assert (back.device, back.precision, back.memory_format, back.threads) == ("cpu", "bf16", "contiguous", 2)


def test_a_record_alone_says_what_it_can(studies):
    config = configuration_of(studies.repeated())
    assert config is not None
    assert (config.repeats, config.folds, config.protocol) == (2, 2, "grouped")
    assert config.classes == studies.PLAIN


def test_combinations_come_back_from_the_line():
    config = StudyConfig(variants=COMBINATIONS)
    assert read_back(command_line(config)).variants == COMBINATIONS


def test_parts_and_class_names_of_any_kind_come_back(images):
    for name in ("one", "two", "three"):
        (images / name).mkdir()
    parts = {"train": Path("one"), "test": Path("two"), "val": images / "three"}
    classes = ("Simpson, Homer", " lead", 'the "boss"', "plain name", "trail ")
    config = StudyConfig(data=images, classes=classes, **parts)
    assert read_back(command_line(config)) == config
    other = StudyConfig(data=images, validation_fraction=0.0)
    assert read_back(command_line(other)) == other
    assert "--validation" not in command_line(StudyConfig(validation_fraction=0.0))
