import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import DownloadError
from tui.session.session import Session


def test_cache_show_says_where_and_how_much(command, monkeypatch, tmp_path):
    asked = []

    def report(config):
        asked.append(config)
        return SimpleNamespace(folder=Path("/cache/pixels"), used_bytes=2_100_000_000, limit_bytes=50_000_000_000)

    monkeypatch.setattr("engine.cache_report", report)
    status, out, err = command("cache", "show", "--cache-dir", tmp_path)
    assert (status, err) == (0, "")
    assert out.split() == ["folder", "/cache/pixels", "used", "2.1", "GB", "limit", "50.0", "GB"]
    assert asked == [StudyConfig(cache_dir=tmp_path)]


def test_cache_clear_says_what_was_freed(command, monkeypatch):
    monkeypatch.setattr("engine.clear_cache", lambda config: 812_000_000)
    assert command("cache", "clear") == (0, "812 MB freed\n", "")


def test_fetch_prints_the_folder_alone(command, monkeypatch, tmp_path):
    def fetch(destination):
        sys.stdout.write("Downloading 12 %\n")
        return destination / "simpsons"

    monkeypatch.setattr("engine.fetch_dataset", fetch)
    status, out, err = command("fetch", tmp_path)
    assert (status, out) == (0, f"{tmp_path / 'simpsons'}\n")
    assert "Downloading" in err


def test_fetch_without_network_is_one_line(command, monkeypatch):
    def fetch(destination):
        raise DownloadError("cannot reach kaggle.com:\nis there a network?")

    monkeypatch.setattr("engine.fetch_dataset", fetch)
    assert command("fetch") == (1, "", "simpsons-tui: cannot reach kaggle.com: is there a network?\n")


def test_the_dashboard_asks_for_a_terminal(command):
    status, out, err = command()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "simpsons-tui run" in err


class FakeDashboard:
    """Stands in for the app; remembers what it was given."""

    made: tuple = ()
    return_code = 0

    def __init__(
        self,
        config,
        *,
        settings=None,
        problems=(),
        refresh_rate=None,
        resume=None,
        watch=None,
        tuning=None,
        pictures=None,
    ):
        type(self).made = (config, refresh_rate, resume)
        self.session = Session(config, None)

    def run(self):
        return None


@pytest.fixture
def terminal(monkeypatch):
    """Standard input and output that say they are a terminal, and a dashboard that needs none."""
    monkeypatch.setattr("tui.app.open.is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    app = type("App", (FakeDashboard,), {})
    monkeypatch.setitem(sys.modules, "tui.app.app", SimpleNamespace(DashboardApp=app))
    return app


def test_without_a_command_the_dashboard_opens_with_the_options(command, terminal, monkeypatch, tmp_path):
    monkeypatch.setattr("threading.enumerate", list)
    status, _, err = command("--variants", "bbox", "--refresh-rate", 4)
    assert (status, err) == (0, "")
    assert terminal.made == (
        StudyConfig(variants=("bbox",), recipe=RECIPES["quick"], runs_dir=tmp_path / "runs"),
        4.0,
        None,
    )


def test_the_dashboards_own_status_is_the_programs(command, terminal, monkeypatch):
    monkeypatch.setattr("threading.enumerate", list)
    terminal.return_code = 1
    assert command()[0] == 1


@pytest.mark.parametrize("encoding", ["iso8859-1", "ascii", "cp1252"])
def test_an_encoding_without_our_characters_is_named(command, terminal, monkeypatch, encoding):
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    status, out, _ = command()
    sys.stderr.seek(0)
    said = sys.stderr.read()
    assert (status, out, said.count("\n")) == (2, "", 1)
    assert encoding in said
    assert "LC_ALL=C.UTF-8" in said


@pytest.mark.parametrize("kind", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_draw_is_named(command, terminal, monkeypatch, kind):
    monkeypatch.setenv("TERM", kind)
    status, out, err = command()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "TERM" in err
    assert "simpsons-tui run" in err


def test_leaving_the_dashboard_does_not_wait_for_the_engine(child_environment):
    script = """
import sys, threading
from types import SimpleNamespace
from tui.session.session import Session
class App:
    return_code = 0
    def __init__(self, config, **options): self.session = Session(config, None)
    def run(self):
        threading.Thread(target=threading.Event().wait, name="engine").start()
        print("the last words")
sys.modules["tui.app.app"] = SimpleNamespace(DashboardApp=App)
import tui.cli, tui.app.open
tui.app.open.check_terminal = lambda: None
sys.exit(tui.cli.main([]))
"""
    child = subprocess.run(
        [sys.executable, "-c", script], env=child_environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, "the last words\n", "")
