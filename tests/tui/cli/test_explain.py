"""simpsons-tui explain, with an engine that measures nothing."""

import json

import numpy as np
import pytest

from engine.errors import StudyStopped
from engine.explain import draw_answers, measure_change, png_bytes
from engine.explanation_report import ExplanationReport
from engine.record import StudyRecord
from engine.study.explaining import ExplanationProgress
from tui.commands.explain import file_name

CLASSES = ("apu", "marge")


@pytest.fixture
def report():
    labels = np.repeat([0, 1], 30)
    after = labels.copy()
    after[:20] = 1
    ablations = tuple(
        measure_change(name, "colour removed", "test", labels=labels, before=labels, after=after, classes=CLASSES)
        for name in ("vanilla", "bbox")
    )
    return ExplanationReport("a-study", 0, 0, ablations, draw_answers(ablations), ("a note",))


@pytest.fixture
def run(command, report, monkeypatch, tmp_path):
    """Runs `explain` on a folder with a study of two variants."""

    class Record(StudyRecord):
        def result(self, variant):
            return object() if variant in ("vanilla", "bbox") else None

    def measure(folder, *, cache_dir, progress, control):
        progress(ExplanationProgress("vanilla: colour removed", 0, 120))
        return report

    def draw(record, folder, *, variants, cache_dir, on_figure):
        on_figure("The surest mistakes")
        return [("The surest mistakes", "words", png_bytes(np.zeros((2, 2, 3), np.uint8)))]

    monkeypatch.setattr("engine.study.load_record", lambda folder: Record())
    monkeypatch.setattr("engine.study.explaining.measure_explanation", measure)
    monkeypatch.setattr("engine.study.figures.report_figures", draw)
    (tmp_path / "a-study").mkdir()
    (tmp_path / "a-study" / "study.json").write_text("{}")
    return lambda *arguments: command("explain", tmp_path / "a-study", *arguments)


def test_figures_and_answers_on_standard_output_progress_on_standard_error(run):
    status, out, err = run()
    assert status == 0
    assert "colour removed" in out
    assert "30→10/30" in out
    assert "Apu's skin colour, vanilla" in out
    assert "a note" in out
    assert "vanilla: colour removed (0 of 120)" in err


def test_json_is_one_object(run):
    status, out, _ = run("--json")
    data = json.loads(out)
    assert status == 0
    assert [one["variant"] for one in data["ablations"]] == ["vanilla", "bbox"]
    assert data["ablations"][0]["total"]["after"] == 40
    assert data["pictures"] == []


def test_pictures_are_written_and_named(run, tmp_path):
    status, out, err = run("--out", tmp_path / "new" / "pictures")
    path = tmp_path / "new" / "pictures" / "the-surest-mistakes.png"
    assert status == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in out
    assert "drawing: The surest mistakes" in err


def test_a_folder_that_cannot_be_written_is_said(run, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, err = run("--out", tmp_path / "file" / "below")
    assert status == 1
    assert "--out" in err


def test_only_the_variants_that_were_asked_for(run):
    _, out, _ = run("--json", "--variant", "bbox")
    assert [one["variant"] for one in json.loads(out)["ablations"]] == ["bbox"]
    status, _, err = run("--variant", "denoise")
    assert status == 2
    assert "no finished job" in err


def test_an_interrupt_ends_without_figures(run, monkeypatch):
    def stopped(*_, **__):
        raise StudyStopped

    monkeypatch.setattr("engine.study.explaining.measure_explanation", stopped)
    status, out, _ = run()
    assert status != 0
    assert out == ""


def test_a_folder_that_is_no_run(command, tmp_path):
    status, _, err = command("explain", tmp_path)
    assert status == 2
    assert str(tmp_path) in err


def test_titles_become_file_names():
    assert file_name("Feature maps: superres-full") == "feature-maps-superres-full"
