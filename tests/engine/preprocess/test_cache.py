import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.config.variants import VARIANTS
from engine.errors import StorageError
from engine.preprocess import PixelCache, StepContext, build_steps, cache, results, segment
from engine.preprocess.chains import ChainBuilder

SLOT = 12 * 16 * 3
RECORD = 40


def files(folder, name):
    return sorted(folder.glob(f"*/{name}"))


@pytest.mark.parametrize("name", ["index", "pixels.u8"])
@pytest.mark.parametrize(
    ("whole", "torn"), [(0, 0), (0, 1), (1, -1), (1, 0), (1, 1), (6, -1), (6, 0), (6, 1), (7, -1), (7, 0)]
)
def test_whatever_a_kill_leaves_of_a_file_no_entry_is_half_true(study, new_study, name, whole, torn):
    expected = study.pixels("vanilla")
    unit = RECORD if name == "index" else SLOT
    length = whole * unit + torn
    (path,) = files(study.cache.folder, name)
    os.truncate(path, length)
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels("vanilla"), expected)
    assert again.started == (7, length // unit)
    mended = new_study(study.images)
    np.testing.assert_array_equal(mended.pixels("vanilla"), expected)
    assert mended.started == (7, 7)


@pytest.mark.parametrize("position", [0, 31, 35, 36 * 3 + 5])
def test_a_damaged_record_costs_its_entry_only(study, new_study, folder, position):
    expected = study.pixels("vanilla")
    (path,) = files(folder, "index")
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels("vanilla"), expected)
    assert again.started == (7, 6)


def test_records_at_the_wrong_slot_are_no_entries(study, new_study, folder):
    expected = study.pixels("vanilla")
    (path,) = files(folder, "index")
    data = path.read_bytes()
    path.write_bytes(data[RECORD:] + data[:RECORD])
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels("vanilla"), expected)
    assert again.started == (7, 0)


@pytest.mark.parametrize("name", ["index", "pixels.u8", "about.json"])
def test_a_missing_file_is_mended(study, new_study, folder, name):
    expected = study.pixels("vanilla")
    files(folder, name)[0].unlink()
    np.testing.assert_array_equal(new_study(study.images).pixels("vanilla"), expected)


def test_results_spread_over_segments(study, new_study, folder, monkeypatch):
    monkeypatch.setattr(cache, "SEGMENT_BYTES", 3 * SLOT)
    expected = study.pixels("vanilla")
    assert [path.stat().st_size // SLOT for path in files(folder, "pixels.u8")] == [3, 3, 1]
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels("vanilla"), expected)
    assert again.started == (7, 7)


def test_size_and_clear(study, folder):
    assert PixelCache(folder).size() == 0
    assert PixelCache(folder).clear() == 0
    study.pixels("vanilla")
    size = study.cache.size()
    assert size >= 7 * (SLOT + RECORD)
    assert study.cache.clear() == size
    assert (study.cache.size(), files(folder, "*.u8")) == (0, [])


def test_clear_leaves_what_is_in_use_and_what_is_not_ours(study, new_study, folder):
    study.pixels("denoise")
    (folder / "holiday").mkdir()
    (folder / "holiday" / "photo.jpg").write_bytes(b"mine")
    with study.open("vanilla") as table:
        before = table.gather(np.arange(7))
        other = PixelCache(folder)
        other.clear()
        assert len(files(folder, "index")) == 1
        np.testing.assert_array_equal(table.gather(np.arange(7)), before)
    other.clear()
    assert files(folder, "index") == []
    assert (folder / "holiday" / "photo.jpg").read_bytes() == b"mine"


def test_leases_of_a_killed_process_protect_nothing(study, folder):
    study.pixels("vanilla")
    (files(folder, "index")[0].parent / "abandoned.lease").touch()
    study.cache.clear()
    assert study.cache.size() == 0


def test_what_was_used_longest_ago_goes_first(study, new_study, folder):
    for name in ("vanilla", "denoise", "superres"):
        study.pixels(name)
    made_by = {path.read_text().count('"step"'): path for path in files(folder, "about.json")}
    vanilla, denoise, superres = (made_by[steps] for steps in (1, 2, 3))
    for seconds, path in enumerate((vanilla, denoise, superres)):
        os.utime(path, (seconds, seconds))
    study.pixels("vanilla")  # used again, so that denoise is now the oldest
    one = 7 * SLOT
    tight = new_study(study.images, limit_bytes=study.cache.size() + one // 2)
    assert tight.cache.make_room(one)
    assert [path.exists() for path in (vanilla, denoise, superres)] == [True, False, True]


def test_the_bound_is_kept_without_evicting_what_is_in_use(study, new_study, folder):
    limit = int(2.5 * needed(7))
    with study.open("vanilla") as table:
        tight = new_study(study.images, limit_bytes=limit)
        for name in ("denoise", "superres", "bbox"):
            tight.pixels(name)
            assert tight.cache.size() <= limit
        again = new_study(study.images)
        again.pixels("vanilla")
        assert again.started == (7, 7)
        assert table.gather(np.array([0])).any()


def needed(count):
    return count * (SLOT + RECORD) + 1500


def test_what_would_not_fit_anyway_evicts_nothing(study, new_study, folder):
    study.pixels("denoise")
    size = study.cache.size()
    tight = new_study(study.images, limit_bytes=size)
    assert not tight.cache.make_room(size + 1)
    assert study.cache.size() == size


def test_too_small_a_bound_keeps_images_in_memory_and_says_so(study, new_study):
    expected = study.pixels("vanilla")
    tight = new_study(study.images, folder=study.cache.folder.parent / "tight", limit_bytes=3 * SLOT)
    with tight.open("vanilla") as table:
        np.testing.assert_array_equal(table.gather(np.arange(7)), expected)
        assert str(tight.cache.folder) in table.note
        assert "--cache-dir" in table.note
        assert "\n" not in table.note
    assert tight.cache.size() == 0


def test_the_default_bound_is_a_quarter_of_the_free_disk(study, folder, monkeypatch):
    study.pixels("vanilla")
    mine = PixelCache(folder)
    monkeypatch.setattr(PixelCache, "free_bytes", lambda self: 1000)
    assert mine.limit_bytes == (1000 + mine.size()) // 4


def full_disk(monkeypatch, after):
    """Writing fails from the given call on, as on a full disk."""
    calls = []
    sync = segment.os.fsync

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(segment.os, "fsync", fsync)


@pytest.mark.parametrize("after", [0, 1, 4, 5])
@pytest.mark.parametrize("name", ["vanilla", "superres"])
def test_a_disk_that_fills_up_loses_nothing(study, new_study, monkeypatch, after, name):
    folder = study.cache.folder
    elsewhere = new_study(study.images, folder=folder.parent / "elsewhere")
    expected = elsewhere.pixels(name)
    monkeypatch.setattr(results, "WRITE_BYTES", 1)  # one image, two syncs a batch
    with monkeypatch.context() as patch:
        full_disk(patch, after)
        with study.open(name) as table:
            np.testing.assert_array_equal(table.gather(np.arange(7)), expected)
            assert "No space left on device" in table.note
    assert [path.stat().st_size for path in files(folder, "pixels.u8")] == [after // 2 * SLOT]
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels(name), expected)
    assert again.started == (7, after // 2)


def test_a_disk_that_fills_up_while_two_chains_wait_loses_nothing(study, new_study, monkeypatch):
    elsewhere = new_study(study.images, folder=study.cache.folder.parent / "elsewhere")
    expected = elsewhere.pixels("bbox")
    full_disk(monkeypatch, 0)  # when the run ends, with cropped and uncropped images waiting
    with study.open("bbox") as table:
        np.testing.assert_array_equal(table.gather(np.arange(7)), expected)
        assert "No space left on device" in table.note


@pytest.mark.parametrize("extra_first", [True, False])
def test_what_other_variants_want_is_given_up_rather_than_held_in_memory(study, images, monkeypatch, extra_first):
    context = StepContext(study.recipe, study.machine)
    sample = images[0].sample
    chain = ChainBuilder(build_steps(VARIANTS["denoise"], context)).chain_for(sample)
    extra = chain.prefixes[0]
    pixels = np.zeros((*study.recipe.image_size, 3), np.uint8)
    full_disk(monkeypatch, 0)
    held = results.Results(study.cache)
    assert held.expect(chain.entry_bytes, extra.entry_bytes)
    calls = [lambda: held.add(chain, b"k" * 32, pixels), lambda: held.add_extra(extra, b"k" * 32, pixels)]
    for call in reversed(calls) if extra_first else calls:
        call()
    held.flush()
    assert "in memory" in held.note
    assert len(held.table(chain.size, [(chain.key, b"k" * 32)], remake=lambda row: pixels)) == 1
    with pytest.raises(KeyError):
        held.table(chain.size, [(extra.key, b"k" * 32)], remake=lambda row: pixels)


def test_a_full_disk_and_too_little_memory_is_one_clear_error(study, monkeypatch):
    monkeypatch.setattr(results, "WRITE_BYTES", 1)

    class NoMemory:
        available = 10

    monkeypatch.setattr(psutil, "virtual_memory", NoMemory)
    full_disk(monkeypatch, 0)
    with pytest.raises(StorageError) as caught:
        study.open("vanilla")
    message = str(caught.value)
    assert str(study.cache.folder) in message
    assert "--cache-dir" in message
    assert "memory" in message
    assert "\n" not in message


def test_a_folder_that_cannot_be_made_keeps_images_in_memory(study, new_study, tmp_path):
    expected = study.pixels("vanilla")
    (tmp_path / "file").touch()
    blocked = new_study(study.images, folder=tmp_path / "file" / "pixels")
    with blocked.open("vanilla") as table:
        np.testing.assert_array_equal(table.gather(np.arange(7)), expected)
        assert str(tmp_path / "file" / "pixels") in table.note


def test_two_studies_at_once_share_one_cache(study, new_study, monkeypatch, folder):
    monkeypatch.setattr(results, "WRITE_BYTES", 1)
    expected = study.pixels("denoise")
    study.cache.clear()
    studies = [new_study(study.images if turn else study.images[::-1]) for turn in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: one.pixels("denoise"), studies))
    for turn, pixels in enumerate(found):
        np.testing.assert_array_equal(pixels if turn else pixels[::-1], expected)
    assert all(path.stat().st_size <= 7 * SLOT for path in files(folder, "pixels.u8"))
    after = new_study(study.images)
    np.testing.assert_array_equal(after.pixels("denoise"), expected)
    assert after.started == (7, 7)


def test_what_another_has_written_meanwhile_is_not_written_again(study, new_study, folder):
    chain = ChainBuilder(build_steps(VARIANTS["vanilla"], StepContext(study.recipe, study.machine))).chain_for(
        study.images[0].sample
    )
    one, other = results.Results(study.cache), results.Results(new_study([]).cache)
    pixels = np.zeros((*study.recipe.image_size, 3), np.uint8)
    for held in (one, other):
        held.expect(chain.entry_bytes, 0)
        held.add(chain, b"k" * 32, pixels)
        held.flush()
    assert [path.stat().st_size for path in files(folder, "pixels.u8")] == [SLOT]


def test_a_table_reads_on_while_others_append_and_evict(study, new_study, make_image, folder, monkeypatch):
    monkeypatch.setattr(cache, "SEGMENT_BYTES", 4 * SLOT)
    with study.open("vanilla") as table:
        before = table.gather(np.arange(7))
        more = new_study([make_image(seed) for seed in range(20, 30)])
        more.pixels("vanilla")
        more.cache.clear()
        np.testing.assert_array_equal(table.gather(np.arange(7)), before)
    assert not list(Path(folder).glob("*/*.lease"))


def overwrite(folder, slot, content):
    """Write other pixels into a slot, as a damaged disk does, or two writers of an earlier version without locks."""
    (path,) = files(folder, "pixels.u8")
    with path.open("r+b") as file:
        file.seek(slot * SLOT)
        file.write(content)


def other_image(folder):
    (path,) = files(folder, "pixels.u8")
    return path.read_bytes()[:SLOT]


@pytest.mark.parametrize("when", ["before the table is opened", "while it is open"])
def test_pixels_of_another_image_in_a_slot_are_made_again_and_said_once(study, new_study, folder, when):
    expected = study.pixels("denoise")
    if when == "before the table is opened":
        overwrite(folder, 3, other_image(folder))
        overwrite(folder, 4, b"\0" * (SLOT // 2))
    again, said = new_study(study.images), []
    with again.open("denoise") as table:
        table.tell = said.append
        if when == "while it is open":
            overwrite(folder, 3, other_image(folder))
            overwrite(folder, 4, b"\0" * (SLOT // 2))
        for _ in range(2):
            np.testing.assert_array_equal(table.gather(np.arange(7)), expected)
            np.testing.assert_array_equal(table.gather(np.array([4, 3, 4])), expected[[4, 3, 4]])
    assert len(said) == 1
    assert "made again" in said[0]
    mended = new_study(study.images)
    np.testing.assert_array_equal(mended.pixels("denoise"), expected)
    assert mended.started == (7, 5)


@pytest.mark.parametrize("failure", ["removed by another node", "shorter"])
def test_images_whose_file_cannot_be_read_any_more_are_made_again(study, new_study, folder, monkeypatch, failure):
    expected = study.pixels("denoise")
    again, said = new_study(study.images), []
    with again.open("denoise") as table:
        table.tell = said.append
        if failure == "shorter":
            os.truncate(files(folder, "pixels.u8")[0], 3 * SLOT)
        else:
            monkeypatch.setattr(segment.PixelFile, "read", lambda *_: False)
        for _ in range(2):
            np.testing.assert_array_equal(table.gather(np.arange(7)), expected)
    assert len(said) == 1


def test_segments_of_before_they_had_writers_are_read(study, new_study, folder):
    expected = study.pixels("denoise")
    for path in files(folder, "index"):
        chain, _, number = path.parent.name.split("-")
        path.parent.rename(folder / f"{chain}-{number}")
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels("denoise"), expected)
    assert again.started == (7, 7)


def test_another_machine_keeps_its_segments_as_long_as_it_reads_them(study, new_study, folder, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(cache.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(cache.platform, "node", lambda: "node07")
    with study.open("vanilla") as table:
        (lease,) = files(folder, "*.lease")
        monkeypatch.setattr(cache.platform, "node", lambda: "node08")
        # Locks do not reach there, so the lease counts by its age.
        monkeypatch.setattr(cache, "is_locked", lambda path: False)
        other = PixelCache(folder, limit_bytes=10**9)
        assert other.clear() == 0
        old = lease.stat().st_mtime - cache.LEASE_SECONDS - 60
        os.utime(lease, (old, old))
        table.gather(np.arange(1))
        assert lease.stat().st_mtime == old  # renewed a moment ago
        clock[0] += cache.RENEW_SECONDS
        table.gather(np.arange(1))
        assert other.clear() == 0
        os.utime(lease, (old, old))
        assert other.clear() > 0
        assert table.gather(np.arange(7)).any()  # this disk keeps what is open


def test_a_chain_does_not_go_on_from_pixels_of_another_image(study, new_study, folder, images):
    expected = new_study(images, folder=folder.parent / "elsewhere").pixels("denoise")
    study.pixels("vanilla")
    overwrite(folder, 5, other_image(folder))
    np.testing.assert_array_equal(study.pixels("denoise"), expected)


def test_entries_of_before_there_were_checksums_are_not_read(study, new_study, folder, monkeypatch):
    monkeypatch.setattr("engine.preprocess.chains.RESULT_FORMAT", 1)
    expected = study.pixels("vanilla")
    monkeypatch.undo()
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels("vanilla"), expected)
    assert again.started == (7, 0)
