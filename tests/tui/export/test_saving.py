"""Files that appear whole or not at all, and never over others."""

import errno

import pytest

from engine.errors import InputError, StorageError
from engine.events.record import StudyRecord
from engine.finished.dossier import Exported
from tui.export import saving
from tui.export.formats import FORMATS
from tui.export.saving import ExistsError, export_to, save

TABLES = {"a.csv": b"1", "deep/b.csv": b"2"}


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_study_names_the_file(studies, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    target = export_to(Exported(studies.whole()), FORMATS["md"])
    assert str(target) == "20260528-2026-springfield.md"
    assert (tmp_path / target).read_text(encoding="utf-8").startswith("# 20260528-2026-springfield\n")


def test_in_a_folder_it_has_its_own_name(studies, tmp_path):
    target = export_to(Exported(studies.whole()), FORMATS["json"], tmp_path)
    assert target == tmp_path / "20260528-2026-springfield.json"


def test_a_studys_id_leads_nowhere_else(studies):
    record = studies.whole()
    object.__setattr__(record.started, "study", "../../etc/x y")
    assert saving.default_name(Exported(record), FORMATS["md"]) == "etc-x-y.md"


def test_what_is_there_is_kept_unless_forced(studies, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("mine")
    with pytest.raises(ExistsError, match="--force"):
        export_to(Exported(studies.whole()), FORMATS["html"], target)
    assert target.read_text() == "mine"
    export_to(Exported(studies.whole()), FORMATS["html"], target, force=True)
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_new_folder_appears_with_all_its_files(tmp_path):
    save(TABLES, tmp_path / "out")
    assert content(tmp_path) == {"out/a.csv": b"1", "out/deep/b.csv": b"2"}


def test_a_folder_with_other_files_keeps_them(tmp_path):
    (tmp_path / "notes.txt").write_bytes(b"mine")
    save(TABLES, tmp_path)
    assert content(tmp_path) == {"notes.txt": b"mine", **TABLES}


def test_a_folder_with_a_file_of_ours_is_kept_unless_forced(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.csv").write_bytes(b"old")
    with pytest.raises(ExistsError, match=r"b\.csv"):
        save(TABLES, tmp_path)
    assert content(tmp_path) == {"deep/b.csv": b"old"}
    save(TABLES, tmp_path, force=True)
    assert content(tmp_path) == TABLES


@pytest.mark.parametrize("made", [b"text", TABLES])
def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch, made):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        save(made, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"cannot write .*nowhere"):
        save(b"text", tmp_path / "nowhere" / "report.md")


def test_a_study_that_has_not_begun_has_nothing(tmp_path):
    with pytest.raises(InputError, match="has not begun"):
        export_to(Exported(StudyRecord()), FORMATS["html"], tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []
