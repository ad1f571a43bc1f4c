"""`--steps` on the command line: loaded because it was named, refused in one line, asked for again."""

import json
import shlex

import pytest
from PIL import Image

from engine.steps.registry import temporarily
from engine.system import named_code
from tests.tui.cli.conftest import ROOT
from tui.session import leaving

SOURCE = (ROOT / "data" / "templates" / "my_steps.py").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def nothing_named_before():
    """No test sees what another one named."""
    with temporarily():
        yield


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "my_steps.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_the_template_is_short_and_works_as_it_is(command, tmp_path):
    status, out, _ = command("steps", "--template")
    assert (status, out) == (0, SOURCE)
    assert len(out.splitlines()) < 30
    (tmp_path / "my_steps.py").write_text(out)
    status, out, err = command("steps", "--steps", tmp_path / "my_steps.py")
    assert (status, err) == (0, "")
    assert out.startswith(
        "vignette: darkened towards its corners\n    strength  how dark a corner becomes: a number from 0"
    )
    assert "works with strength=0, 0.5 and 1 on a drawn picture of 255 x 342, in " in out
    assert out.endswith("These are your own; 'simpsons-tui steps' lists those that ship.\n")


@pytest.mark.parametrize(("parameter", "value"), [("0.5, 0.0, 1.0", "1"), ("0.5, 0.0, None", "0"), ("3, 0, 9.5", "9")])
def test_each_end_of_a_parameter_is_tried(command, mine, parameter, value):
    mine.write_text(
        SOURCE.replace("0.5, 0.0, 1.0", parameter).replace(
            "    height", f"    assert strength != {value}\n    height", 1
        )
    )
    status, _, err = command("steps", "--steps", mine)
    assert status == 2
    assert f"the step vignette(strength={value}) failed (my_steps.py, line " in err


def test_each_choice_of_a_parameter_is_tried(command, mine):
    source = SOURCE.replace('0.5, 0.0, 1.0, "how dark a corner becomes"', '"soft", choices=("soft", "hard")')
    mine.write_text(source.replace("    height", '    strength = {"soft": 0.5, "hard": 1}[strength]\n    height', 1))
    assert "works with strength=soft and hard on a drawn" in command("steps", "--steps", mine)[1]


def test_steps_of_ones_own_are_variants(command, studies, mine):
    status, _, err = command("run", "--variants", "vanilla,vignette(strength=0.3|0.6)+denoise", "--steps", mine)
    assert (status, err) == (0, err)
    (config,) = studies
    assert config.variants == ("vanilla", "vignette(strength=0.3)+denoise", "vignette(strength=0.6)+denoise")
    assert [(own.name, own.origin) for own in config.steps] == [("vignette", str(mine))]


@pytest.mark.parametrize("arguments", [["run"], ["steps"], ["tune", "--headless"], ["resume"], ["predict", "x", "y"]])
@pytest.mark.parametrize("source", ["def f(:\n", "raise OSError('no disk')\n", "x = 1\n"])
def test_a_bad_file_is_one_line_and_exit_status_two(command, tmp_path, arguments, source):
    bad = tmp_path / "bad.py"
    bad.write_text(source)
    status, out, err = command(*arguments, "--steps", bad)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert str(bad) in line


def test_code_is_not_named_by_the_environment(command, mine, monkeypatch):
    monkeypatch.setenv("SIMPSONS_TUI_STEPS", str(mine))
    status, _, err = command("run", "--variants", "vignette")
    assert status == 2
    assert "unknown variant 'vignette'" in err


def test_a_network_of_the_environment_runs_no_code(command, studies, tmp_path, monkeypatch):
    monkeypatch.setenv("SIMPSONS_TUI_NETWORK", "resnet18")
    assert command("run")[0] == 0
    assert studies[0].recipe.network == "resnet18"
    ran = tmp_path / "ran"
    network = tmp_path / "my_net.py"
    network.write_text(f"open({str(ran)!r}, 'w')\n")
    monkeypatch.setenv("SIMPSONS_TUI_NETWORK", f"{network}:build")
    status, _, err = command("run")
    assert status == 2
    assert "code of your own is only run where the command itself names it" in err
    assert not ran.exists()


@pytest.mark.parametrize("variant", ["vignette(power=2)", "vignette(strength=3)", "vignette(strength=x)"])
def test_a_parameter_that_cannot_be_is_one_line(command, mine, variant):
    status, _, err = command("run", "--steps", mine, "--variants", variant)
    assert status == 2
    assert "vignette" in err
    assert len(err.splitlines()) == 1


def test_a_step_that_does_wrong_is_found_when_it_is_listed(command, tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(SOURCE.replace(".round().clip(0, 255).astype(np.uint8)", ""))
    status, _, err = command("steps", "--steps", path)
    assert status == 2
    assert "the step vignette(strength=0.5) returned float64 values, not uint8: end with .round()" in err


def test_what_a_file_prints_stays_off_standard_output(command, studies, mine):
    mine.write_text("print('loading')\n" + SOURCE)
    status, out, err = command("run", "--steps", mine, "--variants", "vignette", "--json")
    assert status == 0
    assert json.loads(out)["own_steps"] == []  # of the engine that does no work
    assert f"{mine} printed: loading" in err
    assert studies


@pytest.mark.usefixtures("demo_is_drawn")
def test_the_process_that_a_study_is_left_to_names_the_same_files(command, mine, tmp_path, monkeypatch):
    monkeypatch.setattr(named_code, "_named", {})
    command("steps", "--steps", mine)
    started = []

    class Child:
        pid = 7

        def __init__(self, command, **_options):
            started.append(command)

    def leave():
        with monkeypatch.context() as patch:
            patch.setattr(leaving.subprocess, "Popen", Child)
            leaving.spawn_worker(tmp_path)

    leave()
    assert started[0][-2:] == ["--steps", str(mine)]

    network = tmp_path / "my_net.py"
    network.write_text("def build(classes, image_size): ...\n")
    command("run", "--network", f"{network}:build")
    leave()
    assert started[1][-4:] == ["--steps", str(mine), "--network", f"{network}:build"]


@pytest.mark.usefixtures("demo_is_drawn")
def test_a_study_is_run_resumed_and_asked_in_processes_of_their_own(program, mine, tmp_path):
    mine.write_text(SOURCE.replace("    height", "    print('at work')\n    height", 1))
    small = ("--sample", 12, "--image-size", "16x20", "--epochs", 1, "--batch-size", 12, "--threads", 1, "--offline")
    done = program("run", "--steps", mine, "--variants", "vignette", *small, "--json")
    assert done.returncode == 0, done.stderr
    study = json.loads(done.stdout)
    assert study["own_steps"][0]["origin"] == str(mine)
    assert any("printed: at work" in message["message"] for message in study["messages"])

    picture = tmp_path / "new.png"
    Image.new("RGB", (40, 30), (200, 90, 10)).save(picture)
    asked = program("predict", study["study"], picture)
    assert (asked.returncode, asked.stdout, len(asked.stderr.splitlines())) == (2, "", 1)
    assert f"add --steps {mine}" in asked.stderr
    assert program("predict", study["study"], picture, "--steps", mine).returncode == 0
    assert program("runs", "show", study["study"]).returncode == 0
    assert program("predict", study["study"] + ":vignette(strength=0.5)", picture, "--steps", mine).returncode == 0
    report = program("export", study["study"], "--format", "md", "--out", "-")
    assert f"--steps {mine}" in report.stdout
    assert "resized, darkened towards its corners" in report.stdout
    report = program("export", study["study"], "--out", tmp_path / "report.html")
    closing = report.stderr.splitlines()[-1]
    assert closing.startswith("left out: pictures through vignette; for the whole simpsons-tui export ")
    whole = shlex.split(closing.partition("simpsons-tui ")[2])
    assert "left out" not in program(*whole).stderr
