"""Runs that an earlier version wrote (commit d185b93) open, go on, compare, export and predict as they did.

Only the command line is used. What it must say was stored by that version itself: runs_d185b93/README.md.
"""

import hashlib
import json
import re
import shutil
import time
from importlib.metadata import version
from pathlib import Path

import pytest

OLD = Path(__file__).parent / "runs_d185b93"
EXPECTED = OLD / "expected"
FOLD_ROW = re.compile(r"^(\| [01] \| )(1)( \| 0\.)", re.MULTILINE)
"""Of the reports' table of two seeds: its folds counted from 1, and count from 0 now, as files and options do."""
MANIFEST = json.loads((OLD / "MANIFEST.json").read_text(encoding="utf-8"))
NAMES = MANIFEST["runs"]
SEARCHES = ("search", "search-killed")

CLOSE = {"rel": 1e-3, "abs": 1e-4}
"""How far a number that is computed anew may be from the old one: other processors round otherwise."""

TRAINED_CLOSE = {"rel": 0, "abs": 5e-3}
"""The same for probabilities after a few epochs, in which rounding grows: 0.0024 between two EPYCs at one torch."""

PLACE = "FOLDER"


def expected(name):
    """What the program of that time printed, with what a word of then is called today."""
    return json.loads((EXPECTED / name).read_text(encoding="utf-8").replace("the study's", "the paper's"))


@pytest.fixture(scope="module")
def cache_home(tmp_path_factory, worker_id):
    """A cache folder for all of these tests, so that the demo set is drawn once; several workers share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "old-runs-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def runs(tmp_path, monkeypatch, cache_home):
    """Makes a folder of runs with copies of old ones; the program finds it, and a cache that is not theirs."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "SIMPSONS_TUI_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-hub"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    folder = tmp_path / "runs"
    monkeypatch.setenv("SIMPSONS_TUI_RUNS_DIR", str(folder))

    def make(*names):
        for name in names:
            place = folder / "tuning" if name in SEARCHES else folder
            shutil.copytree(OLD / name / NAMES[name], place / NAMES[name])
        return folder

    yield make
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def say(capfd):
    """Runs the command line; returns its standard output."""
    from tui.cli import main

    def run(*words, status=0):
        capfd.readouterr()
        got = main([str(word) for word in words])
        output = capfd.readouterr()
        assert got == status, output.err
        return output.out

    return run


@pytest.fixture
def demo(say, runs, cache_home):
    """The demo set, for tests that need the images that the old runs saw.

    Skips where another Pillow draws others; with the same Pillow, other images are a fault.
    """
    say("audit", "--json")
    (folder,) = [path for path in (cache_home / "simpsons-tui").glob("demo-v*") if path.is_dir()]
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder)} {content}\n".encode())
    if digest.hexdigest() != MANIFEST["demo_digest"]:
        before, now = MANIFEST["environment"]["libraries"]["pillow"], version("pillow")
        assert now != before, "the demo set is drawn otherwise than it was"
        pytest.skip(f"Pillow {now} draws another demo set than {before} did, and the old runs are of that one")


def assert_holds(got, wanted, where="", *, close=None):
    """Everything that was there is there and the same; what came in since may stand beside it."""
    if isinstance(wanted, dict):
        assert isinstance(got, dict), where
        assert wanted.keys() <= got.keys(), f"{where}: {wanted.keys() - got.keys()} are gone"
        for name, value in wanted.items():
            assert_holds(got[name], value, f"{where}.{name}", close=close)
    elif isinstance(wanted, list):
        assert isinstance(got, list), where
        assert len(got) == len(wanted), where
        for number, (one, other) in enumerate(zip(got, wanted, strict=True)):
            assert_holds(one, other, f"{where}[{number}]", close=close)
    elif isinstance(wanted, float) and close:
        assert got == pytest.approx(wanted, **close), where
    elif where.endswith(".sentence"):  # words may become better
        assert figures(got) == figures(wanted), where
    else:
        assert got == wanted, where


def without_place(data):
    """The same without the folder that a run lies in."""
    for entry in data:
        entry["folder"] = f"{PLACE}/{Path(entry['folder']).name}"
    return data


def result_of(name):
    """A run's JSON object as the old version wrote it, without the folder that it lay in."""
    data = json.loads((OLD / name / NAMES[name] / "result.json").read_bytes())
    del data["folder"]
    return data


def figures(text):
    """All numbers in their order, without sign and zeros at the end, which the forms of a text may change."""
    return [float(number) for number in re.findall(r"\d*\.?\d+", text.replace("95 %", ""))]


def same_figures(got, wanted, runs_dir):
    """Two texts with the same numbers; words and forms may become better, and CSV and JSON hold the signs."""
    wanted = wanted.replace("WORK/elsewhere/runs", str(runs_dir)).replace("WORK/cache", "/tmp/simpsons-old-runs/cache")
    wanted = FOLD_ROW.sub(lambda row: f"{row[1]}{int(row[2]) - 1}{row[3]}", wanted)
    assert figures(got) == figures(wanted)


# ---------------------------------------------------------------- they open


def test_what_was_stored_is_still_what_was_written():
    for name, digest in MANIFEST["files"].items():
        assert hashlib.sha256((OLD / name).read_bytes()).hexdigest()[:16] == digest, name


def test_the_list_has_them_with_their_states(say, runs):
    runs("done", "done-clean", "stopped", "killed")
    assert_holds(without_place(json.loads(say("runs", "list", "--json"))), expected("list.json"))


def test_a_run_shows_what_it_showed(say, runs):
    folder = runs("done", "done-clean")
    text = say("runs", "show", NAMES["done"])
    same_figures(text, (EXPECTED / "done.show.txt").read_text(encoding="utf-8"), folder)
    data = json.loads(say("runs", "show", NAMES["done"], "--json"))
    assert_holds(data, result_of("done"))


def test_unfinished_runs_show_what_there_is(say, runs):
    runs("stopped", "killed")
    data = json.loads(say("runs", "show", NAMES["stopped"], "--json"))
    assert_holds(data, result_of("stopped"))
    assert "vanilla" in say("runs", "show", NAMES["killed"])


# ---------------------------------------------------------------- they go on


@pytest.mark.parametrize("name", ["stopped", "killed"])
def test_it_goes_on_to_the_numbers_that_the_old_version_came_to(say, runs, demo, name):
    folder = runs(name) / NAMES[name]
    assert list((folder / "checkpoints").iterdir())
    data, wanted = json.loads(say("resume", NAMES[name], "--json")), expected(f"{name}.resumed.json")
    same = True
    for job, said in wanted["predictions"].items():
        now = json.loads((folder / "predictions" / f"{job}.json").read_bytes())
        assert_holds(now["probabilities"][::30], said["probabilities"], job, close=TRAINED_CLOSE)
        for predicted, before, probabilities in zip(
            now["predicted"], said["predicted"], now["probabilities"], strict=True
        ):
            if str(predicted) != before:
                same = False
                assert max(probabilities) - probabilities[int(before)] < TRAINED_CLOSE["abs"], "no near tie"
    conclusion, wanted_conclusion = data.pop("conclusion"), wanted["result"].pop("conclusion")
    if same:  # else scores, which count predictions, are others too
        assert_holds(data, wanted["result"], close=CLOSE)
        assert conclusion == wanted_conclusion
    messages = " ".join(message["message"] for message in data["messages"])
    assert "training begins at its start" not in messages  # the checkpoint was taken


# ---------------------------------------------------------------- they compare


def test_they_are_compared(say, runs):
    runs("done", "done-clean")
    done, clean = NAMES["done"], NAMES["done-clean"]
    assert_holds(json.loads(say("leak", clean, "--json")), expected("done-clean.leak.json"))
    assert_holds(json.loads(say("leak", done, clean, "--json")), expected("done.leak-two.json"))
    assert_holds(json.loads(say("claims", done, "--json")), expected("done.claims.json"))
    assert_holds(json.loads(say("claims", done, clean, "--json")), expected("done.claims-two.json"))


# ---------------------------------------------------------------- they are exported


def test_export_as_a_page_with_pictures(say, runs, tmp_path):
    runs("done", "done-clean")
    say("export", NAMES["done"], "--format", "html", "--out", tmp_path / "page.html")
    page, wanted = (tmp_path / "page.html").read_text(encoding="utf-8"), expected("done.html.json")
    found = [
        re.sub(r"<[^>]+>", "", text).strip() for text in re.findall(r"<h[1-4][^>]*>(.*?)</h[1-4]>", page, re.DOTALL)
    ]
    assert found == wanted["headings"]
    assert page.count("data:image/png;base64,") == wanted["pictures"]
    assert page.count("<svg") == wanted["drawings"]


def test_export_as_numbers_and_words(say, runs, tmp_path):
    folder = runs("done", "done-clean")
    name = NAMES["done"]
    say("export", name, "--format", "json", "--out", tmp_path / "run.json")
    assert_holds(json.loads((tmp_path / "run.json").read_bytes()), result_of("done"))
    say("export", name, "--format", "csv", "--out", tmp_path / "tables")
    tables = {path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    for path in sorted((EXPECTED / "done-csv").glob("*.csv")):
        assert tables.pop(path.name).decode() == path.read_bytes().decode(), path.name
    digest = (EXPECTED / "done-csv" / "predictions.sha256").read_text().strip()
    assert hashlib.sha256(tables.pop("predictions.csv")).hexdigest() == digest
    say("export", name, "--format", "md", "--out", tmp_path / "run.md")
    wanted = (EXPECTED / "done.md").read_text(encoding="utf-8")
    report = (tmp_path / "run.md").read_text(encoding="utf-8")
    # The study file came later than these reports.
    before, _, after = report.partition("or with a study file")
    same_figures(before + after[after.index("Predictions, weights") :], wanted, folder)


# ---------------------------------------------------------------- their networks are used


@pytest.mark.parametrize("variant", ["vanilla", "bbox+denoise"])
def test_they_predict_what_they_predicted(say, runs, variant):
    runs("done")
    wanted = expected("done.predict.json")
    for seed in (0, 1):
        words = (f"{NAMES['done']}:{variant}", OLD / "images", "--seed", seed, "--json", "--device", "cpu")
        told = json.loads(json.dumps(wanted[f"{variant}-seed{seed}"]).replace("TARGET", str(OLD)))
        assert_holds(json.loads(say("predict", *words)), told, close=CLOSE)


# ---------------------------------------------------------------- searches


def test_searches_are_listed(say, runs):
    runs(*SEARCHES)
    assert_holds(without_place(json.loads(say("tune", "--list", "--json"))), expected("searches.json"))


@pytest.mark.parametrize(
    ("name", "words", "wanted"),
    [("search-killed", (), "search-killed.resumed.json"), ("search", ("--trials", 4), "search.more.json")],
)
def test_a_search_goes_on(say, runs, demo, name, words, wanted):
    runs(name)
    data, said = json.loads(say("tune", "--resume", NAMES[name], *words, "--json")), expected(wanted)
    for trial, before in zip(data["trials"], said["trials"], strict=True):
        assert (trial["state"], trial["numbers"]) == (before["state"], before["numbers"])
        assert trial["loss"] == pytest.approx(before["loss"], **TRAINED_CLOSE)
    now, then = (
        [[one["accuracy"] for one in trial["epochs"]] for trial in search["trials"]] for search in (data, said)
    )
    if now == then:
        assert_holds(data, said, close=CLOSE)  # else the best of them, by accuracies on 12 images, is another too
