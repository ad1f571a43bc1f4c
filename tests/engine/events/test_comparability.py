from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.events.comparability import why_incomparable
from engine.events.record import StudyRecord
from engine.events.study import ProtocolApplied, StudyStarted, SuperresWeightsChosen
from engine.reports.results import DatasetSummary, ProtocolSummary, SuperresWeightsInfo

DATASET = DatasetSummary("set", "/set", "split", False, ("a", "b"), (5, 5), (1, 1), 2, 0, fingerprint="data")
CLEAN = ProtocolSummary("clean", "so", (8,), (0,), (2,), test_fingerprint="test")


def record(protocol=CLEAN, weights=None, dataset=DATASET):
    started = StudyStarted(
        study="s",
        dataset=dataset,
        variants=("vanilla",),
        protocol=protocol.name if protocol else "official",
        recipe=RECIPES["quick"],
        seed=0,
        program_version="1",
    )
    events = [started]
    if protocol:
        events.append(ProtocolApplied(protocol=protocol))
    if weights:
        events.append(SuperresWeightsChosen(weights=SuperresWeightsInfo("file", "x", weights)))
    return StudyRecord.from_events(events)


def test_the_same_test_images_and_protocol_are_comparable():
    assert why_incomparable(record(), record()) == ""
    assert why_incomparable(record(weights="1"), record(weights="1")) == ""
    assert why_incomparable(record(weights="1"), record()) == "", "only one used super-resolution"


def test_older_runs_are_judged_by_their_data_set():
    assert why_incomparable(record(None), record(None)) == ""
    assert "different images" in why_incomparable(record(None), record(None, dataset=replace(DATASET, fingerprint="x")))
    assert "not known" in why_incomparable(record(None), record(None, dataset=replace(DATASET, fingerprint="")))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (record(replace(CLEAN, name="grouped")), "different protocols: clean and grouped"),
        (record(replace(CLEAN, test_fingerprint="other")), "different images"),
        (record(weights="2"), "different weights"),
        (StudyRecord(), "not begun"),
    ],
)
def test_what_differs_is_named(other, words):
    assert words in why_incomparable(record(weights="1"), other)
    assert why_incomparable(other, record(weights="1"))
