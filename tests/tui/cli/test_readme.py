"""What the README promises: options that exist, an example that runs, every key of the JSON object."""

import re
from pathlib import Path

import pytest
from click import Context

from engine.events.study_json import study_to_json
from tui.cli import cli

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
OTHER_TOOLS = {"--check", "--only", "--extra-index-url", "--out", "--quick", "--snapshot-update"}


def known_options(command):
    names = {name for param in command.params for name in param.opts}
    for child in getattr(command, "commands", {}).values():
        names |= known_options(child)
    return names | {"--help"}


def test_every_option_in_the_readme_exists():
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert named - OTHER_TOOLS - known_options(cli) == set()


def test_the_readme_names_every_command_and_no_other():
    named = set(re.findall(r"(?:`|    |bin/)simpsons-tui ([a-z]+)", README))
    assert named == set(cli.commands)


@pytest.mark.parametrize("group", ["cache", "runs"])
def test_the_readme_names_every_command_of_a_group(group):
    commands = cli.get_command(Context(cli), group).commands
    named = {name for found in re.findall(rf"simpsons-tui {group} ([a-z|]+)", README) for name in found.split("|")}
    assert named - {"export"} == set(commands) - {"export"}


@pytest.mark.usefixtures("studies")
def test_the_python_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "vanilla done 0.8" in out
    assert "StudyFinished" in out


def test_the_json_schema_names_every_key(fake_engine):
    from engine.config.study import StudyConfig

    record = fake_engine.run_study(StudyConfig(variants=("vanilla",)))
    data = study_to_json(record)
    schema = README[README.index('{"schema"') : README.index("A variant that was stopped")]
    keys = {*data, *data["dataset"], *data["variants"]["vanilla"], *data["messages"][0]}
    assert sorted(key for key in keys if f'"{key}"' not in schema) == []
