"""The Markdown report, read back by a parser of GitHub's flavour."""

import re

import pytest
from markdown_it import MarkdownIt

from engine.finished.dossier import Exported
from tui.export.formats import FORMATS
from tui.export.markdown import escape


def text_of(record):
    return FORMATS["md"].render(Exported(record)).decode()


def cells(line):
    return len(re.findall(r"(?<!\\)\|", line)) - 1


@pytest.fixture(scope="module")
def parser():
    return MarkdownIt("commonmark").enable("table").enable("strikethrough")


@pytest.mark.parametrize("name", ["whole", "repeated", "stopped", "begun"])
def test_tables_have_rows_of_one_length(studies, parser, name):
    record = studies.whole(studies.NASTY) if name == "whole" else getattr(studies, name)()
    text = text_of(record)
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert blocks
    for block in blocks:
        assert {cells(line) for line in block} == {cells(block[0])}
    assert parser.render(text).count("<table>") == len(blocks)


def test_names_with_markup_are_text(studies, parser):
    page = parser.render(text_of(studies.whole(studies.NASTY)))
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page
    assert "Ümläut|pipe*`$x$" in page


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "- no item",
        "1. no list",
        "2) neither",
        "> no quote",
        "a_b _c_ __d__",
        "~~x~~ *y* [z](u) `v`",
        "a\nb",
        "&amp;",
    ],
)
def test_escaped_text_is_shown_as_it_is(parser, text):
    (shown,) = re.findall(r"<p>(.*)</p>", parser.render(escape(text)).strip())
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert plain == " ".join(text.split())


def test_numbers_are_not_disfigured():
    assert escape("0.783") == "0.783"
    assert escape("homer_simpson") == "homer_simpson"


def test_long_tables_are_cut_and_say_so(studies, monkeypatch):
    monkeypatch.setattr("tui.export.markdown._MOST_ROWS", 1)
    assert "and 1 more, all in the HTML report" in text_of(studies.whole())


def test_figures_of_the_study_stand_in_it(studies):
    text = text_of(studies.whole())
    assert "| denoise | ▸0.867 \\[.767 .967\\] |" in text
    assert "| bbox - denoise | -.267 |" in text
    assert "| denoise | +.133 | +.267\\* | – |" in text


def test_the_spread_over_seeds_stands_below_the_seeds(studies):
    text = text_of(studies.repeated())
    for name in ("mean over seeds", "spread over seeds", "error of the test set"):
        assert f"| {name} |" in text


def test_effects_of_steps_stand_in_it(studies):
    text = text_of(studies.with_effects())
    assert "| denoise × superres | +.030 | \\[-.020 +.080\\] | .133 | .400 |" in text
    assert "| denoise+superres | applied | applied | 0.900 |" in text
    assert "Effects of steps" not in text_of(studies.whole())
