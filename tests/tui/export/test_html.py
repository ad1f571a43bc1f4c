"""The HTML page: whole, inert, readable by machines that read to people."""

import re
from html.parser import HTMLParser

import pytest

from engine.finished.dossier import Exported
from engine.reports.pictures import Figure
from tui.export.formats import FORMATS

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """All elements with their attributes, all text, and a check that every element is closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(record, figures=()):
    text = FORMATS["html"].render(Exported(record, None, tuple(figures))).decode()
    return Page(text), text


@pytest.fixture(scope="module")
def whole(studies):
    return page_of(studies.whole(studies.NASTY), [Figure("Maps <1>", 'of "homer"', studies.png())])


def test_it_holds_what_it_shows(whole):
    page, text = whole
    addresses = [
        value for _, attributes in page.elements for name, value in attributes.items() if name in ("src", "href")
    ]
    assert addresses
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in addresses)
    assert re.findall(r"url\(|@import|<link|<script|<iframe", text) == []
    assert any("default-src 'none'" in meta.get("content", "") for meta in page.of("meta"))


def test_every_link_has_its_target(whole):
    page, _ = whole
    targets = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {link["href"][1:] for link in page.of("a")} <= targets


def test_names_with_markup_are_text(whole, studies):
    page, text = whole
    words = " ".join(page.texts)
    assert all(name in words for name in studies.NASTY)
    assert not {"script", "b", "i", "epyc"} & {tag for tag, _ in page.elements}
    assert studies.NASTY[0] not in text


def test_no_attribute_can_run_anything(whole):
    page, _ = whole
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []


def test_every_variant_has_a_matrix_a_curve_and_a_diagram(whole, studies):
    page, _ = whole
    titles = [attributes["aria-label"] for attributes in page.of("svg")]
    regions = [attributes.get("aria-label", "") for attributes in page.of("div")]
    for variant in studies.STUDY_VARIANTS:
        assert f"Confusion matrix of {variant}" in regions
        assert sum(title.startswith(f"Loss of {variant} ") for title in titles) == 2  # a wide and a narrow screen
        assert sum(title.startswith(f"Reliability of {variant}:") for title in titles) == 1
    assert sum(title.startswith("Loss of every variant") for title in titles) == 2


def test_what_the_study_knows_is_told(whole):
    words = " ".join(" ".join(whole[0].texts).split())
    for expected in (
        "1 of 30 test images (3.3 %) is a copy of training images",
        "[.767 .967]",  # the interval of denoise
        "denoise is the best: <0.867 & more>.",
        "< .001",  # the p of bbox against denoise
        "superres-full was not evaluated",
        "test/<b>.jpg",
        "320×240",
        "mirrored pictures are not found",
        "1,700 train, 30 test",
        "AMD <EPYC>",
        "simpsons-tui run --data '/data/spring field'",
        "Maps <1>",
    ):
        assert expected in words


def test_tables_say_what_their_heads_are(whole):
    page, _ = whole
    heads = page.of("th")
    assert heads
    assert all(head.get("scope") in ("col", "row", "rowgroup") for head in heads)
    assert len(page.of("caption")) == len(page.of("table"))


def test_rows_are_as_long_as_their_heads(whole):
    _, text = whole
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        lengths = {len(re.findall(r"<t[hd]\b", row)) for row in rows if "colspan" not in row}
        assert len(lengths) == 1


def test_seeds_and_folds_have_a_table(studies):
    page, _ = page_of(studies.repeated())
    words = " ".join(page.texts)
    assert "Each variant is trained 4 times: 2 seeds, 2 folds." in words
    assert "Loss of vanilla by batch, 4 trainings and their mean, smoothed" in [
        svg["aria-label"] for svg in page.of("svg")
    ]


def test_folds_have_the_numbers_that_the_options_and_files_give_them(studies):
    text = FORMATS["md"].render(Exported(studies.repeated())).decode()
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.count("|") > 3]
    assert [0, 0] in [[int(cell) for cell in row] for row in rows if all(cell.strip().isdigit() for cell in row)]


def test_claims_and_leak_are_told_where_they_are_known(studies):
    exported = Exported(studies.whole(), claims=studies.claims(), leak=studies.leak())
    words = " ".join(" ".join(Page(FORMATS["html"].render(exported).decode()).texts).split())
    for expected in (
        "1 hold, 1 do not hold, 0 can't be told (study-1)",
        "✓ holds (0.867 > 0.733)",
        "✗ does not hold (0.600)",
        "? can't be told",
        "trained on <fewer> images",
        "200 left out as copies",
        "0.900 [0.850 0.950]",
        "+0.300 [+0.250 +0.350]",
    ):
        assert expected in words


def test_one_of_something_is_said_so(studies):
    page, _ = page_of(studies.repeated(folds=1))
    assert "Each variant is trained 2 times: 2 seeds, 1 fold." in " ".join(page.texts)


def test_a_stopped_study_says_so_first(studies):
    page, text = page_of(studies.stopped())
    assert "The study stopped: stopped on request" in " ".join(page.texts)
    assert text.index("The study stopped") < text.index("<section")
    assert "not run" in " ".join(page.texts)


def test_nothing_evaluated_yet_is_still_a_page(studies):
    page, _ = page_of(studies.begun())
    words = " ".join(page.texts)
    assert "No variant is evaluated yet" in words
    assert "Confusion matrices" not in words
    assert len(page.of("svg")) == 4


def test_a_path_that_is_no_text_is_written_all_the_same(studies):
    broken = b"caf\xe9".decode(errors="surrogateescape")
    page, _ = page_of(studies.whole((broken, "a\x00b", "c")))
    assert "caf\\udce9" in " ".join(page.texts)


def test_what_the_networks_lose_is_told_where_it_was_measured(studies):
    from engine.reports.explanation import Ablation, ExplanationReport, Outcome
    from engine.reports.statistics import Interval

    interval = Interval(0.2, 0.5, "Wilson")
    total = Outcome("", 40, 30, 14, 17, 1, 40, 40, interval, interval)
    explanation = ExplanationReport(
        "s",
        0,
        0,
        (Ablation("vanilla", "colour removed", "test", total, (), 0.0004),),
        ("It needs colour.",),
        ("Mind.",),
    )
    record = studies.record() if hasattr(studies, "record") else studies.whole()
    page = Page(FORMATS["html"].render(Exported(record, explanation=explanation)).decode())
    text = " ".join(page.texts)
    for words in ("What the networks look at", "colour removed", "0.750", "0.350", "It needs colour.", "Mind."):
        assert words in text
    assert "What the networks look at" not in " ".join(Page(FORMATS["html"].render(Exported(record)).decode()).texts)


def test_effects_of_steps_have_a_section_where_there_are_any(studies):
    page, text = page_of(studies.with_effects())
    words = " ".join(page.texts)
    for said in ("Effects of steps", "denoise × superres", "+.100", "[+.050 +.150]", "denoise+superres"):
        assert said in words
    assert "denoise adds 0.100 whatever else is done." in words
    assert 'id="effects"' in text
    assert "Effects of steps" not in " ".join(page_of(studies.whole())[0].texts)
