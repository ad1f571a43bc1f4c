"""simpsons-tui explain, with an engine that measures nothing."""

import json
import re

import numpy as np
import pytest

from engine.errors import StudyStopped
from engine.events.progress import ExplanationProgress
from engine.events.record import StudyRecord
from engine.finished.explain.answers import draw_answers
from engine.finished.explain.curves import count_ladder, native_sizes
from engine.finished.explain.measuring import measure_change
from engine.finished.explain.sheets import png_bytes
from engine.finished.run import FinishedRun
from engine.reports.explanation import ExplanationReport
from engine.reports.pictures import Figure
from engine.reports.resolution import ResolutionReport
from tui.commands.explain import picture_name

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
def sizes():
    longer, right = np.full(60, 200), np.ones((60, 3), np.bool_)
    right[10:, 2] = False
    ladders = tuple(count_ladder(name, "test", longer, (128, 64), right) for name in ("vanilla", "bbox"))
    return ResolutionReport("a-study", 3, 0, (native_sizes("test", longer),), ladders, ("It falls.",), ("of 60",))


@pytest.fixture
def run(command, report, monkeypatch, tmp_path):
    """Runs `explain` on a folder with a study of two variants."""

    class Record(StudyRecord):
        def result(self, variant):
            return object() if variant in ("vanilla", "bbox") else None

    def measure(run, *, progress, control):
        progress(ExplanationProgress("vanilla: colour removed", 0, 120))
        return report

    def draw(run, *, variants, tell):
        tell("drawing: The surest mistakes")
        return [Figure("The surest mistakes", "words", png_bytes(np.zeros((2, 2, 3), np.uint8)))]

    monkeypatch.setattr("engine.open_run", lambda folder, cache_dir: FinishedRun(folder, cache_dir, Record()))
    monkeypatch.setattr("engine.stored_resolution", lambda run: None)
    monkeypatch.setattr("engine.measure_explanation", measure)
    monkeypatch.setattr("engine.report_figures", draw)
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

    monkeypatch.setattr("engine.measure_explanation", stopped)
    status, out, _ = run()
    assert status != 0
    assert out == ""


def test_a_folder_that_is_no_run(command, tmp_path):
    status, _, err = command("explain", tmp_path)
    assert status == 2
    assert str(tmp_path) in err


def test_titles_become_file_names():
    assert picture_name("Feature maps: superres-full") == "feature-maps-superres-full"
    sweep = {picture_name(f"Feature maps: denoise(weight={weight})") for weight in ("0.1", "1e-05", "1")}
    assert len(sweep) == 3
    assert all(re.fullmatch("[a-z0-9.-]{1,100}", name) for name in sweep)


def test_accuracy_on_smaller_images_is_measured_where_it_is_asked_for(run, sizes, monkeypatch):
    asked = []

    def measure(run, *, variants, progress, control):
        asked.append(variants)
        for done in (0, 5, 60, 61):
            progress(ExplanationProgress("bbox, test images", done, 600))
        return sizes

    monkeypatch.setattr("engine.measure_resolution", measure)
    status, out, err = run("--resolution", "--variant", "bbox")
    assert status == 0
    assert asked == [("bbox",)]
    table = out[out.index("when the images are shrunk to a longer side (networks of seed 3)") :]
    assert "▲ bbox" in table
    assert "vanilla" not in table
    assert "0.167 [.093 .280]" in table
    assert "−83.3" in table
    assert "It falls." in table
    assert "of 60" in table
    assert "bbox, test images (0 of 600)" in err
    assert "bbox, test images (60 of 600)" in err
    assert "(5 of 600)" not in err


def test_what_was_measured_before_is_shown_unasked(run, sizes, monkeypatch):
    assert json.loads(run("--json")[1])["resolution"] is None
    monkeypatch.setattr("engine.stored_resolution", lambda run: sizes)
    monkeypatch.setattr("engine.measure_resolution", None)
    resolution = json.loads(run("--json")[1])["resolution"]
    assert [one["variant"] for one in resolution["ladders"]] == ["vanilla", "bbox"]
    assert [step["right"] for step in resolution["ladders"][0]["steps"]] == [60, 10]
    assert resolution["sizes"][0]["median"] == 200
    only = json.loads(run("--json", "--variant", "bbox")[1])["resolution"]
    assert [one["variant"] for one in only["ladders"]] == ["bbox"]
