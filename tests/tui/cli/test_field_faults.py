"""Faults that users met, each tried with the real program.

They are of commit d185b93, where every one of these tests fails: TREE_UNDER_TEST=/its/checkout runs them on it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len

from tests.tui.cli.conftest import ROOT

COMMAND = [sys.executable, "-P", "-m", "tui.cli"]
HERE = Path(__file__).parent
WORKS, ENDS = 240, 60
COLOURS = {"blue": (40, 60, 220), "green": (40, 190, 70), "red": (220, 50, 40)}
TINY = [
    "--epochs",
    "1",
    "--batch-size",
    "10",
    "--image-size",
    "16x20",
    "--offline",
    "--device",
    "cpu",
    "--precision",
    "fp32",
    "--threads",
    "1",
]


@pytest.fixture(autouse=True)
def tree(child_environment):
    """The checkout whose program is tried."""
    child_environment["PYTHONPATH"] = os.environ.get("TREE_UNDER_TEST", child_environment["PYTHONPATH"])
    child_environment["LANG"] = child_environment["LC_ALL"] = "C.UTF-8"


@pytest.fixture
def program(child_environment, program):
    """Runs the program to its end; returns exit status, standard output and standard error."""

    def run(*arguments):
        if child_environment["PYTHONPATH"] == str(ROOT):
            child = program(*arguments, timeout=WORKS)
        else:  # another checkout, or one with a patch
            command = [*COMMAND, *map(str, arguments)]
            options = {"env": child_environment, "capture_output": True, "text": True, "timeout": WORKS}
            child = subprocess.run(command, check=False, **options)
        return child.returncode, child.stdout, child.stderr

    return run


def patch(folder, name, colour, number, suffix="png"):
    """An image of its own colour, near the class's."""
    folder.mkdir(parents=True, exist_ok=True)
    shade = tuple(min(255, part + 5 * number) for part in colour)
    image = Image.new("RGB", (24, 24), shade)
    image.paste((number * 20 % 256, number * 55 % 256, 90), (number % 12, number % 7, number % 12 + 9, 18))
    image.save(folder / f"{name}{number:02d}.{suffix}")


def fill(folder, classes=COLOURS, count=6, start=0, suffix="png"):
    """A folder a class, with some images in each."""
    for name, colour in classes.items():
        for number in range(start, start + count):
            patch(folder / name, "pic", colour, number, suffix)


@pytest.fixture
def data(tmp_path):
    fill(tmp_path / "data" / "train")
    fill(tmp_path / "data" / "test", count=3, start=20)
    return tmp_path / "data"


def test_1_a_stop_on_a_full_disk_ends_the_study_and_the_disk_is_spoken_of_once(data, child_environment, tmp_path):
    (tmp_path / "patch").mkdir()
    shutil.copy(HERE / "disk.py", tmp_path / "patch" / "sitecustomize.py")
    child_environment |= {
        "PYTHONPATH": f"{tmp_path / 'patch'}{os.pathsep}{child_environment['PYTHONPATH']}",
        "FULL_AFTER": "12",
    }
    options = ["run", "--data", str(data), "--json", "--variants", "vanilla", *TINY, "--epochs", "100000"]
    with subprocess.Popen(
        [*COMMAND, *options], env=child_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        giving_up = threading.Timer(WORKS, child.kill)
        giving_up.start()
        first = next((line for line in child.stderr if "is full" in line), "")
        child.send_signal(signal.SIGINT)
        ending = threading.Timer(ENDS, child.kill)
        ending.start()
        rest, out = child.stderr.read(), child.stdout.read()
        for timer in (giving_up, ending):
            timer.cancel()
    assert child.returncode == 130
    assert (first + rest).count("is full") <= 2
    assert json.loads(out)["status"] == "stopped"


def test_2_a_changed_file_of_the_same_size_and_time_is_seen(program, tmp_path):
    fill(tmp_path / "bitmaps", suffix="bmp")
    _, before, _ = program("audit", tmp_path / "bitmaps", "--json")
    target, source = (tmp_path / "bitmaps" / "blue" / f"pic0{number}.bmp" for number in (1, 4))
    times = target.stat()
    shutil.copyfile(source, target)
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert target.stat().st_size == times.st_size
    _, after, _ = program("audit", tmp_path / "bitmaps", "--json")
    kinds = [[pair["kind"] for pair in json.loads(text)["pairs"]] for text in (before, after)]
    assert kinds[1].count("exact") == kinds[0].count("exact") + 1


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("characters_train", "characters_test"),
        ("train/images", "test/images"),
        ("data/train", "data/test"),
        ("train", "eval"),
        ("train", "dev"),
    ],
)
def test_3_the_layouts_that_people_have_are_read(train, test, program, tmp_path):
    root = tmp_path / "mine"
    fill(root / train)
    fill(root / test, count=3, start=20)
    if train.startswith("data/"):
        fill(root / "figures" / "more", {"plot": (9, 9, 9)}, count=2)
    status, out, err = program("audit", root, "--json")
    assert status == 0, err
    audit = json.loads(out)
    assert audit["classes"] == sorted(COLOURS)
    assert (audit["train_counts"], audit["test_counts"]) == ([6, 6, 6], [3, 3, 3])


def test_3_a_class_called_train_is_a_class(program, tmp_path):
    names = {"bus": COLOURS["red"], "car": COLOURS["green"], "train": COLOURS["blue"]}
    fill(tmp_path / "vehicles", names)
    status, out, err = program("audit", tmp_path / "vehicles", "--json")
    assert status == 0, err
    assert json.loads(out)["classes"] == sorted(names)


def test_3_a_class_spelt_otherwise_in_the_test_folder_is_matched(program, tmp_path):
    fill(tmp_path / "mine" / "train", {"Bart": COLOURS["red"], "Lisa": COLOURS["blue"]})
    fill(tmp_path / "mine" / "test", {"bart": COLOURS["red"], "lisa": COLOURS["blue"]}, count=3, start=20)
    status, out, err = program("audit", tmp_path / "mine", "--json")
    assert status == 0, err
    assert json.loads(out)["test_counts"] == [3, 3]


def test_4_names_with_commas_and_outer_spaces_can_be_given(program, tmp_path):
    fill(tmp_path / "named", {"Simpson, Homer": COLOURS["red"], " lead": COLOURS["blue"], "tin": COLOURS["green"]})
    chosen = ["--classes", '"Simpson, Homer"," lead"']
    status, out, err = program("audit", tmp_path / "named", *chosen, "--json")
    assert status == 0, err
    assert set(json.loads(out)["classes"]) == {"Simpson, Homer", " lead"}


def test_5_the_bars_of_classes_with_wide_letters_begin_below_each_other(terminal, tmp_path):
    names = dict(zip(("春日部しんのすけ", "한국어 이름", "plain"), COLOURS.values(), strict=True))
    fill(tmp_path / "wide", names)
    screen = terminal("--data", str(tmp_path / "wide"), columns=80, lines=24, command=COMMAND)
    screen.wait_for("plain", "Enter")
    bars = {
        cell_len(row[: row.index("█")])
        for row in screen.text.replace("\0", "").splitlines()
        if "█" in row and any(name in row.replace(" ", "") for name in ("春日部しんのすけ", "한국어이름", "plain"))
    }
    assert len(bars) == 1, screen.text


def test_6_a_terminal_that_is_not_utf8_is_one_line(terminal, data, child_environment):
    child_environment |= {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C", "PYTHONUTF8": "0"}
    screen = terminal("--data", str(data), command=COMMAND)
    assert screen.ended() == 2
    assert "UTF-8" in screen.text
    assert "\\u" not in screen.text


def test_7_a_watched_run_whose_folder_is_removed_is_said_to_be_gone(terminal, data, child_environment, tmp_path):
    options = ["run", "--data", str(data), "--variants", "vanilla", *TINY, "--epochs", "100000"]
    with subprocess.Popen(
        [*COMMAND, *options], env=child_environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        try:
            run = first_run(tmp_path / "runs", child)
            screen = terminal("watch", str(run), command=COMMAND)
            screen.wait_for("loss", "ep", seconds=WORKS)
            child.send_signal(signal.SIGSTOP)
            shutil.rmtree(run)
            screen.wait_for("is gone:", "removed, or its disk")
        finally:
            child.kill()


def first_run(folder, child):
    """The folder of the run that a process has begun to train."""
    deadline = time.monotonic() + WORKS
    while not (streams := list(folder.glob("*/events.jsonl"))) or "BatchTrained" not in streams[0].read_text():
        assert child.poll() is None
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)
    return streams[0].parent


def test_8_a_long_stage_is_not_silent_where_standard_error_is_no_terminal(data, program, child_environment, tmp_path):
    """On a clock that runs a hundred thousand times as fast."""
    (tmp_path / "patch").mkdir()
    (tmp_path / "patch" / "sitecustomize.py").write_text(
        "import time\nreal, begun = time.time, time.time()\ntime.time = lambda: begun + (real() - begun) * 100_000\n"
    )
    child_environment["PYTHONPATH"] = f"{tmp_path / 'patch'}{os.pathsep}{child_environment['PYTHONPATH']}"
    _, _, err = program("run", "--data", data, "--variants", "vanilla", *TINY, "--batch-size", "2")
    assert re.search(r"training, \d+ %.*left", err), err


@pytest.mark.usefixtures("demo_is_drawn")
def test_9_the_drawn_demo_set_is_trained_with_the_quick_recipe_where_none_is_named(program):
    small = ["--sample", "12", "--epochs", "1", "--variants", "vanilla", "--offline", "--device", "cpu"]
    status, out, err = program("run", *small, "--json")
    assert status == 0, err
    assert json.loads(out)["recipe"]["name"] == "quick"


def test_10_damaged_pixels_in_the_cache_are_not_trained_on(data, program, tmp_path):
    options = ["run", "--data", data, "--variants", "denoise", *TINY, "--json"]
    _, before, _ = program(*options)
    (pixels,) = (path for path in (tmp_path / "cache").rglob("pixels.u8") if "denoise" in about(path))
    pixels.write_bytes(bytes(pixels.stat().st_size))
    status, after, err = program(*options)
    assert status == 0, err
    assert losses(after) == losses(before)


def about(pixels):
    return (pixels.parent / "about.json").read_text()


def losses(text):
    return json.loads(text)["variants"]["denoise"]["loss"]
