"""The file of settings: read, refused key by key, written without loss."""

import tomllib

import pytest

from engine.errors import InputError
from tui.looks.chart_options import ChartOptions
from tui.settings.file import read_settings, write_setting
from tui.settings.values import ENTRIES, USUAL

MINE = """\
# my own
theme = "nord"  # nice
them = 3

[keys]
"training.pause" = "a"
training.stop = "b"
# the end
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config" / "settings.toml"


def written(file, text):
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_all_is_as_usual(file):
    assert read_settings(file) == (USUAL, [])


def test_a_new_file_explains_every_setting(file):
    write_setting(file, "charts.smoothing", 0.5)
    text = file.read_text()
    assert all(f"# {entry.words}\n{entry.key.rpartition('.')[2]} = " in text for entry in ENTRIES)
    settings, problems = read_settings(file)
    assert settings.charts == ChartOptions(smoothing=0.5)
    assert (settings.theme, problems) == (USUAL.theme, [])


def test_what_else_is_in_the_file_stays(file):
    written(file, MINE)
    write_setting(file, "theme", "dracula")
    write_setting(file, "refresh_rate", 2.0)
    write_setting(file, "charts.log", True)
    write_setting(file, "keys.training.pause", "space,f2")
    write_setting(file, "keys.training.stop", None)
    text = file.read_text()
    assert '# my own\ntheme = "dracula"  # nice\nthem = 3\n' in text
    assert "# the end" in text
    assert tomllib.loads(text)["keys"]["training.pause"] == "space,f2"
    settings, (problem,) = read_settings(file)
    assert (settings.theme, settings.refresh_rate, settings.charts.log) == ("dracula", 2.0, True)
    assert settings.keys == {"training.pause": "space,f2"}
    assert problem.startswith(f"{file}: unknown setting 'them': did you mean 'theme'?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thme = 'nord'", "unknown setting 'thme': did you mean 'theme'?"),
        ("theme = 'nrd'", "theme = 'nrd': did you mean 'nord'?"),
        ("images = 'block'", "images = 'block': did you mean 'blocks'?"),
        ("refresh_rate = 'fast'", "refresh_rate = 'fast': give a number from 0.2 to 30, or auto"),
        ("refresh_rate = true", "refresh_rate = true: give a number"),
        ("charts.smoothing = 1", "charts.smoothing = 1: give a number from 0 to 0.99"),
        ("charts.log = 1", "charts.log = 1: choose from false, true"),
        ("charts.x = 'epochs'", "charts.x = 'epochs': did you mean 'epoch'?"),
        ("charts.rows = '2'", "charts.rows = '2': did you mean '2'? choose from 0, 1"),
        ("charts.rows = 9", "charts.rows = 9: choose from 0, 1"),
        ("charts.rows = true", "charts.rows = true: choose from 0, 1"),
        ("chart.rows = 2", "unknown setting 'chart.rows': did you mean 'charts.rows'?"),
        ("keys.training.pause = 3", 'keys.training.pause: give keys as a text, as "space"'),
        ("charts = 3", "unknown setting 'charts'"),
        ("theme = ", "not a TOML file"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line_and_is_as_usual(file, text, said):
    written(file, text)
    settings, (problem,) = read_settings(file)
    assert settings == USUAL
    assert problem.startswith(f"{file}: {said}")
    assert "\n" not in problem
    assert file.read_text() == text


def test_one_bad_setting_does_not_cost_the_others(file):
    settings, problems = read_settings(written(file, "theme = 'nord'\nimages = 3\ncharts.rows = 2\n"))
    assert (settings.theme, settings.images, settings.charts.rows) == ("nord", "auto", 2)
    assert len(problems) == 1


def test_a_file_that_is_no_toml_is_not_written_over(file):
    written(file, "theme = ")
    with pytest.raises(InputError, match="not a TOML file"):
        write_setting(file, "theme", "nord")
    assert file.read_text() == "theme = "


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_choice_can_be_written_and_read(file, entry):
    settings = USUAL
    for choice in entry.choices():
        write_setting(file, entry.key, choice)
        settings, problems = read_settings(file)
        assert (entry.of(settings), problems) == (choice, [])
    assert entry.of(entry.step(settings, 1)) == entry.choices()[0]
    assert entry.of(entry.step(entry.put(settings, entry.choices()[0]), -1)) == entry.choices()[-1]


def test_from_between_two_choices_it_goes_to_the_nearer_one():
    smoothing = next(entry for entry in ENTRIES if entry.key == "charts.smoothing")
    assert smoothing.step(smoothing.put(USUAL, 0.62), 1).charts.smoothing == 0.6
