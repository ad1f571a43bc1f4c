"""`simpsons-tui runs` and `simpsons-tui watch`, in this process, on run folders that the store wrote."""

import json

import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study import JobFinished, StudyFinished, StudyStarted
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Seconds
from engine.runs import RunFolder

DATASET = DatasetSummary("springfield", "/set", "flat", False, ("a", "b"), (4, 4), (50, 50), 0, 0)


def events(right, status):
    yield StudyStarted(
        study="s",
        dataset=DATASET,
        variants=("vanilla",),
        protocol="official",
        recipe=RECIPES["quick"],
        seed=0,
        program_version="1",
        time=1_000_000_000.0,
    )
    metrics = metrics_of_matrix(((right, 50 - right), (50 - right, right)), ("a", "b"))
    yield JobFinished(result=JobResult("vanilla", 0, 0, "done", "", metrics, 0.5, 1, Seconds()))
    if status:
        yield StudyFinished(status=status)


@pytest.fixture
def add(tmp_path):
    """Writes a run; with `live` its writer goes on to hold it."""
    open_runs = []

    def added(right=40, status="done", *, live=False):
        config = StudyConfig(variants=("vanilla",))
        run, record = RunFolder.create(tmp_path / "runs", config), StudyRecord()
        for event in events(right, status):
            record.apply(event)
            run.append(event)
        run.write_summary(record)
        open_runs.append(run)
        if not live:
            run.close()
        return run.folder

    yield added
    for run in open_runs:
        run.close()


def test_the_list_shows_the_newest_first_with_their_states(command, add):
    names = [add(40).name, add(45, "").name, add(30, "", live=True).name]
    status, out, err = command("runs", "list")
    rows = [line for line in out.splitlines() if "springfield" in line]
    assert (status, err) == (0, "")
    assert [name for row in rows for name in names if name in row] == names[::-1]
    for row, words in zip(rows, ("▶ running", "! interrupted", "✓ done"), strict=True):
        assert words in row
    assert "0.800" in rows[2]


def test_the_list_as_json(command, add):
    folder = add(40)
    (run,) = json.loads(command("runs", "list", "--json")[1])
    assert (run["folder"], run["state"], run["accuracies"]) == (str(folder), "done", {"vanilla": 0.8})


def test_an_empty_list_says_what_to_do(command, tmp_path):
    status, out, err = command("runs", "list")
    assert (status, out) == (0, "")
    assert "'simpsons-tui run'" in err
    assert command("runs", "list", "--json")[:2] == (0, "[]\n")


def test_a_run_is_shown_as_at_its_end(command, add):
    add(40)
    newest = add(45)
    status, out, err = command("runs", "show")
    assert status == 0
    assert "0.900" in out
    assert f"run {newest} (done)" in err
    assert json.loads(command("runs", "show", "latest", "--json")[1])["status"] == "done"


def test_a_run_that_is_not_there_is_one_line(command, add):
    add()
    for arguments in (("runs", "show", "x"), ("runs", "rm", "x", "--yes"), ("watch", "x")):
        status, out, err = command(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "no run 'x'" in err


def test_removing_wants_a_yes(command, add):
    folder = add()
    status, _, err = command("runs", "rm", folder.name)
    assert (status, folder.is_dir()) == (2, True)
    assert "--yes" in err
    status, out, _ = command("runs", "rm", folder.name, folder, "--yes")
    assert (status, folder.exists(), out) == (0, False, f"removed {folder}\n")


def test_a_run_that_a_process_works_on_is_not_removed_nor_any_other_with_it(command, add):
    done, live = add(), add(30, "", live=True)
    status, _, err = command("runs", "rm", done.name, live.name, "--yes")
    assert status == 1
    assert "stop it first" in err
    assert done.is_dir()
    assert live.is_dir()


def test_export_is_there_too(command, add, tmp_path):
    add()
    status, out, _ = command("runs", "export", "latest", "--format", "json", "--out", "-")
    assert (status, json.loads(out)["status"]) == (0, "done")


@pytest.fixture
def watched(monkeypatch):
    """The runs that the dashboard was opened on."""
    seen = []

    def dashboard(config, rate, images, session, *, watch):
        seen.append((config.variants, watch))
        return 0

    monkeypatch.setattr("tui.app.open.open_dashboard", dashboard)
    return seen


def test_to_watch_is_the_newest_that_runs_or_the_one_that_was_named(command, add, watched):
    live, done = add(30, "", live=True), add()
    assert command("watch")[0] == 0
    assert command("watch", done.name)[0] == 0
    assert watched == [(("vanilla",), live), (("vanilla",), done)]


def test_watching_needs_a_terminal(command, add):
    add()
    status, _, err = command("watch")
    assert status == 2
    assert "needs a terminal" in err
