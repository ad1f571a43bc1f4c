import json
from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import InputError, StorageError
from engine.events.codec import event_to_line, to_jsonable
from engine.events.study import (
    DatasetChecked,
    JobFinished,
    ProtocolApplied,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
)
from engine.finished.claims.counterpart import is_of_the_study, judge_study, leak_of_study
from engine.finished.counterpart import find_counterpart
from engine.finished.run import open_run
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Prediction, ProtocolSummary, Seconds, SuperresWeightsInfo
from engine.runs import load_config, load_record
from engine.runs.finding import find_run

CLASSES = ("a", "b")
IMAGES = 40


def dataset(fingerprint="images", classes=CLASSES):
    counts = (100,) * len(classes)
    return DatasetSummary("set", "/set", "split", False, classes, counts, counts, 0, 0, fingerprint=fingerprint)


@pytest.fixture
def add(tmp_path):
    """Writes a run folder and returns its record."""

    def added(name, *, protocol="official", right=30, images="images", weights="", status="done", watched=0, **asked):
        config = StudyConfig(protocol=protocol, variants=asked.pop("variants", ("vanilla",)), **asked)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "study.json").write_text(json.dumps({"version": 1, "study": name, "config": to_jsonable(config)}))
        scores = metrics_of_matrix(((right, IMAGES - right), (IMAGES - right, right)), CLASSES)
        said = [
            Prediction(f"{label}/{n}", label, label if n < right else 1 - label, (0.5, 0.5))
            for label in (0, 1)
            for n in range(IMAGES)
        ]
        data = dataset(images)
        events = [
            StudyStarted(
                study=name,
                dataset=data,
                variants=config.variants,
                protocol=protocol,
                recipe=config.recipe,
                seed=config.seed,
                program_version="1",
                folder=str(folder),
                repeats=config.repeats,
            ),
            DatasetChecked(dataset=data),
            ProtocolApplied(
                protocol=ProtocolSummary(protocol, "", (200 - watched,), (watched,), (80,), test_fingerprint="test")
            ),
        ]
        if weights:
            events.append(SuperresWeightsChosen(weights=SuperresWeightsInfo("file", "w", weights)))
        events += [
            JobFinished(
                result=JobResult(
                    variant,
                    config.seed,
                    0,
                    "done",
                    "",
                    scores,
                    1.0,
                    5,
                    Seconds(),
                    tuple(said),
                )
            )
            for variant in config.variants
        ]
        if status:
            events.append(StudyFinished(status=status))
        (folder / "events.jsonl").write_text("".join(event_to_line(event) + "\n" for event in events))
        return load_record(folder)

    return added


def counterpart(record, tmp_path):
    return open_run(tmp_path / record.started.study, record=record).counterpart


def found(record, tmp_path):
    record = counterpart(record, tmp_path)
    return record.started.study if record else None


# ---------------------------------------------------------------- the counterpart


def test_the_newest_run_under_the_other_protocol(add, tmp_path):
    official = add("20260101")
    add("20260102", protocol="clean")
    newest = add("20260103", protocol="clean")
    assert found(official, tmp_path) == "20260103"
    assert found(newest, tmp_path) == "20260101"


@pytest.mark.parametrize(
    "differs",
    [
        {"protocol": "official"},
        {"protocol": "grouped"},
        {"images": "others"},
        {"images": ""},
        {"recipe": RECIPES["quick"]},
        {"recipe": replace(RECIPES["paper"], epochs=2)},
        {"seed": 1},
        {"repeats": 2},
        {"variants": ("bbox",)},
        {"status": "stopped"},
        {"status": ""},
    ],
)
def test_what_is_no_counterpart(add, tmp_path, differs):
    official = add("20260101")
    add("20260102", **{"protocol": "clean", **differs})
    assert found(official, tmp_path) is None


def test_the_recipe_may_have_had_another_name(add, tmp_path):
    official = add("20260101")
    add("20260102", protocol="clean", recipe=replace(RECIPES["paper"], name="paper-then"))
    assert found(official, tmp_path) == "20260102"


def test_more_variants_are_no_hindrance(add, tmp_path):
    official = add("20260101")
    add("20260102", protocol="clean", variants=("bbox", "vanilla", "superres"), weights="one")
    assert found(official, tmp_path) == "20260102"


@pytest.mark.parametrize(("weights", "name"), [("one", "20260102"), ("other", None)])
def test_the_super_resolution_weights_must_be_the_same(add, tmp_path, weights, name):
    official = add("20260101", variants=("superres",), weights="one")
    add("20260102", protocol="clean", variants=("superres",), weights=weights)
    assert found(official, tmp_path) == name


def test_images_that_are_not_known_have_no_counterpart(add, tmp_path):
    official = add("20260101", images="")
    add("20260102", images="", protocol="clean")
    assert found(official, tmp_path) is None


def test_a_protocol_with_test_images_of_its_own_has_no_counterpart(add, tmp_path):
    add("20260101")
    assert found(add("20260102", protocol="grouped"), tmp_path) is None


def test_damaged_folders_are_passed_over(add, tmp_path):
    official = add("20260101")
    add("20260102", protocol="clean")
    add("20260103", protocol="clean")
    add("20260104", protocol="clean")
    add("20260105", protocol="clean")
    (tmp_path / "20260103" / "events.jsonl").write_text("garbage\nand more\n")
    (tmp_path / "20260104" / "study.json").write_text("{")
    (tmp_path / "20260105" / "study.json").write_text('{"version": 1, "config": {"variants": ["unknown"]}}')
    (tmp_path / "20260106").mkdir()
    (tmp_path / "a file").write_text("")
    assert found(official, tmp_path) == "20260102"


def test_a_folder_of_runs_that_is_not_there_holds_none(add, tmp_path):
    assert find_counterpart(add("20260101"), tmp_path / "nowhere") is None


# ---------------------------------------------------------------- both together


def test_the_claims_take_in_the_counterpart(add, tmp_path):
    official = add("20260101")
    clean = add("20260102", protocol="clean")
    for record in (official, clean):
        report = judge_study(record, counterpart(record, tmp_path))
        assert (report.official_study, report.clean_study) == ("20260101", "20260102")
    assert judge_study(official).clean_study == ""
    assert judge_study(official, clean).clean_study == "20260102"


def test_a_second_run_under_the_same_protocol_is_another_amount_of_data(add, tmp_path):
    official = add("20260101")
    add("20260102", protocol="clean")
    other = add("20260103", images="others")
    report = judge_study(official, counterpart(official, tmp_path), other)
    assert judge_study(official, None, other).clean_study == ""
    assert (report.official_study, report.clean_study) == ("20260101", "20260102")


def test_the_leak_from_either_side(add, tmp_path):
    official, clean = add("20260101", right=36), add("20260102", protocol="clean", right=20)
    for record in (official, clean):
        report = leak_of_study(record, counterpart(record, tmp_path))
        assert (report.official_study, report.rows[0].accuracy_gap.value) == ("20260101", pytest.approx(0.4))
    assert leak_of_study(official, clean).clean_study == "20260102"


def test_without_a_counterpart_there_is_no_leak_to_show(add, tmp_path):
    record = add("20260101")
    assert leak_of_study(record, counterpart(record, tmp_path)) is None


def test_other_protocols_are_refused(add, tmp_path):
    record = add("20260101", protocol="grouped")
    for work in (judge_study, leak_of_study):
        with pytest.raises(InputError, match="grouped protocol"):
            work(record, None)


def test_whose_images_they_are(add):
    record = add("20260101")
    assert not is_of_the_study(record)
    six = ("homer_simpson", "lisa_simpson", "bart_simpson", "marge_simpson", "krusty_the_clown")
    record.dataset = dataset(classes=(*six, "apu_nahasapeemapetilon"))
    assert is_of_the_study(record)
    record.dataset = replace(record.dataset, is_demo=True)
    assert not is_of_the_study(record)


# ---------------------------------------------------------------- folders


def test_a_run_by_path_name_beginning_or_age(add, tmp_path):
    add("20260101-aa")
    add("20260102-bb")
    newest = tmp_path / "20260102-bb"
    assert find_run("", tmp_path) == newest
    for name in ("20260102-bb", "20260102", str(newest)):
        assert find_run(name, tmp_path) == newest


def test_a_run_that_is_not_one(add, tmp_path):
    with pytest.raises(InputError, match=r"no run in .* yet"):
        find_run("", tmp_path / "nowhere")
    for number in range(7):
        add(f"2026010{number}")
    with pytest.raises(InputError, match=r"fits 7 runs: 20260106.* and 2 more"):
        find_run("2026", tmp_path)
    with pytest.raises(InputError, match="no run 'x'"):
        find_run("x", tmp_path)


def test_the_configuration_comes_back_with_the_folder_that_it_lies_in_now(add, tmp_path):
    add("20260101", seed=7, sample=20)
    config = load_config(tmp_path / "20260101")
    assert (config.seed, config.sample, config.runs_dir) == (7, 20, tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "damaged"),
        ("[]", "not the description of a study"),
        ('{"version": 99, "config": {}}', "newer version"),
        ('{"version": 1, "config": {"seed": "x"}}', "cannot use"),
    ],
)
def test_a_configuration_that_cannot_be_read(tmp_path, content, words):
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(StorageError, match=words):
        load_config(tmp_path)
    with pytest.raises(StorageError, match="no run folder"):
        load_config(tmp_path / "nowhere")


def test_another_share_of_validation_images_is_another_study(add, tmp_path):
    official = add("20260101-000000-aaa")
    add("20260102-000000-bbb", protocol="clean", watched=40)
    assert find_counterpart(official, tmp_path) is None
    add("20260103-000000-ccc", protocol="clean", watched=2)  # as far as groups can differ
    assert find_counterpart(official, tmp_path).started.study == "20260103-000000-ccc"
