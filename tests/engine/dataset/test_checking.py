"""The check that reads every image once, and its cache."""

import hashlib
import os
import shutil
import sqlite3

import pytest

from engine.dataset import check_images, open_dataset
from engine.dataset import checking as module
from engine.errors import DatasetError, StudyStopped
from engine.events.control import StudyControl

COUNTS = {"train/a": 6, "train/b": 6, "test/a": 2, "test/b": 2}


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def decoded(monkeypatch):
    """How many images were decoded."""
    calls = []
    decode = module.decode_rgb

    def counting(data):
        calls.append(hashlib.sha256(data).hexdigest())
        return decode(data)

    monkeypatch.setattr(module, "decode_rgb", counting)
    return calls


def check(dataset, cache, control=None, progress=lambda done, total: None):
    return check_images(dataset, cache, control=control or StudyControl(), progress=progress)


def test_every_image_is_decoded_and_hashed(make_set, cache, decoded):
    root = make_set(COUNTS)
    dataset = open_dataset(root)
    reports = []
    checked = check(dataset, cache, progress=lambda *report: reports.append(report))
    assert checked.dataset == dataset
    assert checked.digests == {
        sample.path: hashlib.sha256((root / sample.path).read_bytes()).hexdigest()
        for sample in dataset.train + dataset.test
    }
    assert [image.sample for image in checked.images] == [*dataset.train, *dataset.test]
    assert checked.images[3].digest == checked.digests[dataset.train[3].path]
    assert len(decoded) == 16
    assert (reports[0], reports[-1]) == ((0, 16), (16, 16))


def test_images_that_cannot_be_decoded_are_dropped(make_set, make_image, cache):
    whole = make_image((64, 64))
    root = make_set(COUNTS, {"train/a/cut.jpg": whole[:-20]})
    dataset = open_dataset(root)
    assert dataset.summary().train == 13
    for _ in range(2):  # the second time from the cache
        checked = check(dataset, cache)
        assert checked.dataset.summary().train == 12
        (skipped,) = checked.dataset.skipped
        assert skipped.path == "train/a/cut.jpg"
        assert "truncated" in skipped.reason
        assert "train/a/cut.jpg" not in checked.digests


def test_second_check_decodes_only_what_changed(make_set, make_image, cache, decoded):
    root = make_set(COUNTS)
    first = check(open_dataset(root), cache)
    changed = root / "train" / "a" / "pic_0000.jpg"
    before = changed.stat()
    changed.write_bytes(make_image((40, 40), (1, 2, 3)))
    touched = root / "train" / "b" / "pic_0000.jpg"
    os.utime(touched, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    decoded.clear()
    second = check(open_dataset(root), cache)
    assert len(decoded) == 2
    differing = {path for path in first.digests if first.digests[path] != second.digests[path]}
    assert differing == {"train/a/pic_0000.jpg"}


def with_old_times(file, write):
    """Change a file and give it the old modification time again, as unpacking with fixed times does."""
    before = file.stat()
    write()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.parametrize("how", ["in place", "by another file"])
def test_a_change_that_keeps_size_and_time_is_seen(make_set, make_image, cache, decoded, how):
    names = ("train/a/pic.bmp", "train/b/pic.bmp")
    root = make_set(COUNTS, {name: make_image(color=(9, 9, number), kind="BMP") for number, name in enumerate(names)})
    first = check(open_dataset(root), cache)
    changed = root / names[0]
    content = make_image(color=(200, 100, 50), kind="BMP")

    def write():
        if how == "by another file":
            (root / "new").write_bytes(content)
            (root / "new").rename(changed)
        else:
            changed.write_bytes(content)

    with_old_times(changed, write)
    decoded.clear()
    second = check(open_dataset(root), cache)
    assert decoded == [hashlib.sha256(content).hexdigest()]
    assert {path for path in first.digests if first.digests[path] != second.digests[path]} == {names[0]}


def test_a_member_of_an_archive_that_changed_with_its_size_and_time_is_seen(make_set, make_image, pack, cache, decoded):
    pictures = [make_image(color=(9, 9, shade), kind="BMP") for shade in (1, 2)]
    root = make_set(COUNTS, {"train/a/pic.bmp": pictures[0]})
    archive = pack(root)

    def write():
        data = archive.read_bytes()
        (root / "train/a/pic.bmp").write_bytes(pictures[1])
        pack(root)
        assert len(data) == archive.stat().st_size

    first = check(open_dataset(archive), cache)
    with_old_times(archive, write)
    second = check(open_dataset(archive), cache)
    name = "set.zip/train/a/pic.bmp"
    assert [one.digests[name] for one in (first, second)] == [hashlib.sha256(data).hexdigest() for data in pictures]


def test_recheck_reads_everything_again_and_remembers_it(make_set, cache, decoded):
    dataset = open_dataset(make_set(COUNTS))
    first = check(dataset, cache)
    again = check_images(dataset, cache, control=StudyControl(), progress=lambda done, total: None, recheck=True)
    assert (len(decoded), again) == (32, first)
    assert check(dataset, cache) == first
    assert len(decoded) == 32


def test_a_copied_folder_is_only_read_again(make_set, cache, decoded, tmp_path):
    root = make_set(COUNTS)
    first = check(open_dataset(root), cache)
    second = check(open_dataset(shutil.copytree(root, tmp_path / "copy")), cache)
    assert (second.digests, len(decoded)) == (first.digests, 32)


def test_fingerprints_come_from_the_cache_as_they_were_taken(make_set, make_image, cache, decoded):
    root = make_set(COUNTS, {"train/a/really.jpg": make_image((50, 30), (9, 8, 7), kind="PNG")})
    first = check(open_dataset(root), cache)
    second = check(open_dataset(root), cache)
    assert len(decoded) == 17
    assert second.fingerprints == first.fingerprints
    assert set(first.fingerprints) == set(first.digests)
    taken = second.fingerprints["train/a/really.jpg"]
    assert (taken.size, taken.file_format) == ((30, 50), "PNG")
    (image,) = [image for image in second.images if image.sample.path == "train/a/really.jpg"]
    assert image.fingerprint == taken


def test_the_file_of_an_older_program_is_begun_anew(make_set, cache, decoded):
    cache.mkdir()
    with sqlite3.connect(cache / "checked-images.sqlite3") as older:
        older.execute("CREATE TABLE checked (key BLOB PRIMARY KEY, size, mtime_ns, decoder, digest, reason)")
    older.close()
    dataset = open_dataset(make_set(COUNTS))
    for _ in range(2):
        assert len(check(dataset, cache).fingerprints) == 16
    assert len(decoded) == 16


@pytest.mark.parametrize(
    "change", ["thumbnail = x'00'", "hash = 'text'", "pixels = NULL", "height = 'tall'", "digest = x'03'"]
)
def test_a_check_that_another_hand_changed_is_made_again(make_set, cache, decoded, change):
    dataset = open_dataset(make_set(COUNTS))
    first = check(dataset, cache)
    (file,) = cache.iterdir()
    with sqlite3.connect(file) as other:
        other.execute(f"UPDATE checked SET {change} WHERE key = (SELECT min(key) FROM checked)")
    other.close()
    assert check(dataset, cache).fingerprints == first.fingerprints
    assert len(decoded) == 17


def test_archives_are_cached_too(make_set, pack, cache, decoded):
    archive = pack(make_set(COUNTS))
    first = check(open_dataset(archive), cache)
    assert len(decoded) == 16
    assert check(open_dataset(archive), cache).digests == first.digests
    assert len(decoded) == 16


def test_names_that_are_no_utf8(make_set, make_image, cache, decoded):
    root = make_set(COUNTS)
    (root / "train" / "a" / os.fsdecode(b"caf\xe9.jpg")).write_bytes(make_image())
    for _ in range(2):
        assert r"train/a/caf\xe9.jpg" in check(open_dataset(root), cache).digests
    assert len(decoded) == 17


def test_another_pillow_decodes_again(make_set, cache, decoded, monkeypatch):
    dataset = open_dataset(make_set(COUNTS))
    check(dataset, cache)
    monkeypatch.setattr("engine.dataset.check_cache._DECODER", "another")
    check(dataset, cache)
    assert len(decoded) == 32


@pytest.mark.parametrize(
    "content", [b"this is no database, whatever its name says" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_damaged_cache_is_begun_anew(make_set, cache, decoded, content):
    dataset = open_dataset(make_set(COUNTS))
    check(dataset, cache)
    (file,) = cache.iterdir()
    file.write_bytes(content)
    for _ in range(2):
        assert len(check(dataset, cache).digests) == 16
    assert len(decoded) == 32


def test_cache_folder_that_cannot_be_made(make_set, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert len(check(open_dataset(make_set(COUNTS)), tmp_path / "file" / "cache").digests) == 16


def test_cache_held_by_another_process(make_set, cache, monkeypatch, decoded):
    monkeypatch.setattr("engine.dataset.check_cache._BUSY_SECONDS", 0.01)
    dataset = open_dataset(make_set(COUNTS))
    check(dataset, cache)
    (file,) = cache.iterdir()
    other = sqlite3.connect(file)
    other.execute("BEGIN EXCLUSIVE")
    assert len(check(dataset, cache).digests) == 16
    other.close()
    assert len(decoded) == 32


def test_cache_that_cannot_be_written(make_set, cache, monkeypatch):
    connect = sqlite3.connect
    dataset = open_dataset(make_set(COUNTS))
    check(dataset, cache)
    (file,) = cache.iterdir()

    def read_only(path, **options):
        return connect(f"file:{path}?mode=ro", uri=True, **options)

    with connect(file) as connection:
        connection.execute("DELETE FROM checked")
    connection.close()
    monkeypatch.setattr(sqlite3, "connect", read_only)
    assert len(check(dataset, cache).digests) == 16


def test_stop_keeps_what_was_checked(make_set, cache, decoded, monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 1)
    dataset = open_dataset(make_set({"train/a": 60, "train/b": 60, "test/a": 2, "test/b": 2}))
    control = StudyControl()
    decode = module.decode_rgb

    def stopping(data):
        if len(decoded) == 20:
            control.stop()
        return decode(data)

    monkeypatch.setattr(module, "decode_rgb", stopping)
    with pytest.raises(StudyStopped):
        check(dataset, cache, control)
    done = len(decoded)
    assert done < 60
    monkeypatch.setattr(module, "decode_rgb", decode)
    check(dataset, cache)
    assert len(decoded) < 124 + done


def test_stop_before_the_start(make_set, cache, decoded):
    control = StudyControl()
    control.stop()
    with pytest.raises(StudyStopped):
        check(open_dataset(make_set(COUNTS)), cache, control)
    assert decoded == []


def test_file_that_vanished_is_not_remembered_as_bad(make_set, cache):
    root = make_set(COUNTS)
    dataset = open_dataset(root)
    file = root / "train" / "a" / "pic_0000.jpg"
    content = file.read_bytes()
    file.unlink()
    (skipped,) = check(dataset, cache).dataset.skipped
    assert (skipped.path, skipped.reason) == (
        "train/a/pic_0000.jpg", "cannot be read: No such file or directory",
    )  # fmt: skip
    file.write_bytes(content)
    assert check(dataset, cache).dataset == dataset


@pytest.mark.parametrize(("ruined", "words"), [("train/a", "class a has no training image"), ("test", "no test image")])
def test_nothing_left(make_set, make_image, cache, ruined, words):
    root = make_set(COUNTS)
    whole = make_image((64, 64))
    for file in (root / ruined).rglob("*.jpg"):
        file.write_bytes(whole[:-20])
    with pytest.raises(DatasetError, match=words):
        check(open_dataset(root), cache)


def ruin(root, make_image, *folders):
    for folder in folders:
        for file in (root / folder).glob("*.jpg"):
            file.write_bytes(make_image((64, 64))[:-20])


THREE = {"train/a": 2, "train/b": 2, "train/c": 2, "test/a": 1, "test/b": 1, "test/c": 1}


def test_class_that_lost_its_training_images_is_left_out(make_set, make_image, cache):
    root = make_set(THREE)
    ruin(root, make_image, "train/b")
    checked = check(open_dataset(root), cache)
    assert checked.dataset.classes == ("a", "c")
    assert checked.dataset.notes == ("class b is left out: no training image can be read",)
    assert [(image.sample.path.split("/")[1], image.sample.label) for image in checked.images] == [
        ("a", 0), ("a", 0), ("c", 1), ("c", 1), ("a", 0), ("c", 1),
    ]  # fmt: skip
    with pytest.raises(DatasetError, match=r"class b has no .* \(such as train/b/pic_0000.jpg: .*--classes"):
        check(open_dataset(root, classes=("a", "b", "c")), cache)
    assert check(open_dataset(root, classes=("all",)), cache).dataset.classes == ("a", "c")


def test_class_that_lost_its_test_images_is_named(make_set, make_image, cache):
    root = make_set({**THREE, "train/d": 2})
    dataset = open_dataset(root)
    assert dataset.summary().notes == ("d has no test images and stays out of macro averages",)
    ruin(root, make_image, "test/b")
    notes = check(open_dataset(root), cache).dataset.summary().notes
    assert notes == ("b, d have no test images and stay out of macro averages",)


def test_too_little_memory_is_not_remembered(make_set, cache, monkeypatch):
    dataset = open_dataset(make_set(COUNTS))

    def no_memory(self):
        raise MemoryError

    with monkeypatch.context() as scarce:
        scarce.setattr("PIL.JpegImagePlugin.JpegImageFile.load", no_memory)
        with pytest.raises(DatasetError, match="not enough memory to decode it"):
            check(dataset, cache)
    assert check(dataset, cache).dataset == dataset


@pytest.mark.parametrize("failing", ["SELECT digest", "INSERT"])
def test_cache_that_fails_is_closed(make_set, cache, monkeypatch, failing):
    closed = []

    class Failing(sqlite3.Connection):
        def execute(self, query, *arguments):
            if failing.startswith("SELECT") and "digest, reason" in query and "WHERE decoder" in query:
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(query, *arguments)

        def executemany(self, query, *arguments):
            if query.startswith(failing):
                raise sqlite3.OperationalError("disk full")
            return super().executemany(query, *arguments)

        def close(self):
            closed.append(self)
            super().close()

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda file, **options: connect(file, factory=Failing, **options))
    assert len(check(open_dataset(make_set(COUNTS)), cache).digests) == 16
    assert len(closed) == 1


def test_file_larger_than_the_limit(make_set, cache, monkeypatch):
    dataset = open_dataset(make_set(COUNTS))
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    with pytest.raises(DatasetError, match="more than 10 bytes"):
        check(dataset, cache)


def test_without_lists_what_was_left_out(make_set):
    dataset = open_dataset(make_set(COUNTS))
    path = dataset.test[0].path
    smaller = dataset.without({path: "a copy"})
    assert smaller.summary().test == 3
    assert [(skipped.path, skipped.reason) for skipped in smaller.skipped] == [(path, "a copy")]
    assert dataset.without({}) is dataset
