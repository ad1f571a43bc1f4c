"""Studies with steps of the user's own: what such a step may do wrong, and what a run is without it."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine.config.model import ModelRequest
from engine.config.own_steps import OwnStep
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.events.control import StudyControl
from engine.events.study import StageProgress, StageStarted
from engine.events.study_json import study_to_json
from engine.finished.dossier import gather
from engine.finished.explain.ablation import measure_explanation
from engine.finished.explain.resolution import measure_resolution
from engine.finished.predicting.predict import predict_images
from engine.finished.run import FinishedRun
from engine.runs import load_config, load_record
from engine.runs.listing import list_runs
from engine.steps.registry import find_step, temporarily
from engine.study.estimate import estimate
from engine.study.running import resume_study, run_study
from engine.system import own_code
from engine.system.own_step_code import name_steps
from tests.study_schema import assert_valid

HEAD = "import random, sys, threading, time\nimport numpy as np\nfrom engine.steps import Parameter, step\n"
DECLARED = HEAD + '@step("seen", Parameter("level", 3, 0, 9, "how much"))\ndef mine(pixels, *, level):\n'
GOOD = DECLARED + "    return 255 - pixels\n"

WAIT = 60


@pytest.fixture(autouse=True)
def nothing_named_before():
    """No test sees what another one named."""
    with temporarily():
        yield


@pytest.fixture
def own(tmp_path):
    """Writes a file of steps and names it; gives its path."""

    def write(source, name="my_steps.py"):
        path = tmp_path / name
        path.write_text(source, encoding="utf-8")
        name_steps(str(path))
        return path

    return write


@pytest.fixture
def short(config):
    return replace(config, recipe=replace(config.recipe, epochs=1), variants=("vanilla",))


def study_of(short, *variants):
    return StudyConfig(**{**vars(short), "variants": variants})


BAD_CALLS = {
    "raises on one image": (
        "    if pixels[0, 0, 0] % 2:\n        raise KeyError('no such level')\n    return pixels\n",
        "failed (my_steps.py, line 7): KeyError: 'no such level'",
    ),
    "another shape": ("    return pixels[1:]\n", "returned pixels of shape (15, 20, 3) for (16, 20, 3)"),
    "grey": ("    return pixels[..., 0]\n", "returned pixels of shape (16, 20) for (16, 20, 3)"),
    "floating point": ("    return pixels / 2\n", "returned float64 values, not uint8: end with .round()"),
    "NaN": ("    return pixels / 2 * np.nan\n", "returned float64 values, some of them NaN or infinite, not uint8"),
    "NaN that would become 0": (
        "    return (pixels * np.nan).clip(0, 255).astype(np.uint8)\n",
        "failed (my_steps.py, line 6): FloatingPointError: invalid value encountered in cast; NaN comes of it",
    ),
    "nothing by nothing": (
        "    return (np.zeros(pixels.shape) / 0).astype(np.uint8)\n",
        "failed (my_steps.py, line 6): FloatingPointError: invalid value encountered in divide",
    ),
    "nothing": ("    pixels.mean()\n", "returned a NoneType, not an array"),
    "a list": ("    return pixels.tolist()\n", "returned a list, not an array"),
    "writes to its input": ("    pixels[:] = 0\n    return pixels\n", "changed its input: work on a copy"),
    "random": (
        "    return pixels + np.random.randint(0, 2, pixels.shape).astype(np.uint8)\n",
        "gave other pixels when it was called again",
    ),
    "remembers": (
        "    mine.calls = getattr(mine, 'calls', 0) + 1\n    return np.full_like(pixels, mine.calls)\n",
        "failed (my_steps.py, line 6): FrozenInstanceError",
    ),
    "remembers in a list": (
        "    CALLS.append(1)\n    return np.full_like(pixels, len(CALLS) % 7)\nCALLS = []\n",
        "gave other pixels when it was called again",
    ),
    "ends the program": ("    sys.exit('enough')\n", "failed (my_steps.py, line 6): SystemExit: enough"),
    "calls itself for ever": ("    return mine.function(pixels, level=level)\n", "RecursionError: maximum recursion"),
    "not enough memory": ("    raise MemoryError\n", "failed (my_steps.py, line 6): MemoryError"),
    "a library that is not there": ("    import no_such_library\n", "ModuleNotFoundError: No module named"),
}


@pytest.mark.parametrize(("body", "words"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_step_ends_its_variant_alone_and_is_named_with_image_and_parameters(own, short, body, words):
    own(DECLARED + body)
    events = []
    record = run_study(study_of(short, "mine(level=4)", "vanilla", "superres+mine"), events.append)
    assert [record.result(name).status for name in record.started.variants] == ["failed", "done", "failed"]
    for name, call in (("mine(level=4)", "mine(level=4)"), ("superres+mine", "mine(level=3)")):
        reason = record.result(name).reason
        assert "\n" not in reason
        assert ".png: " in reason
        assert f"the step {call} {words}" in reason or (words in reason and call in reason)
    assert_valid(json.loads(json.dumps(study_to_json(record), allow_nan=False)))


GOOD_CALLS = {
    "returns a view": "    return pixels[:, ::-1]\n",
    "returns its input": "    return pixels\n",
    "means its NaN": (
        "    with np.errstate(invalid='ignore'):\n        x = (pixels - pixels.min()) / (pixels - pixels.min())\n"
        "    return np.nan_to_num(x * 255).astype(np.uint8)\n"
    ),
    "returns one buffer": "    BUFFER[:] = 255 - pixels\n    return BUFFER\nBUFFER = np.zeros((16, 20, 3), np.uint8)\n",
    "is not safe in threads": (
        "    assert not BUSY.locked() and THREADS[0] in (None, threading.get_ident())\n"
        "    THREADS[0] = threading.get_ident()\n    with BUSY:\n        time.sleep(0)\n        return 255 - pixels\n"
        "BUSY, THREADS = threading.Lock(), [None]\n"
    ),
}


@pytest.mark.parametrize("body", GOOD_CALLS.values(), ids=GOOD_CALLS)
def test_what_a_step_may_do(own, short, body):
    path = own(DECLARED + body)
    config = replace(study_of(short, "mine", "vanilla"), threads=2)
    record = run_study(config)
    assert record.result("mine").status == "done", record.result("mine").reason
    run = FinishedRun(config.runs_dir / record.started.study)
    images = [run.gallery.checked(image.path) for image in run.gallery.images[:3]]
    function = find_step("mine").function
    with run.pixels("mine", images) as mine, run.pixels("vanilla", images) as plain:
        for kept, pixels in zip(mine.gather(np.arange(3)), plain.gather(np.arange(3)), strict=True):
            if "THREADS" not in path.read_text(encoding="utf-8"):
                assert (kept == function(pixels, level=3)).all()


def test_nothing_of_a_step_that_does_not_repeat_itself_is_kept(own, short, monkeypatch):
    monkeypatch.setattr("engine.system.own_step_code.CHECK_EACH", 30)
    monkeypatch.setattr("engine.preprocess.results.WRITE_BYTES", 1)
    own(DECLARED + "    CALLS.append(1)\n    return pixels // (2 if len(CALLS) < 20 else len(CALLS))\nCALLS = []\n")
    config = study_of(short, "vanilla", "mine")
    record = run_study(config)
    assert "gave other pixels" in record.result("mine").reason
    again = []
    resume_study(config.runs_dir / record.started.study, again.append)
    begun = [one for one in again if isinstance(one, StageStarted) and one.stage == "preprocess"]
    assert [one.cached for one in begun if one.variant == "mine"] == [0, 0]


def test_what_a_step_prints_goes_to_the_log_and_is_bounded(own, short, capfd):
    own("print('loaded')\n" + DECLARED + "    print('seen', pixels.shape)\n    return pixels\n")
    record = run_study(study_of(short, "mine"))
    assert record.result("mine").status == "done"
    told = [notice.message for notice in record.notices if "printed" in notice.message]
    assert any("seen (16, 20, 3)" in line for line in told)
    assert len(told) <= 22
    assert capfd.readouterr().out == ""


def test_a_stop_is_obeyed_where_a_step_does_not_return(own, short, monkeypatch):
    monkeypatch.setattr(own_code, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(own_code, "POLL_SECONDS", 0.01)
    release = threading.Event()
    own(DECLARED + "    CALLED.set()\n    RELEASE.wait()\n    return pixels\nCALLED = RELEASE = None\n")
    function, control = find_step("mine").function, StudyControl()
    called = threading.Event()
    function.__globals__.update(CALLED=called, RELEASE=release)
    threading.Thread(target=lambda: (called.wait(), control.stop())).start()
    try:
        record = run_study(study_of(short, "vanilla", "mine"), control=control)
        left = [thread for thread in threading.enumerate() if thread.name == "own code"]
    finally:
        release.set()
    assert (record.result("vanilla").status, record.result("mine").status) == ("done", "stopped")
    assert own_code.call(lambda: 3) == 3
    for thread in left:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in left)


def test_a_slow_step_is_timed_for_the_estimate_and_shows_its_progress(own, short, monkeypatch):
    fast = own(GOOD)
    slow = own(GOOD.replace("mine", "slow").replace("    return", "    time.sleep(0.02)\n    return"), "slow.py")
    assert fast != slow
    summary = run_study(short).dataset
    known, timed = (estimate(study_of(short, name), summary).seconds for name in ("mine", "slow"))
    assert timed > known
    monkeypatch.setattr("engine.preprocess.pipeline.PROGRESS_SECONDS", 0)
    events = []
    run_study(study_of(short, "slow"), events.append)
    done = [one.done for one in events if isinstance(one, StageProgress) and one.variant == "slow"]
    assert len(done) > 10


def test_a_run_says_name_parameters_and_source_of_its_steps(own, short):
    path = own(GOOD)
    config = study_of(short, "mine(level=4)+denoise", "vanilla")
    record = run_study(config)
    (stored,) = record.started.steps
    spec = find_step("mine")
    assert stored == OwnStep("mine", str(path), spec.source, (("level", "3"),), "seen")
    assert load_config(config.runs_dir / record.started.study).steps == (stored,) == config.steps
    assert any(str(path) in notice.message for notice in record.notices)
    assert study_to_json(record)["own_steps"][0]["sha256"] == spec.source


@pytest.fixture
def stopped(own, short):
    """The folder of a run with a step of the user's own, stopped before its last variant."""
    path, control = own(GOOD), StudyControl()
    config = study_of(short, "vanilla", "mine", "mine+denoise")

    def stop(event):
        if isinstance(event, StageStarted) and (event.stage, event.variant) == ("train", "mine+denoise"):
            control.stop()

    run_study(config, stop, control)
    (folder,) = config.runs_dir.iterdir()
    return folder, path, config


def asks_for(folder, config, variant):
    """Each thing that needs a variant's pixels."""
    request = ModelRequest(folder, variant, device="cpu", cache_dir=config.cache_dir)
    run = FinishedRun(folder)
    path = run.gallery.images[0].path
    return {
        "predict": lambda: predict_images(request, [config.data / "test"], lambda _: None),
        "pixels": lambda: run.pixels(variant, []),
        "picture": lambda: list(run.gallery.through(path, [variant])),
        "explain": lambda: measure_explanation(run),
        "resolution": lambda: measure_resolution(run, variants=[variant]),
        "network": lambda: run.network(run.key(variant, None, 0)),
    }


CHANGES = {"not named": "add --steps ", "changed": "it has changed since"}


@pytest.mark.parametrize("change", CHANGES)
def test_without_the_same_source_a_run_is_not_resumed_and_nothing_is_made_of_images(stopped, own, change):
    folder, path, config = stopped
    with temporarily(alone=True):
        if change == "changed":
            own(GOOD.replace("255", "254"))
        asked = {"resume": lambda: resume_study(folder), **asks_for(folder, config, "mine")}
        for name, ask in asked.items():
            with pytest.raises(InputError) as refused:
                ask()
            words = str(refused.value)
            assert (CHANGES[change] in words, str(path) in words, "\n" in words) == (True, True, False), name
        asks_for(folder, config, "vanilla")["predict"]()
    asks_for(folder, config, "mine(level=3)")["predict"]()  # its default, written out
    record = resume_study(folder)
    assert {result.status for result in record.results.values()} == {"done"}


@pytest.mark.parametrize("change", CHANGES)
def test_without_the_source_a_run_is_looked_at_all_the_same(stopped, own, change):
    folder, _, config = stopped
    with temporarily(alone=True):
        if change == "changed":
            own(GOOD.replace('"level", 3, 0', '"grade", 3, 0').replace("level", "grade"))
        assert load_config(folder).variants == ("vanilla", "mine", "mine+denoise")
        assert [run.folder for run in list_runs(config.runs_dir)] == [folder]
        assert load_record(folder).result("mine").status == "done"
        gathered = gather(FinishedRun(folder), pictures=True)
        assert gathered.config.steps[0].name == "mine"
        captions = {figure.title: figure.caption for figure in gathered.figures}
        assert "Without mine: made with steps of your own" in captions["What each variant sees"]
        assert "mine: " in captions["The surest mistakes"], "which wants no step"
        assert [title for title in captions if title.startswith("Feature maps")] == ["Feature maps: vanilla"]
        gallery = FinishedRun(folder).gallery
        pictures = gallery.through(gallery.images[0].path, ["mine", "vanilla"])
        assert next(pictures).variant == "vanilla"
        with pytest.raises(InputError, match="mine"):
            next(pictures)


def test_a_step_that_fails_on_a_new_image_costs_that_image_alone(own, short):
    own(DECLARED + "    if pixels[0, 0, 0] == 255:\n        raise ValueError('white')\n    return pixels\n")
    config = study_of(short, "mine")
    record = run_study(config)
    assert record.result("mine").status == "done"
    folder = config.runs_dir.parent / "new"
    folder.mkdir()
    for name, level in (("white", 255), ("black", 0)):
        Image.new("RGB", (30, 30), (level,) * 3).save(folder / f"{name}.png")
    answers = []
    request = ModelRequest(config.runs_dir / record.started.study, "mine", device="cpu", cache_dir=config.cache_dir)
    predict_images(request, [folder], answers.append)
    model, black, white = answers
    assert (model.variant, black.path.endswith("black.png")) == ("mine", True)
    assert "the step mine(level=3) failed (my_steps.py, line 7): ValueError: white" in white.reason


def test_notices_name_no_step_where_there_is_none_of_the_users(short):
    record = run_study(short)
    assert (record.started.steps, short.steps) == ((), ())
    assert not [notice for notice in record.notices if "of your own" in notice.message]
