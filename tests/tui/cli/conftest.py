"""The command line with an engine that does no work, in this process and in one of its own."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.cli import fake_engine as engine_without_work
from tests.warm import run_warm

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TIMEOUT = 60


@pytest.fixture(scope="session")
def fake_engine():
    """The module of the engine that does no work."""
    return engine_without_work


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    """Nothing of the developer's own environment reaches a test."""
    for name in [name for name in os.environ if name.startswith(("SIMPSONS_TUI_", "FAKE_ENGINE"))]:
        monkeypatch.delenv(name)
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def studies(fake_engine, monkeypatch):
    """The configurations that the command line asked the engine to study."""
    seen = []

    def run_study(config, emit=None, control=None):
        seen.append(config)
        return fake_engine.run_study(config, emit, control)

    monkeypatch.setattr("engine.run_study", run_study)
    return seen


@pytest.fixture
def demo_is_drawn(demo_set, tmp_path, monkeypatch):
    """The cache of the test's programs holds the demo set."""
    monkeypatch.setenv("SIMPSONS_TUI_CACHE_DIR", str(tmp_path / "cache"))
    shutil.copytree(demo_set, tmp_path / "cache" / demo_set.name)


@pytest.fixture
def command(capfd, tmp_path, monkeypatch):
    """Runs the command line in this process; returns exit status, standard output, standard error."""
    from tui.cli import main

    monkeypatch.setenv("SIMPSONS_TUI_RUNS_DIR", str(tmp_path / "runs"))

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        output = capfd.readouterr()
        return status, output.out, output.err

    return run


@pytest.fixture
def child_environment(tmp_path):
    """The environment of a process that runs this checkout and keeps to the test's own folders."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SIMPSONS_TUI_CACHE_DIR": str(tmp_path / "cache"),
        "SIMPSONS_TUI_RUNS_DIR": str(tmp_path / "runs"),
        "TORCH_HOME": str(tmp_path / "no-hub"),
    }


@pytest.fixture
def program(child_environment, tmp_path):
    """Runs the real program in a process of its own; returns what subprocess.run does."""

    def run(*arguments, timeout=240):
        words = [str(argument) for argument in arguments]
        return run_warm(words, child_environment, tmp_path / "streams", timeout)

    return run


@pytest.fixture
def fake_command(child_environment):
    """Starts the command line with the engine that does no work in a process of its own."""
    children = []

    def start(*arguments, mode="whole", **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        child = subprocess.Popen(
            [sys.executable, str(HERE / "fake_engine.py"), *map(str, arguments)],
            env={**child_environment, "FAKE_ENGINE": mode},
            text=True,
            **options,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate(timeout=TIMEOUT)


@pytest.fixture
def terminal(child_environment):
    """Starts the command in a pseudo-terminal."""
    from tests.tui.cli.terminal import Terminal

    opened = []

    def start(*arguments, command=(sys.executable, "-m", "tui.cli"), columns=120, lines=40):
        opened.append(Terminal([*command, *arguments], child_environment, columns, lines))
        return opened[-1]

    yield start
    for one in opened:
        if one.child.isalive():  # what is killed while all cores work takes its time to go
            one.child.kill(signal.SIGKILL)
            one.child.wait()
        one.child.close()
