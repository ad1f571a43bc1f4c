import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from engine.demo import DEMO_CLASSES, TEST_IMAGES_A_CLASS, TRAIN_IMAGES, build, demo_folder, ensure_demo
from engine.errors import StorageError


@pytest.fixture
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of 18 images, for tests that draw it themselves."""
    monkeypatch.setattr(build, "TRAIN_IMAGES", dict.fromkeys(DEMO_CLASSES, 2))
    monkeypatch.setattr(build, "TEST_IMAGES_A_CLASS", 1)


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def boxes_of(folder: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    boxes = {}
    for line in (folder / "annotation.txt").read_text(encoding="utf-8").splitlines():
        path, *corners, character = line.split(",")
        dot, characters, folder_name, name = path.split("/")
        assert (dot, characters, folder_name) == (".", "characters", character)
        boxes[character, name] = tuple(map(int, corners))
    return boxes


def test_counts(demo_set: Path) -> None:
    train = Counter(path.parent.name for path in (demo_set / "simpsons_dataset").glob("*/pic_????.jpg"))
    test = Counter(path.stem.rpartition("_")[0] for path in (demo_set / "kaggle_simpson_testset").glob("*.jpg"))
    assert train == dict(TRAIN_IMAGES)
    assert train.total() >= 480
    assert len(set(train.values())) > 1
    assert test == dict.fromkeys(DEMO_CLASSES, TEST_IMAGES_A_CLASS)
    assert test.total() >= 120


def test_nothing_but_the_layout(demo_set: Path) -> None:
    assert len(files_of(demo_set)) == sum(TRAIN_IMAGES.values()) + TEST_IMAGES_A_CLASS * len(DEMO_CLASSES) + 1
    assert [path.name for path in demo_set.parent.iterdir() if path.is_dir()] == [demo_set.name]


def test_all_images_are_distinct_jpegs_of_many_sizes(demo_set: Path) -> None:
    assert len(set(files_of(demo_set).values())) == len(files_of(demo_set))
    sizes: dict[str, set[tuple[int, int]]] = {"simpsons_dataset": set(), "kaggle_simpson_testset": set()}
    for folder, seen in sizes.items():
        for path in (demo_set / folder).rglob("*.jpg"):
            with Image.open(path) as image:
                assert (image.format, image.mode) == ("JPEG", "RGB")
                seen.add(image.size)
        assert len(seen) > 30
    tallest_test = max(height for _, height in sizes["kaggle_simpson_testset"])
    assert tallest_test < min(height for _, height in sizes["simpsons_dataset"])


def test_no_test_image_is_a_copy_of_a_training_image(demo_set: Path) -> None:
    def thumbnails(folder: str) -> list[bytes]:
        paths = sorted((demo_set / folder).rglob("*.jpg"))
        return [Image.open(path).convert("L").resize((16, 12)).tobytes() for path in paths]

    def rms(first: bytes, second: bytes) -> float:
        return float((sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) / len(first)) ** 0.5)

    near_copy = 8.0  # of 255; a rescaled copy of an image differs by about 2
    train = thumbnails("simpsons_dataset")
    closest = min(rms(test, other) for test in thumbnails("kaggle_simpson_testset")[::4] for other in train)
    assert closest > near_copy


def test_a_third_of_the_training_images_has_a_box_inside_the_image(demo_set: Path) -> None:
    boxes = boxes_of(demo_set)
    assert len(boxes) / sum(TRAIN_IMAGES.values()) == pytest.approx(1 / 3, abs=0.02)
    assert {character for character, _ in boxes} == set(DEMO_CLASSES)
    for (character, name), (left, top, right, bottom) in boxes.items():
        with Image.open(demo_set / "simpsons_dataset" / character / name) as image:
            assert 0 <= left < right <= image.width
            assert 0 <= top < bottom <= image.height


@pytest.mark.usefixtures("few_images")
def test_two_builds_are_equal_to_the_byte(tmp_path: Path) -> None:
    first, second = ensure_demo(tmp_path / "a"), ensure_demo(tmp_path / "b")
    assert first.name == second.name
    assert files_of(first) == files_of(second)
    assert len(files_of(first)) == 19


def test_another_process_with_another_hash_seed_draws_the_same(demo_set: Path) -> None:
    script = (
        "import hashlib; from engine.demo import build\n"
        "image = next(build._images())\n"
        "print(image.path, hashlib.sha256(build._draw(image)[0]).hexdigest())"
    )
    path, digest = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "99", "PYTHONPATH": str(Path.cwd())},
    ).stdout.split()  # fmt: skip
    assert files_of(demo_set)[path] == digest


@pytest.mark.usefixtures("few_images")
def test_progress_counts_every_image_once_and_an_existing_set_is_reused(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    folder = ensure_demo(tmp_path, lambda done, total: calls.append((done, total)))
    assert calls == [(done, 18) for done in range(1, 19)]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    calls.clear()
    assert ensure_demo(tmp_path, lambda done, total: calls.append((done, total))) == folder
    assert calls == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.usefixtures("few_images")
def test_a_failure_midway_leaves_no_set_and_the_next_call_makes_one(tmp_path: Path) -> None:
    def give_up(done: int, _total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_demo(tmp_path, give_up)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []
    assert len(files_of(ensure_demo(tmp_path))) == 19


@pytest.mark.usefixtures("few_images")
def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    leftover = tmp_path / f"{demo_folder(tmp_path).name}.unfinished-abc"
    leftover.mkdir()
    (leftover / "half.jpg").write_bytes(b"half")
    folder = ensure_demo(tmp_path)
    assert not leftover.exists()
    assert "half.jpg" not in files_of(folder)


@pytest.mark.usefixtures("few_images")
def test_second_process_waits_for_the_first_and_uses_its_set(tmp_path: Path) -> None:
    """What the second finds once the lock is free: a set that appeared while it waited."""
    real_lock = build.FileLock

    class LockThatWaited(real_lock):  # type: ignore[misc, valid-type]
        def __enter__(self) -> object:
            held = super().__enter__()
            shutil.copytree(theirs, folder)
            return held

    theirs = ensure_demo(tmp_path / "theirs")
    calls: list[int] = []
    cache = tmp_path / "ours"
    folder = demo_folder(cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "FileLock", LockThatWaited)
        assert ensure_demo(cache, lambda done, _total: calls.append(done)) == folder
    assert calls == []


@pytest.mark.usefixtures("few_images")
def test_a_process_that_never_ends_drawing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_LOCK_SECONDS", 0.01)
    held = build.FileLock(tmp_path / f"{demo_folder(tmp_path).name}.lock")
    with held, pytest.raises(StorageError, match="drawn by another simpsons-tui that does not move") as caught:
        ensure_demo(tmp_path)
    assert "--cache-dir" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(files_of(ensure_demo(tmp_path))) == 19


@pytest.mark.usefixtures("few_images")
@pytest.mark.parametrize("lost", ["annotation.txt", "*.jpg", f"simpsons_dataset/{DEMO_CLASSES[2]}/pic_0001.jpg"])
def test_a_set_that_lost_files_is_drawn_again(tmp_path: Path, lost: str) -> None:
    folder = ensure_demo(tmp_path)
    before = files_of(folder)
    for file in list(folder.rglob(lost)):
        file.unlink()
    assert files_of(folder) != before
    assert ensure_demo(tmp_path) == folder
    assert files_of(folder) == before
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folder]


def test_unwritable_cache_names_the_folder_and_the_option(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StorageError, match=r"--cache-dir") as caught:
        ensure_demo(blocked / "cache")
    assert str(blocked / "cache") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("few_images")
def test_full_disk_is_a_storage_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_self: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(StorageError, match="No space left on device"):
        ensure_demo(tmp_path)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_fingerprint_changes_with_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.PIL, "__version__", "0.0.0")
    build.fingerprint.cache_clear()
    other = build.fingerprint()
    monkeypatch.undo()
    build.fingerprint.cache_clear()
    assert other != build.fingerprint()


def test_importing_loads_no_torch() -> None:
    script = "import sys, engine.demo; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
