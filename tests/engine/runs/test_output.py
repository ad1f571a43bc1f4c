"""The end of what an attempt's process printed."""

import pytest

from engine.errors import StorageError
from engine.runs.output import attempt_output


def test_the_last_lines_without_colours_bars_and_control_letters(tmp_path):
    (tmp_path / "output.log").write_bytes(
        b"first\n\x1b[31mred\x1b[0m and \x1b]0;title\x07plain\n 10 %\r 50 %\r100 %\r\nbell\x07\tend \xff\n\n"
    )
    assert attempt_output(tmp_path, "output.log") == ("first", "red and plain", "100 %", "bell    end \ufffd")
    assert attempt_output(tmp_path, "output.log", most=1) == ("bell    end \ufffd",)


def test_of_a_long_output_only_the_end_is_read(tmp_path):
    (tmp_path / "output.log").write_text("".join(f"line {number}\n" for number in range(1_000_000)))
    shown = attempt_output(tmp_path, "output.log")
    assert len(shown) == 200
    assert shown[-1] == "line 999999"


@pytest.mark.parametrize(("output", "words"), [("../other.log", "outside the run"), ("none.log", "No such file")])
def test_what_is_no_file_of_the_run_is_refused(tmp_path, output, words):
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "other.log").write_text("secret")
    with pytest.raises(StorageError, match=words):
        attempt_output(run, output)
