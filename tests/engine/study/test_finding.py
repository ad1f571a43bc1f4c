"""Which run a name means, where the caller does not say in which folder to look."""

import pytest

from engine.config import StudyConfig
from engine.errors import InputError
from engine.runs import RunFolder
from engine.study import find_run, find_watchable


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


def test_where_there_is_no_run_it_is_said_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="simpsons-tui run"):
        find_watchable("", tmp_path)
