"""Which run a name means, where the caller does not say in which folder to look."""

import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.events.study import StudyFinished, StudyStarted
from engine.reports.results import DatasetSummary
from engine.runs import RunFolder
from engine.runs.finding import find_finished, find_run, find_watchable


@pytest.fixture
def runs(tmp_path):
    """Two runs, both still open."""
    folders = [RunFolder.create(tmp_path, StudyConfig()) for _ in range(2)]
    yield folders
    for folder in folders:
        folder.close()


def test_to_watch_is_the_newest_that_runs_else_the_newest(runs, tmp_path):
    older, newer = runs
    assert find_watchable("", tmp_path) == newer.folder
    newer.close()
    assert find_watchable("", tmp_path) == older.folder
    assert find_watchable(newer.folder.name, tmp_path) == find_watchable("latest", tmp_path) == newer.folder
    older.close()
    assert find_watchable("", tmp_path) == find_run("", tmp_path) == newer.folder


def test_to_judge_is_the_newest_that_is_done_else_the_newest(runs, tmp_path):
    older, newer = runs
    assert find_finished("", tmp_path) == newer.folder
    record = StudyRecord()
    images = DatasetSummary("set", "/set", "flat", False, ("a", "b"), (4, 4), (1, 1), 0, 0)
    started = StudyStarted(
        study=older.study,
        dataset=images,
        variants=("vanilla",),
        protocol="official",
        recipe=RECIPES["quick"],
        seed=0,
        program_version="1",
    )
    for event in (started, StudyFinished(status="done")):
        record.apply(event)
        older.append(event)
    older.write_summary(record)
    older.close()
    assert find_finished("", tmp_path) == older.folder
    assert find_finished(newer.folder.name, tmp_path) == newer.folder


def test_where_there_is_no_run_it_is_said_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="simpsons-tui run"):
        find_watchable("", tmp_path)
