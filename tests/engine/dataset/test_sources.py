"""Archive members can be read from threads and from other processes."""

import io
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.dataset import UnreadableImage, open_dataset
from engine.dataset.sources import FileSource

COUNTS = {"train/a": 30, "train/b": 30, "test/a": 2, "test/b": 2}


@pytest.fixture
def packed(make_set, pack):
    root = make_set(COUNTS)
    dataset = open_dataset(pack(root))
    contents = [(root / sample.path.removeprefix("set.zip/")).read_bytes() for sample in dataset.train]
    return [sample.source for sample in dataset.train], contents


def test_threads(packed):
    sources, contents = packed
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(lambda source: source.read(), sources)) == contents


def test_pickled(packed):
    sources, contents = packed
    assert [source.read() for source in pickle.loads(pickle.dumps(sources))] == contents


def _read_all(sources, pipe):
    pipe.send([source.read() for source in sources])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked(packed):
    sources, contents = packed
    sources[0].read()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_read_all, args=(sources, theirs))
    child.start()
    assert [source.read() for source in sources] == contents
    assert ours.recv() == contents
    child.join()


def test_stamp_and_key_tell_files_apart(make_set, pack):
    root = make_set(COUNTS)
    for dataset in (open_dataset(root), open_dataset(pack(root))):
        sources = [sample.source for sample in dataset.train]
        assert len({source.key for source in sources}) == len(sources)
        assert all(source.stamp[0] == len(source.read()) for source in sources)


def test_file_that_is_gone(make_set):
    root = make_set(COUNTS)
    source = open_dataset(root).train[0].source
    (root / "train" / "a" / "pic_0000.jpg").unlink()
    with pytest.raises(UnreadableImage):
        source.read()
    with pytest.raises(UnreadableImage):
        _ = source.stamp


def test_a_file_that_comes_in_pieces_is_read_whole(tmp_path, monkeypatch):
    class Pieces(io.FileIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[:1000])

        def read(self, size=-1):
            return super().read(min(size, 1000) if size >= 0 else 1000)

    def slow(file, mode, buffering=-1):
        return Pieces(file, mode) if buffering == 0 else io.BufferedReader(Pieces(file, mode))

    file = tmp_path / "picture.jpg"
    content = bytes(range(256)) * 1000
    file.write_bytes(content)
    monkeypatch.setattr("builtins.open", slow)
    source = FileSource(str(file))
    assert (source.read(), source.read(30_000)) == (content, content[:30_000])


def test_importing_the_room_loads_no_torch():
    code = (
        "import sys, engine.dataset; print(sorted({'torch', 'torchvision', 'sklearn', 'skimage'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
