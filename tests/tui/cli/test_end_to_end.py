"""The real command with the real engine: in a pseudo-terminal up to the results screen, and without a screen."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pexpect
import pyte
import pytest
from PIL import Image, ImageDraw

if os.name == "nt":
    pytest.skip("no pseudo-terminals here", allow_module_level=True)

COMMAND = [sys.executable, "-m", "tui.cli"]
WITHOUT_WORK = [sys.executable, str(Path(__file__).parent / "fake_engine.py")]
STARTS, WORKS = 60, 240
"""Seconds that the first screen and a whole study may take on a busy machine; usually a second and ten."""

COLOURS = {"blue": (40, 60, 220), "green": (40, 190, 70), "red": (220, 50, 40)}
TRAIN, TEST = 10, 4


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """A data set in train/ and test/ folders: discs of three colours, every other one with a box."""
    root, generator, boxes = tmp_path_factory.mktemp("shapes"), random.Random(3), []
    for part, count in (("train", TRAIN), ("test", TEST)):
        for name, colour in COLOURS.items():
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                image = Image.new("RGB", (24, 24), tuple(generator.randrange(90, 160) for _ in range(3)))
                x, y = generator.randrange(2, 9), generator.randrange(2, 9)
                ImageDraw.Draw(image).ellipse((x, y, x + 12, y + 12), fill=colour)
                image.save(folder / f"pic_{number:04d}.png")
                if part == "train" and number % 2 == 0:
                    boxes.append(f"./characters/{name}/pic_{number:04d}.png,{x},{y},{x + 12},{y + 12},{name}")
    (root / "annotation.txt").write_text("\n".join(boxes) + "\n")
    (root / "train" / "red" / "empty.png").touch()
    return root


@pytest.fixture
def small_study(shapes):
    """Options of a study that takes a few seconds."""
    choices = "--variants vanilla,bbox --epochs 1 --batch-size 10 --image-size 16x20 --offline"
    machine = "--device cpu --precision fp32 --memory-format channels_last --threads 1"
    return ["--data", str(shapes), *choices.split(), *machine.split()]


def test_from_the_first_screen_to_the_results(terminal, small_study, tmp_path):
    screen = terminal(*small_study)
    screen.wait_for("vanilla", "bbox", "red", "green", "blue")
    screen.press("\r")
    screen.wait_for("accuracy", "vanilla", "bbox", "majority", seconds=WORKS)
    screen.press("q")
    assert screen.ended() == 0
    (run,) = (tmp_path / "runs").iterdir()
    result = json.loads((run / "result.json").read_text())
    assert result["status"] == "done"
    assert [result["variants"][name]["status"] for name in ("vanilla", "bbox")] == ["done", "done"]


def test_quitting_while_it_trains_asks_and_is_quick(terminal, small_study, tmp_path):
    screen = terminal(*small_study, "--epochs", "100000")
    screen.wait_for("vanilla", "bbox", "red")
    screen.press("\r")
    screen.wait_for("loss", "ep", seconds=WORKS)
    screen.press("q")
    screen.wait_for("Leave")
    screen.press("y")
    assert screen.ended() == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "events.jsonl").read_text().startswith('{"event":"StudyStarted"')


def test_a_search_in_the_dashboard_is_stopped_and_kept(terminal, small_study, child_environment):
    options = ["--variants", "vanilla", "--trials", "3", "--epochs", "100000"]
    screen = terminal("tune", *small_study, *options)
    screen.wait_for("trial 0 (1 of 3)", "running", seconds=WORKS)
    screen.press("x")
    screen.wait_for("search stopped", "r: resume", "interrupted")
    screen.press("q")
    assert screen.ended() == 0
    assert "'simpsons-tui tune --resume' resumes it" in " ".join(screen.text.split())
    listed = subprocess.run(
        [*COMMAND, "tune", "--list", "--json"],
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=WORKS,
        check=True,
    )
    assert [search["state"] for search in json.loads(listed.stdout)] == ["stopped"]


def test_the_terminal_is_restored(terminal, small_study):
    screen = terminal(*small_study)
    screen.wait_for("vanilla", "red")
    screen.press("q")
    assert screen.ended() == 0
    assert pyte.modes.DECTCEM in screen._screen.mode
    assert not any(mode >> 5 in {1000, 1003, 1006} for mode in screen._screen.mode)


def test_a_terminal_of_20_by_5_gets_one_line(terminal, small_study):
    screen = terminal(*small_study, columns=20, lines=5)
    screen.wait_for("Enlarge")
    screen.press("q")
    assert screen.ended() == 0


def test_a_dumb_terminal_gets_one_line(child_environment):
    child = pexpect.spawn(COMMAND[0], COMMAND[1:], env={**child_environment, "TERM": "dumb"}, timeout=STARTS)
    output = child.read().decode()
    child.wait()
    assert child.exitstatus == 2
    assert output.startswith("simpsons-tui: ")
    assert output.count("\n") == 1


def test_progress_in_a_terminal_leaves_lines_and_results(terminal):
    screen = terminal("run", "--variants", "vanilla", command=WITHOUT_WORK, columns=110, lines=160)
    assert screen.ended() == 0
    for words in ("vanilla: epoch 1/5", "Results, protocol official", "rows true, columns predicted", "Kept in"):
        assert words in screen.text
    assert pyte.modes.DECTCEM in screen._screen.mode


def test_the_table_of_variants_fits_80_columns(terminal):
    screen = terminal("run", command=WITHOUT_WORK, columns=80, lines=80)
    assert screen.ended() == 0
    rows = [line for line in screen.text.splitlines() if line.startswith(("vanilla ", "superres ", "thumbnail_1nn "))]
    assert len([row for row in rows if row.count("0.800") == 5 or row.count("0.600") == 5]) == 3


def test_ctrl_c_in_a_terminal_stops_the_study(terminal, child_environment):
    child_environment["FAKE_ENGINE"] = "endless"
    screen = terminal("run", "--variants", "vanilla", command=WITHOUT_WORK, columns=110, lines=60)
    screen.wait_for("epoch 1/5, loss", "img/s")
    screen.press("\x03")
    assert screen.ended() == 130
    for words in ("stopping after this batch", "stopped before it could be evaluated"):
        assert words in screen.text
    assert pyte.modes.DECTCEM in screen._screen.mode


def headless(arguments, environment, **options):
    return subprocess.Popen(
        [*COMMAND, "run", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_without_a_screen_standard_output_is_one_json_object(small_study, child_environment, shapes):
    child = headless([*small_study, "--json"], child_environment)
    out, err = child.communicate(timeout=WORKS)
    assert child.returncode == 0, err
    data = json.loads(out)
    assert data["dataset"]["classes"] == list(COLOURS)
    assert (data["dataset"]["train"], data["dataset"]["test"]) == (TRAIN * 3, TEST * 3)
    assert data["dataset"]["boxed"] == {"train": TRAIN * 3 // 2, "test": 0}
    assert [skipped["path"] for skipped in data["dataset"]["skipped"]] == ["train/red/empty.png"]
    assert data["recipe"]["image_size"] == [16, 20]
    assert data["precision"] == "fp32"
    for name in ("vanilla", "bbox"):
        variant = data["variants"][name]
        assert variant["status"] == "done"
        assert len(variant["loss"]) == 3
        assert [sum(row) for row in variant["confusion_matrix"]] == [TEST] * 3
        assert variant["f1"].keys() == {"macro", "weighted", "micro"}
    assert data["baselines"]["majority"]["accuracy"] == pytest.approx(1 / 3)


BAD_DATA = {
    "empty folder": lambda root: root.mkdir(),
    "one class": lambda root: picture(root / "red" / "a.png") or picture(root / "red" / "b.png"),
    "no images": lambda root: (root / "red").mkdir(parents=True) or (root / "red" / "notes.txt").write_text("x"),
    "a text file": lambda root: root.write_text("hello"),
    "not a zip": lambda root: root.with_suffix(".zip").write_text("hello"),
}


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 24)).save(path)


@pytest.mark.parametrize("make", BAD_DATA.values(), ids=BAD_DATA.keys())
def test_data_that_cannot_be_used_is_one_line_that_names_it(child_environment, tmp_path, make):
    root = tmp_path / "bad-data"
    make(root)
    path = root if root.exists() else root.with_suffix(".zip")
    child = headless(["--data", str(path), "--json"], child_environment)
    out, err = child.communicate(timeout=WORKS)
    assert (child.returncode, out) == (2, "")
    assert err.startswith("simpsons-tui: ")
    assert err.count("\n") == 1
    assert "bad-data" in err
