import http.server
import socket
import threading
import time

import pytest

from engine.errors import DownloadError
from engine.system.download import download

BODY = b"weights" * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404, "Not Found")
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
            self.end_headers()
            return
        if self.path == "/silent":
            self.server.released.wait(30)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.path == "/truncated":
            self.wfile.write(BODY[:100])
        elif self.path == "/dribble":
            while not self.server.released.wait(0.02):
                self.wfile.write(b"x")
        else:
            self.wfile.write(BODY)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.released = threading.Event()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["whole", "moved"])
def test_a_whole_file_arrives(server, path):
    assert download(f"{server}/{path}", max_bytes=10**6, deadline=30) == BODY


@pytest.mark.parametrize(
    ("path", "reason"),
    [("missing", "404"), ("truncated", f"ended after 100 of {len(BODY)} bytes")],
)
def test_a_bad_answer_is_an_error_with_the_reason(server, path, reason):
    with pytest.raises(DownloadError, match=reason):
        download(f"{server}/{path}", max_bytes=10**6, deadline=30)


def test_a_file_that_is_too_large_is_refused(server):
    with pytest.raises(DownloadError, match="larger than 10 bytes"):
        download(f"{server}/whole", max_bytes=10, deadline=30)


@pytest.mark.parametrize("path", ["silent", "dribble"])
def test_a_server_that_hangs_is_given_up_at_the_deadline(server, path):
    with pytest.raises(DownloadError):
        download(f"{server}/{path}", max_bytes=10**6, deadline=0.2)


def test_a_name_look_up_that_hangs_is_given_up_at_the_deadline(monkeypatch):
    release = threading.Event()

    def look_up(*_, **__):
        release.wait(30)
        raise OSError("no such name")

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    began = time.monotonic()
    with pytest.raises(DownloadError, match=r"no answer in 0\.2 s"):
        download("http://weights.invalid/file.pt", max_bytes=10**6, deadline=0.2)
    release.set()
    assert time.monotonic() - began < 20


def test_nobody_listening():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(DownloadError, match=r"\S"):
            download(f"http://127.0.0.1:{taken.getsockname()[1]}/file", max_bytes=100, deadline=30)


def test_only_web_addresses_are_fetched(tmp_path):
    (tmp_path / "file.pt").write_bytes(b"local")
    with pytest.raises(DownloadError, match="file addresses are not fetched"):
        download((tmp_path / "file.pt").as_uri(), max_bytes=100, deadline=5)
