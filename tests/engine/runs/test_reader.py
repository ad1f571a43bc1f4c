import json
import shutil

import pytest

from engine.errors import StorageError
from engine.events.codec import event_to_line
from engine.events.study import BatchTrained, JobFinished, Notice
from engine.runs import EventFollower, NewerVersionError, RunFolder, load_record, read_events


def test_the_record_of_a_run_is_that_of_its_events(write, events):
    record = load_record(write(events))
    assert record.finished.conclusion == ("one",)
    assert [len(losses) for losses in record.losses.values()] == [2, 2]
    assert record.result("bbox").metrics.accuracy == 0.75
    assert len(record.result("bbox").predictions) == 4


def test_a_line_cut_off_by_a_kill_is_left_out(write, events, plain):
    folder = write(events)
    path = folder / "events.jsonl"
    whole = path.read_bytes()
    for cut in (1, 5, 20):
        path.write_bytes(whole[:-cut])
        assert plain(read_events(folder)) == plain(events[:-1])


@pytest.mark.parametrize("damage", [b"garbage", b"{}", b'{"event":"Nothing"}', b'{"event":"BatchTrained"}', bytes(9)])
def test_a_damaged_line_is_named(write, events, damage):
    folder = write(events)
    path = folder / "events.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:2], damage, *lines[2:], b""]))
    with pytest.raises(StorageError, match=r"events\.jsonl, line 3 is damaged .*take that line out"):
        list(read_events(folder))


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(StorageError, match="no run folder"):
        list(read_events(tmp_path))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": "two"}', '{"version": 2, "study": "s"}'])
def test_a_damaged_description_is_named(write, events, content):
    folder = write(events)
    (folder / "study.json").write_text(content)
    with pytest.raises(StorageError, match=r"study\.json is damaged"):
        list(read_events(folder))


def test_a_newer_version_says_what_to_do(write, events):
    folder = write(events)
    header = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**header, "version": 99}))
    with pytest.raises(NewerVersionError, match="update the program"):
        list(read_events(folder))
    with pytest.raises(NewerVersionError):
        RunFolder.open_for_resume(folder)


def test_a_folder_of_the_first_version_reads_the_same(write, events, plain):
    folder = write(events)
    (folder / "events.jsonl").write_text("".join(event_to_line(event) + "\n" for event in events))
    header = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({"version": 1, "study": header["study"], "config": {}}))
    for path in (folder / "predictions").iterdir():
        path.unlink()
    assert plain(read_events(folder)) == plain(events)


@pytest.mark.parametrize("content", [None, "", "[]", '{"paths": ["a"], "labels": [], "predicted": []}'])
def test_damaged_predictions_cost_the_predictions_alone(write, events, content):
    folder = write(events)
    path = folder / "predictions" / "bbox-seed0-fold0.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    read = list(read_events(folder))
    (finished,) = (event for event in read if isinstance(event, JobFinished) and event.result.variant == "bbox")
    assert (finished.result.metrics.accuracy, finished.result.predictions) == (0.75, ())
    (notice,) = (event for event in read if isinstance(event, Notice) and event.variant == "bbox")
    assert "bbox-seed0-fold0.json" in notice.message


def test_following_gives_every_event_once(run, events, plain):
    follower, read = EventFollower(run.folder), []
    for event in events:
        run.append(event)
        read += follower.drain()
    run.close()
    read += follower.drain()
    assert plain(read) == plain(events)
    assert follower.drain() == []


def test_following_waits_for_the_end_of_a_line(write, events, plain):
    folder = write(events)
    path = folder / "events.jsonl"
    whole = path.read_bytes()
    follower, read = EventFollower(folder), []
    for end in (*range(0, len(whole), 97), len(whole)):
        path.write_bytes(whole[:end])
        read += follower.drain()
    assert plain(read) == plain(events)


def test_following_outlives_a_file_that_is_cut_back_and_written_again(write, events, plain):
    folder = write(events)
    path = folder / "events.jsonl"
    whole = path.read_bytes()
    follower = EventFollower(folder)
    assert len(follower.drain()) == len(events)
    path.write_bytes(whole[:50])
    assert follower.drain() == []
    path.write_bytes(whole + whole.splitlines()[-1] + b"\n")
    assert plain(follower.drain()) == plain(events[-1:])


def test_a_reader_takes_no_more_than_it_is_told_and_stops_at_the_end_of_a_line(write, events, plain):
    folder = write(events)
    longest = max(map(len, (folder / "events.jsonl").read_bytes().splitlines(keepends=True)))
    for most in (1, longest):
        follower, read, parts = EventFollower(folder), [], 0
        while part := follower.drain(most):
            read += part
            parts += 1
        assert plain(read) == plain(events)
        assert parts == len(events) if most == 1 else 1 < parts < len(events)


def test_a_run_that_was_moved_says_where_it_lies_now(write, events, tmp_path):
    folder = write(events).rename(tmp_path / "moved")
    record = load_record(folder)
    assert (record.started.folder, record.finished.folder) == (str(folder), str(folder))


def test_a_run_in_its_first_moment_has_no_events_yet(run):
    (run.folder / "events.jsonl").unlink()
    assert list(read_events(run.folder)) == []


def test_a_stream_that_cannot_be_read_is_named(run):
    (run.folder / "events.jsonl").unlink()
    (run.folder / "events.jsonl").mkdir()
    with pytest.raises(StorageError, match=r"events\.jsonl cannot be read"):
        list(read_events(run.folder))


def test_whoever_follows_sees_whether_the_writer_lives(run):
    follower = EventFollower(run.folder)
    assert follower.live
    run.close()
    assert not follower.live


def test_a_long_run_reads_as_written(write, plain):
    batches = [
        BatchTrained(variant="vanilla", epoch=step // 10, step=step, loss=float("nan") if step % 7 else 0.1, images=4)
        for step in range(60)
    ]
    assert plain(read_events(write(batches))) == plain(batches)


@pytest.mark.parametrize("name", ["study.json", "events.jsonl"])
def test_a_file_nested_too_deeply_is_damaged_and_no_crash(write, events, name):
    folder = write(events)
    (folder / name).write_text("[" * 100_000 + "\n")
    with pytest.raises(StorageError, match="damaged"):
        list(read_events(folder))


def test_predictions_nested_too_deeply_are_missing_and_the_rest_is_read(write, events):
    folder = write(events)
    (folder / "predictions" / "vanilla-seed0-fold0.json").write_text("[" * 100_000)
    assert any("are missing" in event.message for event in read_events(folder) if isinstance(event, Notice))


def test_a_folder_that_was_removed_while_it_is_read_is_said_to_be_gone(write, events):
    folder = write(events)
    follower = EventFollower(folder)
    follower.drain()
    shutil.rmtree(folder)
    with pytest.raises(StorageError, match="is gone"):
        follower.drain()


def test_a_folder_of_an_older_version_is_of_this_one_once_it_is_resumed(write, events):
    folder = write(events)
    header = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**header, "version": 2}))
    RunFolder.open_for_resume(folder).close()
    assert json.loads((folder / "study.json").read_text()) == header
