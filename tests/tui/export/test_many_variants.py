"""65 variants in every report."""

import io

import pytest

from engine.events.record import StudyRecord
from engine.finished.dossier import Exported
from tests.tui.export.test_html import Page
from tests.tui.many_variants import VARIANTS, many_events
from tui.console.report import report_text
from tui.export.formats import FORMATS


@pytest.fixture(scope="module")
def exported():
    return Exported(StudyRecord.from_events(many_events()))


def test_what_every_variant_has_in_the_page_is_folded_away(exported):
    text = FORMATS["html"].render(exported).decode()
    page = Page(text)
    assert len([one for one in page.of("table") if one.get("class", "").startswith("matrix")]) == 65
    for part in ("matrices", "calibration"):
        section = text.split(f'aria-labelledby="{part}"')[1].split("</section>")[0]
        assert "<summary>All 65</summary>" in section
    curves = text.split('aria-labelledby="curves"')[1].split("</section>")[0]
    assert "<summary>Loss curves of the 65 variants one by one</summary>" in curves
    assert f"<title>{VARIANTS[-1]}</title>" in curves
    assert len(text) < 3_000_000


def test_the_printed_report_holds_one_matrix(exported):
    text = report_text(exported.record, io.StringIO())
    assert text.count("rows true, columns predicted") == 1
    assert "65 confusion matrices: the best variant's is shown, all are in the exports" in text


@pytest.mark.parametrize("name", ["md", "svg", "json", "csv"])
def test_every_variant_is_named_in_every_format(exported, name):
    content = FORMATS[name].render(exported)
    whole = b"\n".join(content.values()) if isinstance(content, dict) else content
    assert all(variant.encode() in whole for variant in VARIANTS)
