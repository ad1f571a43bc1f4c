import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import tests.old_runs
from engine.events.record import StudyRecord
from engine.events.study import StudyFinished
from engine.events.study_json import study_to_json
from tests.engine.events.test_codec import EVERY_EVENT
from tests.study_schema import SCHEMA, assert_valid

(OLD,) = tests.old_runs.__path__
RESULTS = sorted(Path(OLD).rglob("result.json"))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.parent.parent.name)
def test_results_of_done_and_stopped_studies_keep_to_it(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    assert_valid(data)


def test_the_old_results_have_statistics_and_effects():
    read = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS]
    assert {data["status"] for data in read} == {"done", "stopped"}
    assert any(data["effects"] and data["comparisons"] and data["calibration"] for data in read)


@pytest.mark.parametrize("count", range(1, len(EVERY_EVENT) + 1))
def test_a_study_keeps_to_it_after_every_event(count):
    assert_valid(study_to_json(StudyRecord.from_events(EVERY_EVENT[:count])))


def test_a_failed_study_keeps_to_it():
    failed = StudyFinished(status="failed", reason="failed: bbox", conclusion=("so",))
    assert_valid(study_to_json(StudyRecord.from_events([*EVERY_EVENT[:2], failed])))
