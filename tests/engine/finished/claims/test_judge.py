import json

import pytest

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.events.codec import from_jsonable, to_jsonable
from engine.finished.claims.file import load_claims
from engine.finished.claims.judge import judge_claims
from engine.reports.claims import ClaimsReport

(OTHER_READING,) = (recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))


@pytest.fixture
def official(built, rows):
    return built({"vanilla": rows((40,) * 6)}, leaking=299, study="of").record()


@pytest.fixture
def clean(built, rows):
    return built({"vanilla": rows((30,) * 6)}, protocol="clean", study="cl", weights="shipped").record()


def test_every_claim_has_a_finding_under_either_protocol(official, clean):
    report = judge_claims(official, clean)
    assert (report.official_study, report.clean_study, report.other_images) == ("of", "cl", False)
    assert [claim.key for claim in report.claims] == [claim.key for claim in load_claims().claims]
    by_key = {claim.key: claim for claim in report.claims}
    accuracy = by_key["accuracy-vanilla"]
    assert (accuracy.official.verdict, accuracy.clean.verdict) == ("holds", "does not hold")
    assert all(claim.official.reason and claim.clean.reason and claim.source for claim in report.claims)


def test_a_protocol_that_was_not_run_tells_nothing(official):
    report = judge_claims(official, None)
    assert report.clean_study == ""
    assert {claim.clean.reason for claim in report.claims} == {"not run under the clean protocol"}


def test_neither_protocol():
    report = judge_claims(None, None)
    assert {claim.official.verdict for claim in report.claims} == {"can't be told"}


def test_a_study_in_the_wrong_place_is_refused(official, clean):
    with pytest.raises(InputError, match="study of is of the official protocol"):
        judge_claims(None, official)
    with pytest.raises(InputError, match="study cl is of the clean protocol"):
        judge_claims(clean, None)


def test_nothing_but_the_arithmetic_can_be_told_of_other_images(built, rows):
    report = judge_claims(built({"vanilla": rows((40,) * 6)}, demo=True).record(), None)
    assert report.other_images
    told = {claim.key for claim in report.claims if claim.official.verdict != "can't be told"}
    assert told == {"micro"}
    assert any("demo set" in remark for remark in report.remarks)


def test_what_differs_from_the_study_is_remarked(built, rows):
    part = (820, 470, 490, 520, 440, 240)
    record = built(
        {"vanilla": rows((40,) * 6), "superres": rows((40,) * 6)}, train_counts=part, weights="shipped", leaking=114
    ).record(recipe=OTHER_READING)
    remarks = " ".join(judge_claims(record, None).remarks)
    where = {"logits": "dropout after", "features": "dropout before"}[OTHER_READING.dropout_place]
    for words in ("2,980 of 8,063", where, "one seed (0)", "(shipped)", "114 of 300 test images"):
        assert words in remarks


def test_a_study_without_results_is_no_error(built):
    report = judge_claims(built({}).record(), None)
    assert {claim.official.verdict for claim in report.claims} == {"can't be told"}


def test_the_report_survives_the_trip_to_json(official, clean):
    report = judge_claims(official, clean)
    assert from_jsonable(ClaimsReport, json.loads(json.dumps(to_jsonable(report), allow_nan=False))) == report
