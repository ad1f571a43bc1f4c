"""Tar archives: read as folders and zips are, refused in one line where they are damaged, never followed outside."""

import bz2
import gzip
import io
import multiprocessing
import pickle
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.dataset import check_images, open_dataset
from engine.dataset.identity import content_fingerprint
from engine.errors import DatasetError
from engine.events.control import StudyControl
from engine.finished.predicting.images import find_images

ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
COUNTS = {"train/a": 6, "train/b": 5, "test/a": 2, "test/b": 2}


def checked(path, cache):
    return check_images(open_dataset(path), cache, control=StudyControl(), progress=lambda done, total: None)


def tar_of(files, extra=(), mode="w"):
    """The bytes of an archive: files by name, then further headers with their data."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra:
            archive.addfile(member)
    return buffer.getvalue()


@pytest.fixture
def images(make_image):
    return {
        f"{part}/{name}/{n}.jpg": make_image(color=(n * 9, 40 if name == "a" else 90, len(part) * 20))
        for part in ("train", "test")
        for name in "ab"
        for n in range(3)
    }


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_tar_gives_the_same_study_as_the_folder_and_the_zip(make_set, pack, pack_tar, tmp_path, ending):
    root = make_set(COUNTS, lines=["./x/a/pic_0000.jpg,1,1,6,6,a"])
    one, two, three = (checked(path, tmp_path / "cache") for path in (root, pack(root), pack_tar(root, ending)))
    assert content_fingerprint(one) == content_fingerprint(two) == content_fingerprint(three)
    pixels = [sorted(taken.pixels for taken in found.fingerprints.values()) for found in (one, two, three)]
    assert pixels[0] == pixels[1] == pixels[2]
    assert three.dataset.name == "set"
    assert three.dataset.train[0].path.startswith(f"set{ending}/train/")
    assert sum(sample.box is not None for sample in three.dataset.images) == 1


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_members_are_read_from_threads_and_other_processes(make_set, pack_tar, ending):
    root = make_set(COUNTS)
    dataset = open_dataset(pack_tar(root, ending))
    sources = [sample.source for sample in dataset.train]
    contents = [(root / sample.path.removeprefix(f"set{ending}/")).read_bytes() for sample in dataset.train]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda source: source.read(), sources)) == contents
    assert [source.read() for source in pickle.loads(pickle.dumps(sources))] == contents
    assert [source.read(5) for source in sources] == [content[:5] for content in contents]
    assert len({source.key for source in sources}) == len(sources)


def _read_all(sources, pipe):
    pipe.send([source.read() for source in sources])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_reads_beside_its_parent(make_set, pack_tar):
    sources = [sample.source for sample in open_dataset(pack_tar(make_set(COUNTS), ".tar.gz")).train]
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_read_all, args=(sources, theirs))
    child.start()
    mine = [source.read() for source in sources]
    assert ours.recv() == mine
    child.join()


def test_an_archive_that_changes_has_another_stamp(images, tmp_path):
    path = tmp_path / "set.tar.gz"
    path.write_bytes(gzip.compress(tar_of(images)))
    before = open_dataset(path).train[0].source.stamp
    path.write_bytes(gzip.compress(tar_of(images), compresslevel=1))
    assert open_dataset(path).train[0].source.stamp != before


def test_what_is_no_plain_file_or_points_outside_is_left_and_named(images, tmp_path):
    def member(name, kind, link=""):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        return info

    odd = [
        member("train/a/link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        member("train/a/hard.jpg", tarfile.LNKTYPE, "train/a/0.jpg"),
        member("train/a/pipe.jpg", tarfile.FIFOTYPE),
        member("train/a/device.jpg", tarfile.CHRTYPE),
        member("train", tarfile.DIRTYPE),
    ]
    path = tmp_path / "set.tar"
    outside = {"../up.jpg": b"x", "/etc/shadow.jpg": b"x", "C:/windows.jpg": b"x"}
    path.write_bytes(tar_of({**images, **outside}, odd))
    dataset = open_dataset(path)
    reasons = {skipped.path: skipped.reason for skipped in dataset.skipped}
    assert reasons == {
        "set.tar/train/a/link.jpg": "a link in the archive",
        "set.tar/train/a/hard.jpg": "a link in the archive",
        "set.tar/train/a/pipe.jpg": "not a regular file",
        "set.tar/train/a/device.jpg": "not a regular file",
        **{f"set.tar/{name}": "unsafe name in the archive: it points outside" for name in outside},
    }
    assert len(dataset.images) == len(images)


def test_of_two_members_with_one_name_the_last_counts(images, make_image, tmp_path):
    path, later = tmp_path / "set.tar.gz", make_image(color=(1, 2, 3))
    name = "train/a/0.jpg"
    first, second = tarfile.TarInfo(name), tarfile.TarInfo(name)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info, data in (
            (first, images[name]),
            (second, later),
            *((tarfile.TarInfo(k), v) for k, v in images.items() if k != name),
        ):
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.write_bytes(buffer.getvalue())
    (sample,) = [one for one in open_dataset(path).train if one.path.endswith(name)]
    assert sample.source.read() == later


@pytest.mark.parametrize(
    ("ending", "spoil", "said"),
    [
        (".tar", lambda data: data[:1500], "damaged after"),
        (".tar", lambda data: data[: data.index(b"\0" * 1024)], "damaged after"),
        (".tar", lambda data: data[:512] + b"\xff" * 512 + data[1024:], ""),
        (".tar", lambda data: b"\xff" * 300, "no tar archive"),
        (".tar.gz", lambda data: gzip.compress(data, 0)[:15_000], "damaged after"),
        (".tar.gz", lambda data: gzip.compress(data)[:-8] + b"\0" * 8, "damaged after"),
        (".tar.gz", lambda data: gzip.compress(b"no archive at all" * 99), "no tar archive"),
        (".tar.gz", lambda data: b"\x1f\x8b" + b"\0" * 50, "no tar archive"),
        (".tar.bz2", lambda data: bz2.compress(data)[:-20], "damaged"),
    ],
)
def test_damaged_archives_are_refused_in_one_line(images, tmp_path, ending, spoil, said):
    path = tmp_path / f"set{ending}"
    path.write_bytes(spoil(tar_of(images)))
    if not said:  # a damaged picture is that picture's matter
        open_dataset(path)
        return
    with pytest.raises(DatasetError) as error:
        open_dataset(path)
    assert said in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert "download it again" in str(error.value)


def test_a_header_that_is_damaged_in_the_middle_is_no_end(images, tmp_path):
    data = bytearray(tar_of(images))
    second = data.index(b"train/a/1.jpg")
    data[second + 150] ^= 1
    (tmp_path / "set.tar").write_bytes(data)
    with pytest.raises(DatasetError, match=r"damaged after 'train/a/0.jpg' \(bad checksum\)"):
        open_dataset(tmp_path / "set.tar")


@pytest.mark.parametrize("ending", [".tar.gz", ".tar.bz2"])
def test_bombs_are_refused(tmp_path, ending):
    pack = gzip.compress if ending == ".tar.gz" else bz2.compress
    path = tmp_path / f"bomb{ending}"
    path.write_bytes(pack(tar_of({"train/a/1.jpg": b"\0" * 30_000_000})))
    with pytest.raises(DatasetError, match="taken for a bomb"):
        open_dataset(path)


def test_no_room_for_unpacking_is_said(images, tmp_path, monkeypatch):
    path = tmp_path / "set.tar.gz"
    path.write_bytes(gzip.compress(tar_of(images)))
    usage = type("Usage", (), {"free": 256 * 2**20 + 3})
    monkeypatch.setattr("engine.dataset.tars.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(DatasetError, match="has room for: unpack it elsewhere, or set TMPDIR"):
        open_dataset(path)


def test_zstandard_that_is_not_installed_is_named(images, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    path = tmp_path / "set.tar.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 20)
    with pytest.raises(DatasetError, match="pip install zstandard"):
        open_dataset(path)


def test_far_too_many_files(images, tmp_path, monkeypatch):
    (tmp_path / "set.tar").write_bytes(tar_of(images))
    monkeypatch.setattr("engine.dataset.tars.MAX_FILES", 3)
    with pytest.raises(DatasetError, match="more than 3 files"):
        open_dataset(tmp_path / "set.tar")


def test_a_tar_is_named_for_prediction_as_a_folder_is(make_set, pack_tar):
    found = list(find_images([pack_tar(make_set(COUNTS), ".tar.gz")]))
    assert len(found) == sum(COUNTS.values())
    assert all(image.source.read().startswith(b"\xff\xd8") for image in found)


def test_two_archives_are_two_parts(make_set, pack_tar, tmp_path):
    train = pack_tar(make_set({"a": 4, "b": 4}, name="one"), ".tar.gz")
    test = pack_tar(make_set({"a": 2, "b": 2}, name="two"), ".tar")
    dataset = open_dataset(tmp_path, train=train, test=test)
    assert (len(dataset.train), len(dataset.test)) == (8, 4)
