"""`--once`: one frame of the dashboard as text, of runs that ended, were interrupted or are under way."""

import shutil
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.study import BatchTrained, EpochTrained, StageStarted, StudyStarted
from engine.reports.results import DatasetSummary
from engine.runs import RunFolder

OLD = Path(__file__).parents[2] / "old_runs" / "runs_d185b93"
DATASET = DatasetSummary("springfield", "/set", "flat", False, ("a", "b"), (4, 4), (50, 50), 0, 0)


@pytest.fixture
def runs(tmp_path):
    """Copies of recorded runs, by what became of them."""
    (tmp_path / "runs").mkdir()

    def copied(kind):
        (folder,) = (OLD / kind).iterdir()
        return Path(shutil.copytree(folder, tmp_path / "runs" / folder.name))

    return copied


@pytest.fixture
def live(tmp_path):
    """A run whose writer holds it."""
    run = RunFolder.create(tmp_path / "runs", StudyConfig(variants=("vanilla",)))
    run.append(
        StudyStarted(
            study="s",
            dataset=DATASET,
            variants=("vanilla",),
            protocol="official",
            recipe=RECIPES["quick"],
            seed=0,
            program_version="1",
            folder=str(run.folder),
            time=1_000_000_000.0,
        )
    )
    run.append(StageStarted(time=1_000_000_001.0, stage="train", variant="vanilla", total=60))
    for step in range(8):
        run.append(
            BatchTrained(
                time=1_000_000_002.0 + step, variant="vanilla", epoch=1, step=step, loss=2.0 - step / 10, images=10
            )
        )
    run.append(EpochTrained(time=1_000_000_010.0, variant="vanilla", epoch=0, loss=1.6, accuracy=0.4))
    yield run.folder
    run.close()


def lines_of(text):
    lines = text.splitlines()
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in lines)
    return lines


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
def test_a_study_that_ended_shows_its_results(command, runs, size):
    columns, lines = size
    status, out, err = command("watch", runs("done").name, "--once", "--size", f"{columns}x{lines}")
    assert (status, err) == (0, "")
    shown = lines_of(out)
    assert len(shown) == lines
    assert max(map(len, shown)) <= columns
    assert "Confusion matrices" in out
    assert "0.183" in out


def test_without_a_terminal_it_is_forty_lines(command, runs):
    runs("done")
    assert len(lines_of(command("watch", "--once")[1])) == 40


def test_a_study_that_was_interrupted_shows_its_curves(command, runs):
    status, out, _ = command("watch", runs("killed").name, "--once")
    assert status == 0
    assert "loss by batch" in out
    assert "interrupted: its writer is gone" in out


def test_a_study_under_way_shows_its_curves_as_they_are_now(command, live):
    before = (live / "events.jsonl").read_bytes()
    status, out, _ = command("watch", live.name, "--once", "--size", "100x30")
    assert status == 0
    assert "springfield" in out
    assert "loss by batch" in out
    assert "interrupted" not in out
    assert (live / "events.jsonl").read_bytes() == before


def test_runs_are_compared_on_one_chart(command, runs):
    names = [runs(kind).name for kind in ("done", "done-clean")]
    status, out, _ = command("runs", "compare", *names, "--once", "--size", "100x30")
    assert status == 0
    shown = lines_of(out)
    assert len(shown) == 30
    assert all(name in out for name in names)
    assert "all runs" in out
    assert "must not be compared" in out


def test_colours_are_written_where_they_are_asked_for(command, runs):
    name = runs("done").name
    plain = command("watch", name, "--once")[1]
    assert command("watch", name, "--once", "--color", "never")[1] == plain
    assert "\x1b[" in command("watch", name, "--once", "--color", "always")[1]


def test_the_theme_of_the_settings_colours_it(command, runs, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("COLORTERM", "truecolor")
    name = runs("done").name
    (tmp_path / "simpsons-tui").mkdir()
    (tmp_path / "simpsons-tui" / "settings.toml").write_text('theme = "colour-blind-light"')
    assert "48;2;255;255;255" in command("watch", name, "--once", "--color", "always")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("watch", "none", "--once"), "none"),
        (("watch", "--once", "--size", "50x10"), "--size 50x10: give 60x16 at least"),
        (("watch", "--once", "--size", "large"), "give columns and lines, as 120x40"),
        (("runs", "compare", "none", "--once"), "none"),
    ],
)
def test_what_cannot_be_shown_is_told(command, runs, arguments, said):
    runs("done")
    status, out, err = command(*arguments)
    assert (status, out) == (2, "")
    assert said in err
