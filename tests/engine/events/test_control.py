import threading

import pytest

from engine.errors import StudyStopped
from engine.events.control import StudyControl


def test_a_checkpoint_lets_work_go_on():
    control = StudyControl()
    control.checkpoint()
    assert not control.paused
    assert not control.stop_requested


def test_a_stop_ends_the_work_also_when_paused():
    control = StudyControl()
    control.pause()
    control.stop()
    assert not control.paused
    with pytest.raises(StudyStopped):
        control.checkpoint()


def test_a_pause_holds_every_thread_and_is_told_once():
    control, told, arrived = StudyControl(), [], threading.Barrier(4)
    waiting = threading.Event()
    control.listen(lambda: (told.append("pause"), waiting.set()), lambda: told.append("resume"))
    control.pause()
    passed = []

    def work():
        arrived.wait()
        control.checkpoint()
        passed.append(True)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    arrived.wait()
    assert waiting.wait(10)
    assert not passed
    control.unpause()
    for thread in threads:
        thread.join(10)
    assert len(passed) == 3
    assert told == ["pause", "resume"]
    assert control.paused_seconds > 0


def test_a_pause_after_a_stop_holds_nothing():
    control = StudyControl()
    control.pause()
    control.listen(lambda: (control.stop(), control.pause()), lambda: None)
    ended = threading.Event()

    def work():
        with pytest.raises(StudyStopped):
            control.checkpoint()
        ended.set()

    threading.Thread(target=work, daemon=True).start()
    assert ended.wait(10)


def test_a_stop_while_waiting_ends_the_wait():
    control, waiting, ended = StudyControl(), threading.Event(), []
    control.listen(waiting.set, lambda: None)
    control.pause()

    def work():
        try:
            control.checkpoint()
        except StudyStopped:
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    assert waiting.wait(10)
    control.stop()
    thread.join(10)
    assert ended == [True]
