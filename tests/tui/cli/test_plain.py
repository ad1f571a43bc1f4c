"""Output in an encoding that lacks our characters."""

import io

import pytest

from tui.console.plain import PLAIN, lacking_encoding

TIMEOUT = 60


def said(text, encoding):
    return text.encode(encoding, PLAIN).decode(encoding)


def test_lines_and_bars_become_those_of_ascii():
    assert said("│ 0.5 ─┼─ █▌ … 96×128", "ascii") == "| 0.5 -+- #| ... 96x128"


def test_letters_keep_what_the_encoding_has():
    assert said("Müller – Łódź 春", "latin-1") == "Müller - ?ódz ?"
    assert said("Müller", "ascii") == "Muller"


def test_a_byte_that_is_no_text_is_shown_as_what_it_is():
    assert said("a\udcff", "utf-8") == r"a\udcff"


@pytest.mark.parametrize(
    ("encoding", "lacking"), [("utf-8", ""), ("latin-1", "iso8859-1"), ("ascii", "ascii"), ("utf-16", "")]
)
def test_what_an_encoding_lacks(encoding, lacking):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert lacking_encoding(stream) == (encoding if lacking else "")
    assert lacking_encoding(None) == ""


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_study_is_told_and_its_results_are_written_without_escapes(fake_command, child_environment, encoding):
    child_environment["PYTHONIOENCODING"] = encoding
    child = fake_command("run", "--variants", "vanilla,bbox", encoding=encoding)
    out, err = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 0
    assert "vanilla" in out
    for text in (out, err):
        assert "\\u" not in text
        assert "Traceback" not in text
