"""A stream of events that is cut anywhere gives what was written whole before the cut, and the rest later."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StorageError
from engine.events.codec import event_from_line, event_to_line
from engine.events.record import StudyRecord
from engine.runs.reader import EventFollower, load_record, read_events
from tests.engine.events.test_codec import EVERY_EVENT

LINES = [event_to_line(event).encode() + b"\n" for event in EVERY_EVENT]
STREAM = b"".join(LINES)
ENDS = [sum(map(len, LINES[:count])) for count in range(len(LINES) + 1)]


def words(events):
    """Events in a form that can be compared although some hold NaN; where the run lies is not told."""
    found = [json.loads(event_to_line(event)) for event in events]
    return [{name: value for name, value in event.items() if name != "folder"} for event in found]


WHOLE = words(map(event_from_line, LINES))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "20260101-000000-abcdef"
    run.mkdir()
    (run / "study.json").write_text(json.dumps({"version": 1, "study": run.name, "config": {}}))
    return run


@given(cut=st.integers(0, len(STREAM)))
def test_a_cut_stream_holds_its_whole_lines(folder, cut):
    (folder / "events.jsonl").write_bytes(STREAM[:cut])
    kept = max(count for count, end in enumerate(ENDS) if end <= cut)
    assert words(read_events(folder)) == WHOLE[:kept]
    assert load_record(folder).notices == StudyRecord.from_events(map(event_from_line, LINES[:kept])).notices


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=6), most=st.none() | st.integers(1, 4000))
def test_a_growing_stream_gives_every_event_once(folder, cuts, most):
    path = folder / "events.jsonl"
    path.write_bytes(b"")
    follower, seen = EventFollower(folder), []
    for cut in [*sorted(cuts), len(STREAM)]:
        path.write_bytes(STREAM[:cut])
        seen += follower.drain(most)
    while news := follower.drain(most):
        seen += news
    assert words(seen) == WHOLE


@given(place=st.integers(0, len(STREAM) - 1), byte=st.integers(0, 255))
def test_a_damaged_byte_is_an_error_of_ours_or_an_event(folder, place, byte):
    (folder / "events.jsonl").write_bytes(STREAM[:place] + bytes([byte]) + STREAM[place + 1 :])
    problem = ""
    try:
        load_record(folder)
    except StorageError as error:
        problem = str(error)
    assert not problem or str(folder) in problem
