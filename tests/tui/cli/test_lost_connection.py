"""A closed terminal and a lost SSH connection do not end a study: it goes on in a process of its own."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from engine.runs import is_live, load_record
from engine.runs.listing import list_runs

pexpect = pytest.importorskip("pexpect")
if not sys.platform.startswith("linux"):
    pytest.skip("sessions and signals of Linux", allow_module_level=True)

STARTS, WORKS = 120, 400
"""Seconds that a first screen and a whole study may take on a busy machine; usually two and twenty."""

POLL_SECONDS = 0.1
EPOCHS = 100
PLACES = "/usr/sbin:/usr/bin:/bin"
COLOURS = {"blue": (40, 60, 220), "red": (220, 50, 40)}


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    """A data set in train/ and test/ folders: coloured patches."""
    root, generator = tmp_path_factory.mktemp("patches"), random.Random(4)
    for part, count in (("train", 12), ("test", 4)):
        for name, colour in COLOURS.items():
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                noise = bytes(generator.randrange(256) for _ in range(6 * 4 * 3))
                image = Image.frombytes("RGB", (6, 4), noise).resize((24, 24), Image.Resampling.NEAREST)
                Image.blend(image, Image.new("RGB", (24, 24), colour), 0.5).save(folder / f"pic_{number:04d}.png")
    return root


@pytest.fixture
def command(patches):
    """A study of some seconds in the dashboard."""
    choices = f"--variants vanilla --epochs {EPOCHS} --batch-size 4 --image-size 16x20 --offline"
    machine = "--device cpu --precision fp32 --memory-format channels_last --threads 1"
    return [sys.executable, "-m", "tui.cli", "--data", str(patches), *choices.split(), *machine.split()]


@pytest.fixture
def runs_dir(child_environment):
    return Path(child_environment["SIMPSONS_TUI_RUNS_DIR"])


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        threading.Event().wait(POLL_SECONDS)


def in_training(runs_dir):
    """The run that trains now, if there is one."""
    return next((run for run in list_runs(runs_dir) if load_record(run.folder).losses), None)


def start_training(screen, runs_dir):
    """From the first screen to the first batches; returns the run's folder."""
    drain = threading.Thread(target=lambda: reading_on(screen), daemon=True)
    screen.expect("libraries", timeout=STARTS)
    drain.start()
    wait_until(lambda: press_enter(screen) or in_training(runs_dir), WORKS, "training")
    return in_training(runs_dir).folder


def press_enter(screen):
    """Enter starts the study once the data is read; while it trains, it does nothing."""
    screen.send("\r")


def reading_on(screen):
    """Somebody has to look at what the program draws."""
    while True:
        try:
            screen.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            continue
        except (pexpect.EOF, OSError, ValueError):
            return


def require_completion(folder):
    """The study goes on in another process, to its end, with every batch once."""
    wait_until(lambda: load_record(folder).finished is not None, WORKS, "the end of the study")
    wait_until(lambda: not is_live(folder), WORKS, "the end of its process")
    record = load_record(folder)
    assert record.finished.status == "done"
    assert [len(losses) for losses in record.losses.values()] == [24 // 4 * EPOCHS]
    assert "the study is resumed" in (folder / "worker.log").read_text()


def test_a_closed_terminal_does_not_end_the_study(command, child_environment, runs_dir):
    screen = pexpect.spawn(
        command[0], command[1:], env={**child_environment, "TERM": "xterm-256color"}, dimensions=(40, 120)
    )
    folder = start_training(screen, runs_dir)
    os.close(screen.fileno())  # the terminal is gone; the kernel tells the program
    require_completion(folder)
    wait_until(lambda: not screen.isalive(), STARTS, "the end of the dashboard")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def ssh(tmp_path):
    """A command that logs in to an sshd of the test's own, on loopback."""
    server, keygen, client = (shutil.which(name, path=PLACES) for name in ("sshd", "ssh-keygen", "ssh"))
    if not (server and keygen and client):
        pytest.skip("needs OpenSSH's server and client")
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    port = free_port()
    settings = tmp_path / "sshd_config"
    settings.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {tmp_path / 'host'}\n"
        f"AuthorizedKeysFile {tmp_path / 'user.pub'}\nStrictModes no\nUsePAM no\nPidFile none\n"
        "PasswordAuthentication no\nPermitRootLogin yes\n"
    )
    daemon = subprocess.Popen([server, "-D", "-e", "-f", settings], stderr=subprocess.PIPE, text=True)
    try:
        for line in daemon.stderr:
            if "listening" in line:
                break
        else:
            pytest.skip("this sshd cannot be run here")
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "LogLevel=ERROR"]
        yield [
            client, "-tt", "-p", str(port), "-i", str(tmp_path / "user"),
            *(word for setting in options for word in ("-o", setting)), "127.0.0.1",
        ]  # fmt: skip
    finally:
        daemon.terminate()
        daemon.communicate(timeout=STARTS)


def test_a_lost_connection_does_not_end_the_study(ssh, command, child_environment, runs_dir):
    passed_on = ("PYTHONPATH", "SIMPSONS_TUI_CACHE_DIR", "SIMPSONS_TUI_RUNS_DIR", "TORCH_HOME")
    settings = [f"{name}={child_environment[name]}" for name in passed_on]
    remote = " ".join(["cd", child_environment["PYTHONPATH"], "&&", "env", "TERM=xterm-256color", *settings, *command])
    screen = pexpect.spawn(ssh[0], [*ssh[1:], remote], dimensions=(40, 120))
    folder = start_training(screen, runs_dir)
    screen.kill(signal.SIGKILL)  # the client is gone without a word
    require_completion(folder)
    # The next login finds it whole, with nothing left to go on with.
    assert [run.state for run in list_runs(runs_dir)] == ["done"]
