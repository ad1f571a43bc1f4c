import threading
from dataclasses import replace

import pytest

from engine.errors import DatasetError
from tui.session.work import EventBuffer, LocalStudy


def finish(study):
    study.start()
    events = []
    for thread in threading.enumerate():
        if thread.name == "engine":
            thread.join(30)
    assert not study.running
    events += study.drain()
    return events


def test_events_come_in_order_from_a_thread_that_never_holds_the_program(kit):
    engine = kit.FakeEngine()
    study = LocalStudy(engine, kit.CONFIG)
    assert study._thread.daemon
    assert finish(study) == list(kit.study_events(kit.CONFIG.variants))
    assert study.failure is None
    assert study.drain() == []


def test_many_threads_lose_nothing(kit):
    buffer = EventBuffer()
    event = next(kit.study_events(("vanilla",)))
    threads = [threading.Thread(target=lambda: [buffer.put(event) for _ in range(500)]) for _ in range(4)]
    taken = 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += len(buffer.drain())
    assert taken + len(buffer.drain()) == 2000


def test_wrong_input_is_one_expected_line(kit):
    study = LocalStudy(kit.FakeEngine(run_error=DatasetError("pics: no images")), kit.CONFIG)
    finish(study)
    assert study.failure.expected
    assert study.failure.message == "pics: no images"


@pytest.mark.parametrize("writable", [True, False])
def test_a_mistake_of_ours_is_written_down(kit, tmp_path, writable):
    runs = tmp_path / "runs"
    if not writable:
        runs.write_text("a file in the way")
    study = LocalStudy(kit.FakeEngine(run_error=ZeroDivisionError("oh")), replace(kit.CONFIG, runs_dir=runs))
    finish(study)
    assert not study.failure.expected
    assert study.failure.message == "ZeroDivisionError: oh"
    assert "Traceback" in study.failure.details
    if writable:
        assert study.failure.report.read_text() == study.failure.details
    else:
        assert study.failure.report is None
