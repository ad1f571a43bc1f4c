"""`simpsons-tui export`."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.config.study_file import read_study
from tui.cli import main


@pytest.fixture
def command(capfd, tmp_path, monkeypatch):
    """Runs the command line in this process; returns exit status, standard output, standard error."""
    for name in [name for name in os.environ if name.startswith("SIMPSONS_TUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main(["export", *map(str, arguments), "--runs-dir", str(tmp_path / "runs")])
        output = capfd.readouterr()
        return status, output.out, output.err

    return run


def test_without_a_name_the_newest_is_exported(command, make_run, tmp_path):
    make_run("20260101-000000-aaa")
    make_run("20260102-000000-bbb")
    # The name of the file is the study's ID, which here all runs share.
    status, out, err = command("--out", "x.json")
    assert (status, out, err) == (0, "x.json\n", "")  # quick: nothing to tell
    assert json.loads((tmp_path / "x.json").read_text())["study"] == "20260528-2026-springfield"


def test_a_run_is_named_by_a_beginning_or_a_path(command, make_run):
    make_run("20260101-000000-aaa", config=StudyConfig(seed=11))
    other = make_run("20260102-000000-bbb", config=StudyConfig(seed=22))
    assert "--seed 11" in command("20260101", "--format", "md", "--out", "-")[1]
    assert "--seed 22" in command(other, "--format", "md", "--out", "-")[1]
    assert "--seed 22" in command("20260102-000000-bbb", "--format", "md", "--out", "-")[1]


def test_an_unknown_or_unclear_name_is_one_line(command, make_run):
    make_run("20260101-000000-aaa")
    make_run("20260101-000000-bbb")
    for name, words in (("2026", "fits 2 runs"), ("1999", "no run '1999'"), ("./x/", "no run")):
        status, out, err = command(name)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert words in err
        assert "20260101-000000-aaa" in err


def test_no_run_at_all_is_one_line(command):
    status, out, err = command()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "no run" in err


def test_the_json_is_the_one_that_run_prints(command, make_run):
    from engine.runs import load_record
    from tui.export.json_object import json_text

    folder = make_run("20260101-000000-aaa")
    status, out, err = command("--format", "json", "--out", "-")
    assert (status, err) == (0, "")
    assert out == json_text(load_record(folder))
    json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_the_end_of_out_says_the_format(command, make_run, tmp_path):
    make_run("20260101-000000-aaa")
    for name, start in (("a.md", "# "), ("a.svg", "<?xml"), ("a.html", "<!DOCTYPE"), ("a.txt", "<!DOCTYPE")):
        assert command("--out", name)[0] == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_a_folder_does_not_go_to_standard_output(command, make_run):
    make_run("20260101-000000-aaa")
    status, out, err = command("--format", "csv", "--out", "-")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "folder" in err


def test_tables_go_into_a_folder(command, make_run, tmp_path):
    make_run("20260101-000000-aaa")
    assert command("--format", "csv")[:2] == (0, "20260528-2026-springfield-csv\n")
    assert (tmp_path / "20260528-2026-springfield-csv" / "curves.csv").is_file()


def test_a_file_that_is_there_is_replaced_on_demand_only(command, make_run, tmp_path):
    make_run("20260101-000000-aaa")
    (tmp_path / "x.md").write_text("mine")
    status, _, err = command("--out", "x.md")
    assert (status, err.count("\n")) == (2, 1)
    assert (tmp_path / "x.md").read_text() == "mine"
    assert command("--out", "x.md", "--force")[0] == 0
    assert (tmp_path / "x.md").read_text(encoding="utf-8").startswith("# ")


def test_a_place_that_cannot_be_written_is_one_line(command, make_run, tmp_path):
    make_run("20260101-000000-aaa")
    (tmp_path / "file").write_text("")
    status, out, err = command("--out", "file/x.md")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "file/x.md" in err


def test_nothing_evaluated_yet_is_exported_and_said(command, make_run, studies, tmp_path):
    make_run("20260101-000000-aaa", events=[studies.started(("vanilla",))])
    status, out, err = command("--out", "x.html")
    assert (status, out) == (0, "x.html\n")
    assert err == "20260101-000000-aaa: No variant is evaluated yet: this holds what there is.\n"
    assert "No variant is evaluated yet" in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_a_run_that_has_not_begun_is_one_line(command, make_run):
    make_run("20260101-000000-aaa", events=[])
    status, out, err = command()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "has not begun" in err


def test_a_damaged_run_is_one_line(command, make_run):
    folder = make_run("20260101-000000-aaa")
    (folder / "events.jsonl").write_text("nonsense\n{}\n")
    status, out, err = command()
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "damaged" in err


def test_a_configuration_that_cannot_be_used_costs_only_the_command(command, make_run):
    folder = make_run("20260101-000000-aaa")
    (folder / "study.json").write_text('{"version": 2, "config": {"variants": []}}')
    status, out, _ = command("--format", "md", "--out", "-")
    assert status == 0
    assert "The study's configuration was not found" in out


def test_the_help_lists_every_format(command, capfd):
    from tui.export.formats import FORMATS

    main(["export", "--help"])
    out = capfd.readouterr().out
    assert all(entry.words in out for entry in FORMATS.values())


def test_what_ships_has_the_templates():
    import tui.export

    names = {path.name for path in (Path(tui.export.__file__).parent / "templates").iterdir()}
    assert {"report.html.j2", "report.css", "drawing.css", "picture.css"} <= names


def test_the_study_file_of_a_run_gives_the_same_study(command, make_run, tmp_path):
    recipe = replace(RECIPES["best"], flip=False, epochs=3)
    asked = StudyConfig(data=tmp_path, variants=("vanilla", "hsv"), recipe=recipe, seed=4, budget_minutes=2)
    make_run("20260101-000000-aaa", config=asked)
    assert command("--format", "toml", "--out", "my.toml")[0] == 0
    (found,) = read_study("my.toml")
    wanted = replace(asked, budget_minutes=None)
    assert replace(StudyConfig(**found), device="auto", precision="auto", memory_format="auto", threads=None) == wanted


def test_the_report_gives_the_study_file_where_no_line_can_say_the_recipe(command, make_run):
    make_run("20260101-000000-aaa", config=StudyConfig(seed=11))
    whole = command("--format", "md", "--out", "-")[1]
    assert "simpsons-tui run --variants" in whole
    assert "```toml\n# A study of simpsons-tui" in whole
    make_run("20260102-000000-bbb", config=StudyConfig(seed=22, recipe=replace(RECIPES["quick"], name="mine")))
    own = command("--format", "md", "--out", "-")[1]
    assert "simpsons-tui run --variants" not in own
    assert 'name = "mine"' in own
