"""How long an engine's refusals are borne, and what is said of them."""

import pytest

from engine.errors import ExecutionError
from engine.executing.executor import Request, State
from engine.study import refusals
from engine.study.refusals import PatientEngine

FULL, AWAY, NEVER = ExecutionError("full"), ExecutionError("away"), ExecutionError("no such partition", permanent=True)
HOUR = 3600.0


class Engine:
    """Says what it is told to; an error is raised."""

    answer: object = "17"

    def start(self, request):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def ask(self, ids):
        return {one: self.start(one) for one in ids}


class Work:
    """A process that lives, as far as one sees."""

    process, stale = "17", False

    def is_stale(self):
        return self.stale


@pytest.fixture
def clock(monkeypatch):
    """Moves on when told to."""
    now = [0.0]
    monkeypatch.setattr(refusals.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def told():
    return []


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def patient(engine, clock, told):
    return PatientEngine(engine, lambda *words: told.append(words))


def request(tmp_path):
    return Request("job", ("true",), tmp_path, tmp_path / "output.log")


def test_a_full_engine_is_asked_ever_more_seldom_and_at_once_when_a_job_of_ours_has_ended(
    patient, engine, clock, told, tmp_path
):
    engine.answer, waits = FULL, []
    for _ in range(6):
        assert patient.start(request(tmp_path), 3) is None
        began = clock[0]
        while not patient.may_start(3):
            clock[0] += 1
        waits.append(clock[0] - began)
    assert waits == [5, 10, 20, 40, 60, 60]
    patient.start(request(tmp_path), 3)
    assert not patient.may_start(3)
    patient.has_room()
    assert patient.may_start(3)
    engine.answer = "18"
    assert patient.start(request(tmp_path), 2) == "18"
    assert told == [("full", 0.0), ("", sum(waits))]


def test_it_is_said_again_every_hour(patient, engine, clock, told, tmp_path):
    engine.answer = FULL
    for _ in range(5):
        patient.start(request(tmp_path), 1)
        clock[0] += HOUR / 2
    assert told == [("full", 0.0), ("full", HOUR), ("full", 2 * HOUR)]


def test_where_nothing_of_ours_is_there_a_day_is_enough(patient, engine, clock, tmp_path):
    engine.answer = FULL
    patient.start(request(tmp_path), 0)
    clock[0] = 25 * HOUR
    assert patient.start(request(tmp_path), 1) is None, "our own job may be what fills it"
    with pytest.raises(ExecutionError, match=r"^full; asked again for 25 hours: resume the study later$"):
        patient.start(request(tmp_path), 0)


def test_an_engine_that_says_nothing_is_borne_while_its_processes_live(patient, engine, clock, told):
    work = Work()
    assert patient.ask([]) == {}
    engine.answer = AWAY
    assert patient.ask([work]) == {}
    clock[0] = 25 * HOUR
    assert patient.ask([work]) == {}
    engine.answer = State("running")
    assert patient.ask([work]) == {"17": State("running")}
    assert told == [("away", 0.0), ("away", 25 * HOUR), ("", 25 * HOUR)]
    engine.answer = AWAY
    patient.ask([work])
    clock[0], work.stale = 50 * HOUR, True
    with pytest.raises(ExecutionError, match=r"^away; asked again for 25 hours"):
        patient.ask([work])


def test_an_answer_does_not_mean_that_there_is_room(patient, engine, told, tmp_path):
    engine.answer = FULL
    patient.start(request(tmp_path), 1)
    engine.answer = State("running")
    patient.ask([Work()])
    assert told == [("full", 0.0)]


def test_a_refusal_for_good_is_raised_once_the_others_have_ended(patient, engine, told, tmp_path):
    engine.answer = NEVER
    assert patient.start(request(tmp_path), 1) is None
    assert told == [("no such partition; no more jobs are started", 0.0)]
    assert not patient.may_start(1)
    with pytest.raises(ExecutionError, match=r"^no such partition$"):
        patient.may_start(0)


def test_where_nothing_can_change_a_refusal_is_for_good(patient, engine, told, tmp_path):
    engine.answer = FULL
    assert patient.start(request(tmp_path), 0, again=False) is None
    with pytest.raises(ExecutionError, match=r"^full$"):
        patient.may_start(0)
    assert told == []
