"""The commands `claims` and `leak` in this process, on run folders that are written by hand."""

import json
from dataclasses import replace

import pytest

from engine.config.recipes import PAPER_DROPOUT, RECIPES
from engine.config.study import StudyConfig
from engine.dataset.values import STUDY_CLASSES
from engine.events.codec import event_to_line, to_jsonable
from engine.events.study import JobFinished, ProtocolApplied, StudyFinished, StudyStarted
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Prediction, ProtocolSummary, Seconds

IMAGES = 50
VARIANTS = ("vanilla", "bbox", "denoise", "superres")
FULL = (2246, 1291, 1342, 1354, 1206, 623)


def events(name, protocol, right, train):
    dataset = DatasetSummary(
        "set", "/set", "kaggle", False, STUDY_CLASSES, train, (IMAGES,) * 6, 0, 0, fingerprint=f"images-{sum(train)}"
    )
    yield StudyStarted(
        study=name,
        dataset=dataset,
        variants=VARIANTS,
        protocol=protocol,
        recipe=RECIPES["paper"],
        seed=0,
        program_version="1",
    )
    yield ProtocolApplied(protocol=ProtocolSummary(protocol, "", (sum(train),), (0,), (300,), test_fingerprint="test"))
    matrix = [[right if said == label else 0 for said in range(6)] for label in range(6)]
    for label, row in enumerate(matrix):
        row[(label + 1) % 6] = IMAGES - right
    for variant in VARIANTS:
        said = tuple(
            Prediction(f"{label}/{number}", label, label if number < right else (label + 1) % 6, (1 / 6,) * 6)
            for label in range(6)
            for number in range(IMAGES)
        )
        scores = metrics_of_matrix(matrix, STUDY_CLASSES)
        yield JobFinished(result=JobResult(variant, 0, 0, "done", "", scores, 1.0, 5, Seconds(1, 1, 1), said))
    yield StudyFinished(status="done")


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch):
    monkeypatch.setattr("engine.finished.claims.evidence.DRAWS", 100)


@pytest.fixture
def add(tmp_path):
    """Writes a run folder into the runs folder of `command`."""

    def added(name, protocol="official", right=40, train=FULL):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        config = StudyConfig(protocol=protocol)
        (folder / "study.json").write_text(json.dumps({"version": 1, "study": name, "config": to_jsonable(config)}))
        lines = "".join(event_to_line(event) + "\n" for event in events(name, protocol, right, train))
        (folder / "events.jsonl").write_text(lines)
        return folder

    return added


def test_the_claims_of_the_newest_run_and_of_its_counterpart(command, add):
    add("20260101")
    add("20260102", "clean", right=30)
    status, out, err = command("claims")
    assert (status, err) == (0, "")
    assert "(20260101)" in out
    assert "(20260102)" in out
    for words in ("vanilla is right about 0.80 of the time", "✓ holds", "✗ does not hold", "? can't be told"):
        assert words in out
    assert "\x1b" not in out


def test_the_claims_as_json(command, add):
    add("20260101-a")
    status, out, _ = command("claims", "20260101", "--json")
    data = json.loads(out)
    assert (status, data["official_study"], data["clean_study"]) == (0, "20260101-a", "")
    accuracy = next(claim for claim in data["claims"] if claim["key"] == "accuracy-vanilla")
    assert accuracy["official"] == {
        "figure": "0.800 [0.751 0.841]",
        "verdict": "holds",
        "reason": "0.80 lies in [0.751 0.841]",
    }


def test_a_second_run_on_less_data(command, add):
    add("20260101")
    part = add("20260102", right=20, train=(820, 470, 490, 520, 440, 240))
    data = json.loads(command("claims", "20260101", part, "--json")[1])
    less = next(claim for claim in data["claims"] if claim["key"] == "less-data")
    assert (less["official"]["verdict"], less["official"]["figure"][:28]) == ("holds", "8,062 against 2,980 images: ")


def test_the_claims_of_another_paper(command, add, tmp_path):
    add("20260101", right=46)
    file = tmp_path / "my.toml"
    file.write_text(
        """variants = ["vanilla"]
        [[claim]]
        key = "high"
        topic = "Scores"
        statement = "even vanilla is above 0.85"
        source = "Abstract"
        compare = "above"
        variant = "vanilla"
        metric = "accuracy"
        number = 0.85
        """
    )
    status, out, err = command("claims", "20260101", "--file", file)
    assert (status, err) == (0, "")
    assert "even vanilla is above 0.85  Abstract" in out
    assert "✓ holds" in out
    (only,) = json.loads(command("claims", "--file", file, "--json")[1])["claims"]
    assert only["official"]["reason"] == "all of [0.884 0.946] lies above 0.85"
    file.write_text(file.read_text().replace("metric", "metrik"))
    status, out, err = command("claims", "--file", file)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"{file}: claim high: unknown key 'metrik'; did you mean 'metric'?" in err


def test_the_printed_file_is_a_template_that_says_the_same(command, add, tmp_path):
    status, out, err = command("claims", "--print-file")
    assert (status, err) == (0, "")
    file = tmp_path / "my.toml"
    file.write_text(out)
    add("20260101")
    assert command("claims", "--file", file)[1] == command("claims")[1]


def test_the_leak_of_a_run_and_of_two(command, add):
    one, other = add("20260101"), add("20260102", "clean", right=30)
    for arguments in ((), ("20260101",), (one, other)):
        status, out, err = command("leak", *arguments)
        assert (status, err) == (0, "")
        assert "+0.200" in out
        assert "the copies were worth" in out
    data = json.loads(command("leak", "--json")[1])
    assert data["rows"][0]["accuracy_gap"]["value"] == pytest.approx(0.2)


def test_the_leak_without_a_counterpart_says_what_to_do(command, add):
    add("20260101")
    status, out, err = command("leak")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "no finished clean run of study 20260101" in err
    assert "--protocol clean" in err


@pytest.mark.parametrize("name", ["claims", "leak"])
def test_what_cannot_be_used_is_one_line(command, add, name):
    status, out, err = command(name)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "no run in" in err
    add("20260101", "grouped")
    status, _, err = command(name)
    assert (status, "grouped protocol" in err) == (2, True)
    assert command(name, "nothing")[0] == 2


@pytest.mark.parametrize("protocol", ["official", "clean"])
def test_a_run_without_a_screen_ends_with_the_claims(command, monkeypatch, protocol):
    from engine.events.record import StudyRecord

    def run_study(config, emit, control=None):
        for event in events("20260101", protocol, 40, FULL):
            emit(event)
        return StudyRecord()

    monkeypatch.setattr("engine.run_study", run_study)
    status, out, _ = command("run")
    assert status == 0
    assert out.index("The paper's claims") < out.index("vanilla is right about 0.80 of the time")


@pytest.mark.parametrize("change", [{"is_demo": True}, {"classes": tuple("abcdef")}])
def test_a_run_on_other_images_has_no_claims(command, monkeypatch, change):
    def run_study(config, emit, control=None):
        for event in events("20260101", "official", 40, FULL):
            if isinstance(event, StudyStarted):
                event = replace(event, dataset=replace(event.dataset, **change))  # noqa: PLW2901
            emit(event)

    monkeypatch.setattr("engine.run_study", run_study)
    assert "The paper's claims" not in command("run")[1]


def test_readings_are_held_against_the_numbers_of_all_runs(command, add):
    add("20260101")
    status, out, err = command("reconstruct")
    assert (status, err) == (0, "")
    assert "run 20260101, 1 seed" in out
    assert "0.800 [0.751 0.841]" in out
    assert "not run yet" in out
    assert max(map(len, out.splitlines())) <= 120


def test_readings_as_json(command, add):
    add("20260101")
    data = json.loads(command("reconstruct", "--json")[1])
    (tried,) = (reading for reading in data["readings"] if reading["study"])
    assert (tried["key"], tried["seeds"]) == (f"dropout-{PAPER_DROPOUT}", [0])
    assert len(tried["numbers"]) == len(data["numbers"])


def test_starting_without_data_is_refused(command):
    status, out, err = command("reconstruct", "--start")
    assert (status, out) == (2, "")
    assert "name the paper's images with --data" in err
