"""`simpsons-tui audit`, with the real engine on tiny sets and with one that does no work."""

import json
import os
import random
import signal
from pathlib import Path

import pytest
from PIL import Image

from engine.config.study import StudyConfig
from engine.demo import draw_picture
from engine.events.codec import from_jsonable
from engine.reports.audit import AuditReport


@pytest.fixture
def pictures(tmp_path):
    """Two classes; one of the three test images is a small copy of a training image."""
    root = tmp_path / "pictures"
    for number in range(9):
        part, name = ("test" if number > 6 else "train"), "ab"[number % 2]
        place = root / part / name / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        draw_picture("olive", f"audit {number}", (120, 90)).save(place)
    draw_picture("olive", "audit 0", (120, 90)).resize((40, 30)).save(root / "test" / "a" / "copy.jpg", quality=90)
    return root


@pytest.fixture
def audits(monkeypatch):
    """The configurations that the command line asked to audit, without any work."""
    seen = []

    def audit_dataset(config, control, progress):
        seen.append(config)
        counts = ((3, 3), (1, 1), (0, 0), (0, 0))
        return AuditReport(config.closeness, ("a", "b"), *counts, (), (), (), (), (), 0, 0, 0, 0)

    monkeypatch.setattr("engine.audit_dataset", audit_dataset)
    return seen


def test_the_report_in_words(command, pictures, tmp_path):
    status, out, err = command("audit", pictures, "--cache-dir", tmp_path / "cache")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].endswith("pictures: 7 training and 3 test images")
    findings = lines.index("Findings, the gravest first")
    assert lines[findings + 1].startswith("- 1 of 3 test images (33.3 %) is a copy of training images")
    assert "Copies: 1 group of copies, 2 images in all" in lines
    (pair,) = [line for line in lines if "copy.jpg" in line]
    assert "train/a/0.png" in pair
    assert "test/train" in pair
    assert "What this audit cannot see" in lines
    assert "DEMO" not in out
    assert "reading 10 images" in err
    assert "looking for copies among 10 images" in err


def test_the_second_time_reads_from_the_cache(command, pictures, tmp_path):
    first = command("audit", pictures, "--cache-dir", tmp_path / "cache")
    second = command("audit", pictures, "--cache-dir", tmp_path / "cache")
    assert first[1] == second[1]
    assert "reading 10 images, 10 of them from the cache" in second[2]


def test_json_is_the_whole_report(command, pictures, tmp_path):
    status, out, err = command("audit", pictures, "--json", "--cache-dir", tmp_path / "cache")
    assert (status, out.count("\n")) == (0, 1)
    report = from_jsonable(AuditReport, json.loads(out))
    assert (report.leaking_test, report.groups) == (1, (("train/a/0.png", "test/a/copy.jpg"),))
    assert report.sentences
    assert "reading" in err


def test_long_lists_are_cut_and_say_so(command, tmp_path):
    root = tmp_path / "many"
    for number in range(26):
        for name in "ab":
            for part in ("train", "test"):
                place = root / part / name / f"{number}.jpg"
                place.parent.mkdir(parents=True, exist_ok=True)
                patches = random.Random(f"{name} {number}").randbytes(6 * 4 * 3)
                small = Image.frombytes("RGB", (6, 4), patches)
                small.resize((60, 40), Image.Resampling.NEAREST).save(place, format="PNG")
    _, out, _ = command("audit", root, "--cache-dir", tmp_path / "cache")
    assert "... and 32 more pairs, all listed by --json" in out
    assert "Odd files: 104" in out
    assert "... and 94 more, all listed by --json" in out


def test_the_options_reach_the_engine(command, audits, tmp_path):
    arguments = ("--classes", "b,a", "--closeness", "scene", "--cache-dir", tmp_path / "cache")
    assert command("audit", tmp_path, *arguments)[0] == 0
    assert audits == [StudyConfig(data=tmp_path, classes=("b", "a"), closeness="scene", cache_dir=tmp_path / "cache")]


def test_without_a_path_it_is_the_demo_set_and_says_so(command, audits):
    status, out, _ = command("audit")
    assert (status, audits) == (0, [StudyConfig()])
    assert "DEMO SET" in out


def test_no_copies_are_told_too(command, audits, tmp_path):
    assert "Copies: no copies were found" in command("audit", tmp_path)[1].splitlines()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no/such/path",), "no/such/path"),
        ((".", "--closeness", "far"), "far"),
        ((".",), "it is empty"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(command, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = command("audit", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_an_interrupt_stops_it(command, monkeypatch, tmp_path):
    def audit_dataset(config, control, progress):
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            control.checkpoint()

    monkeypatch.setattr("engine.audit_dataset", audit_dataset)
    status, out, err = command("audit", tmp_path)
    assert (status, out) == (130, "")
    assert "stopping; once more ends at once" in err


def test_a_mistake_of_the_program_is_kept(command, monkeypatch, tmp_path):
    def audit_dataset(config, control, progress):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("engine.audit_dataset", audit_dataset)
    status, out, err = command("audit", tmp_path)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "ZeroDivisionError" in err
    status, _, err = command("audit", tmp_path, "--debug")
    assert "Traceback" in err


def test_the_audit_says_all_that_a_run_says_of_the_data(command, make_two_sets, tmp_path):
    root = make_two_sets
    _, out, _ = command("audit", root, "--cache-dir", tmp_path / "cache")
    for words in ("class ghost has no training images: its 1 test images are left out", "docs/ is not used (1 images)"):
        assert words in " ".join(out.split())
    _, out, _ = command("audit", root, "--json", "--cache-dir", tmp_path / "cache")
    assert "class ghost has no training images: its 1 test images are left out" in json.loads(out)["notes"]


def test_the_parts_of_an_audit_can_be_named(command, audits, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert command("audit", tmp_path, "--train", "one", "--test", "two", "--recheck")[0] == 0
    assert audits == [StudyConfig(data=tmp_path, train=Path("one"), test=Path("two"), recheck=True)]


@pytest.fixture
def make_two_sets(tmp_path):
    """A training and a test set with a class that has no training images, beside a folder of other pictures."""
    root = tmp_path / "set"
    for number, folder in enumerate(("train/a", "train/b", "test/a", "test/b", "test/ghost", "docs")):
        (root / folder).mkdir(parents=True)
        Image.new("RGB", (16, 12), (number * 40, 10, 90)).save(root / folder / "one.png")
    return root
