"""Downloading, against a client and a site that are not the real ones."""

import builtins
import http.server
import sys
import threading
import types
import urllib.error

import pytest

from engine.dataset import fetch as module
from engine.dataset.fetch import HANDLE, PAGE, fetch_dataset
from engine.errors import DownloadError, InputError


@pytest.fixture
def client(monkeypatch):
    """A stand-in for kagglehub that does what `client.outcome` says."""
    fake = types.ModuleType("kagglehub")
    fake.calls = []
    fake.outcome = "/downloaded"

    def dataset_download(handle, **options):
        fake.calls.append((handle, options))
        sys.stdout.write("an advertisement")
        if isinstance(fake.outcome, Exception):
            raise fake.outcome
        return options.get("output_dir", fake.outcome)

    fake.dataset_download = dataset_download
    monkeypatch.setitem(sys.modules, "kagglehub", fake)
    return fake


@pytest.fixture
def reachable(monkeypatch):
    monkeypatch.setattr(module, "_ask_site", lambda: None)


def explain(error_type=DownloadError, destination=None):
    with pytest.raises(error_type) as caught:
        fetch_dataset(destination)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_download(client, reachable, tmp_path, capsys):
    assert str(fetch_dataset()) == "/downloaded"
    assert fetch_dataset(tmp_path / "new") == tmp_path / "new"
    assert client.calls == [(HANDLE, {}), (HANDLE, {"output_dir": str(tmp_path / "new")})]
    assert capsys.readouterr().out == ""


def test_client_that_is_not_installed(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "kagglehub":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    message = explain(InputError)
    assert "pip install kagglehub" in message
    assert PAGE in message


def test_no_network(client, monkeypatch):
    def unreachable():
        raise urllib.error.URLError(OSError(-2, "Name or service not known"))

    monkeypatch.setattr(module, "_ask_site", unreachable)
    message = explain()
    assert "Name or service not known" in message
    assert PAGE in message
    assert client.calls == []


def test_site_that_never_answers(client, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(module, "_ask_site", release.wait)
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 0.01)
    message = explain()
    release.set()
    assert "no answer" in message
    assert PAGE in message


class _Refusing(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


def test_any_answer_of_the_site_will_do(client, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(module, "_SITE", f"http://127.0.0.1:{server.server_port}")
        assert str(fetch_dataset()) == "/downloaded"
        server.shutdown()


def test_server_that_cannot_be_connected_to(client, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        port = server.server_port
    monkeypatch.setattr(module, "_SITE", f"http://127.0.0.1:{port}")
    assert "cannot reach" in explain()


@pytest.mark.parametrize("status", [401, 403])
def test_refused(client, reachable, status):
    client.outcome = RuntimeError("refused\n\nat length")
    client.outcome.response = types.SimpleNamespace(status_code=status)
    message = explain()
    assert "KAGGLE_API_TOKEN" in message
    assert PAGE in message


def test_other_failures(client, reachable, tmp_path):
    client.outcome = OSError(28, "No space left on device", "/somewhere/archive")
    assert "/somewhere/archive: No space left on device" in explain()
    client.outcome = ConnectionError("broken\noff")
    assert "(broken off)" in explain()
    client.outcome = FileExistsError("output_dir is not empty")
    assert "is not empty: name a new folder" in explain(InputError, tmp_path)


def test_destination_is_a_file(client, tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert "is a file" in explain(InputError, file)
    assert client.calls == []
