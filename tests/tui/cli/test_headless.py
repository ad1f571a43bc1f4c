import json
import os
import re
import signal
from pathlib import Path

import pytest

TIMEOUT = 60

NO_SCORES = dict.fromkeys(("accuracy", "precision", "recall", "f1", "per_class", "confusion_matrix"))


def strict(text):
    """One JSON object and nothing else, without the numbers that JSON does not know."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_is_the_whole_of_standard_output(command, studies):
    status, out, err = command("run", "--json")
    data = strict(out)
    assert status == 0
    assert out.count("\n") == 1
    assert data["schema"] == 2
    assert list(data["variants"]) == ["vanilla", "bbox", "denoise", "superres"]
    assert data["variants"]["vanilla"]["loss"][1] is None
    assert data["variants"]["bbox"]["confusion_matrix"] == [[4, 1, 0], [0, 4, 1], [1, 0, 4]]
    assert data["baselines"].keys() == {"majority", "thumbnail_1nn"}
    assert "study done" in err


def test_what_libraries_print_does_not_reach_standard_output(fake_command):
    out, err = fake_command("run", "--json", mode="noisy").communicate(timeout=TIMEOUT)
    assert strict(out)["status"] == "done"
    assert "a library says hello" in err
    assert "its C code" in err


def test_progress_is_a_line_a_stage_and_epoch_not_a_batch(command, studies):
    _, _, err = command("run", "--variants", "vanilla")
    lines = err.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    assert len([line for line in lines if "epoch 1/5" in line]) == 1
    assert len(lines) < 20
    assert "\x1b" not in err


def test_the_report_holds_the_tables_and_the_conclusion(command, studies):
    status, out, _ = command("run", "--variants", "vanilla,bbox")
    assert status == 0
    assert "\x1b" not in out
    for words in ("vanilla", "bbox", "majority", "0.800", "rows true, columns predicted", "apu", "highest accuracy"):
        assert words in out
    assert "bart/broken.jpg: not an image" in out
    assert "one box without area dropped" in out
    assert "/runs/fake-1" in out


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_nothing_of_a_table_is_cut_on_a_narrow_output(command, studies, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = command("run")
    assert "…" not in out
    for name in ("accuracy", "precision", "recall", "worst class", "thumbnail_1nn", "apu_nahasapeemapetilon"):
        assert name in out


def test_a_failed_variant_is_status_1_and_the_rest_stays(fake_command):
    child = fake_command("run", "--json", "--variants", "vanilla,bbox", mode="failed")
    out, err = child.communicate(timeout=TIMEOUT)
    data = strict(out)
    assert child.returncode == 1
    (job,) = data["variants"]["bbox"].pop("jobs")
    assert (job["seed"], job["fold"], job["status"], job["reason"]) == (0, 0, "failed", "out of memory")
    assert data["variants"]["bbox"] | {"loss": None} == {
        **NO_SCORES,
        "status": "failed",
        "reason": "out of memory",
        "final_loss": 0.5,
        "epochs_done": 1,
        "loss": None,
        "seconds": {"preprocess": 1, "train": 61, "evaluate": 1},
    }
    assert data["variants"]["vanilla"]["accuracy"] == 0.8
    assert "bbox: failed (out of memory)" in err


def test_an_unexpected_error_is_one_line_and_its_traceback_a_file(fake_command, tmp_path):
    child = fake_command("run", "--json", mode="crash")
    out, err = child.communicate(timeout=TIMEOUT)
    (report,) = (tmp_path / "runs").glob("*.txt")
    assert (child.returncode, out) == (1, "")
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    assert last.startswith("simpsons-tui: unexpected error, RuntimeError: boom")
    assert str(report) in last
    assert "Traceback" in report.read_text()


def test_debug_shows_the_traceback(fake_command):
    child = fake_command("run", "--debug", mode="crash")
    _, err = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 1
    assert "Traceback" in err


def wait_for(child, words):
    """Read the child's standard error up to a line that holds `words`."""
    for line in child.stderr:
        if words in line:
            return
    raise AssertionError(f"{words!r} never came")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_study_and_prints_what_there_is(fake_command, number, status):
    child = fake_command("run", "--json", mode="endless")
    wait_for(child, "training 4 batches")
    child.send_signal(number)
    out, err = child.communicate(timeout=TIMEOUT)
    data = strict(out)
    assert child.returncode == status
    assert "stopping after this batch" in err
    assert "Traceback" not in err
    assert data["status"] == "stopped"
    assert data["variants"]["vanilla"]["status"] == "stopped"
    assert data["variants"]["bbox"] == {
        **NO_SCORES,
        "status": "stopped",
        "reason": "did not start",
        "loss": [],
        "jobs": [],
    }


def test_a_second_interrupt_ends_at_once(fake_command):
    child = fake_command("run", mode="deaf")
    wait_for(child, "training 4 batches")
    child.send_signal(signal.SIGINT)
    wait_for(child, "stopping after this batch")
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=TIMEOUT)
    assert (child.returncode, out) == (130, "")


def test_closed_standard_output_is_said_before_any_work(fake_command):
    child = fake_command("run", "--json", stdout=None, preexec_fn=lambda: os.close(1))
    _, err = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 2
    assert err.startswith("simpsons-tui: standard output is closed")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("run",), ("run", "--json")])
def test_a_reader_that_went_away_gets_no_traceback(fake_command, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    child = fake_command(*arguments, stdout=writing)
    os.close(writing)
    _, err = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 1
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert err.splitlines()[-1].startswith("simpsons-tui: the results could not be written to standard output")
    assert "/runs/fake-1" in err.splitlines()[-1]


def test_help_into_a_reader_that_went_away_is_silent(fake_command):
    reading, writing = os.pipe()
    os.close(reading)
    child = fake_command("run", "--help", stdout=writing)
    os.close(writing)
    _, err = child.communicate(timeout=TIMEOUT)
    assert (child.returncode, err) == (1, "")


@pytest.mark.parametrize("mode", ["closed", "gone"])
def test_progress_that_nobody_reads_does_not_end_the_study(fake_command, mode):
    if mode == "closed":
        child = fake_command("run", "--json", stderr=None, preexec_fn=lambda: os.close(2))
    else:
        reading, writing = os.pipe()
        os.close(reading)
        child = fake_command("run", "--json", stderr=writing)
        os.close(writing)
    out, _ = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 0
    assert strict(out)["status"] == "done"


def test_a_full_disk_behind_standard_output_is_one_line(fake_command):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        child = fake_command("run", "--json", stdout=full)
    _, err = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 1
    assert "Traceback" not in err
    assert "No space left" in err.splitlines()[-1]


def test_background_jobs_keep_ignoring_interrupts(fake_command):
    child = fake_command("run", mode="endless", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    wait_for(child, "training 4 batches")
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=TIMEOUT)
    assert child.returncode == 143
