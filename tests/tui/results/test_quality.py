"""Image quality beside the accuracy: on the results screen, on one of its own, without a screen, in files."""

import csv
import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from io import StringIO

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from engine.config.variants import get_variant
from engine.events.record import StudyRecord
from engine.events.study import QualityMeasured
from engine.events.study_json import study_to_json
from engine.finished.dossier import Exported
from engine.reports.quality import ImageQuality, QualityReport, reference_of
from engine.reports.statistics import Interval
from engine.statistics.quality import relate_to_accuracy
from tests.study_schema import assert_valid
from tests.tui.results.screens import pressed, screen_text
from tui.console.report import report_text
from tui.export.formats import FORMATS
from tui.screens.results.quality import QualityScreen, QualityTable
from tui.screens.results.results import ResultsScreen
from tui.tables.quality import quality_data, quality_line, quality_sentences
from tui.tables.results import metrics_data
from tui.widgets.metrics_table import MetricsTable

SIZES = [(80, 24), (120, 40), (200, 50)]

Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def measured(record: StudyRecord) -> StudyRecord:
    """The same study with the image quality of its variants, each a little farther from the plain images."""
    entries = []
    for variant in record.started.variants if record.started else ():
        if (reference := reference_of(get_variant(variant))) is None:
            continue
        ssim, psnr = 0.95 - 0.07 * len(entries), 36.25 - 4.5 * len(entries)
        entries.append(
            ImageQuality(
                *(variant, reference.name, 300, 0),
                *(psnr, Interval(psnr - 0.4, psnr + 0.4, "t")),
                *(ssim, Interval(ssim - 0.012, ssim + 0.012, "t")),
            )
        )
    assert record.statistics is not None
    relations = relate_to_accuracy(entries, record.statistics)
    record.apply(QualityMeasured(quality=QualityReport(tuple(entries), relations)))
    return record


@pytest.fixture
def eight_measured(eight: StudyRecord) -> StudyRecord:
    return measured(eight)


def test_the_table_of_variants_has_both_where_they_were_measured(eight_measured: StudyRecord) -> None:
    data = metrics_data(eight_measured)
    keys = [column.key for column in data.columns]
    assert keys[:4] == ["variant", "accuracy", "ssim", "psnr"]
    cells = {row.key: [cell.text for cell in row.cells[2:4]] for row in data.rows}
    assert (cells["denoise"], cells["superres"]) == (["0.950", "36.2"], ["0.880", "31.8"])
    assert cells["vanilla"] == cells["bbox"] == ["–", "–"]
    assert not any(row.cells[place].best for row in data.rows for place in (2, 3))
    assert next(row.key for row in data.sorted_by("ssim").rows) == "denoise"
    eight_measured.quality = None
    assert {"ssim", "psnr"}.isdisjoint(column.key for column in metrics_data(eight_measured).columns)


def test_the_table_has_gain_and_reference(eight_measured: StudyRecord) -> None:
    data, statistics = quality_data(eight_measured), eight_measured.statistics
    heads = [column.heading for column in data.columns]
    assert heads == ["variant", "SSIM", "PSNR", "accuracy", "gain", "against"]
    rows = {row.key: row for row in data.rows}
    assert statistics is not None
    gain = statistics.of("bbox+denoise").accuracy - statistics.of("bbox").accuracy  # type: ignore[union-attr]
    assert rows["bbox+denoise"].cells[4].value == pytest.approx(gain)
    assert rows["bbox+denoise"].cells[5].text == "bbox"
    assert rows["denoise"].cells[1].note.strip() == "[.938 .962]"
    assert rows["denoise"].cells[2].note.strip() == "[35.9 36.6]"


def test_what_is_compared_with_vanilla_alone_names_no_reference(four: StudyRecord) -> None:
    measured(four)
    assert "against" not in [column.heading for column in quality_data(four).columns]
    answer, legend = quality_sentences(four)
    assert "It takes 4 variants" in answer
    assert "300 test images against the same images of vanilla" in legend
    assert quality_line(four) == "image quality (y)"


def test_images_that_a_variant_leaves_as_they_are_are_counted(four: StudyRecord) -> None:
    report = measured(four).quality
    assert report is not None
    same = replace(report.variants[0], identical=300, psnr=None, psnr_interval=None, ssim=1.0, ssim_interval=None)
    four.quality = replace(report, variants=(same, *report.variants[1:]))
    data = quality_data(four)
    place = [column.heading for column in data.columns].index("images")
    assert [row.cells[place].text for row in data.rows] == ["300", "0"]
    assert data.rows[0].cells[2].text == "∞"
    assert quality_sentences(four)[-1] == "denoise changes no image of vanilla: its PSNR is infinite."
    assert_valid(study_to_json(four))


def test_a_study_that_measured_none_says_nothing_of_it(four: StudyRecord) -> None:
    assert quality_line(four) == ""
    assert quality_sentences(four) == []
    assert "SSIM" not in report_text(four, StringIO())
    assert "quality.csv" not in FORMATS["csv"].render(Exported(four))


def test_without_a_screen_table_and_answer_are_printed(eight_measured: StudyRecord) -> None:
    text = " ".join(report_text(eight_measured, StringIO()).split())
    assert "Image quality and accuracy, protocol official" in text
    for sentence in quality_sentences(eight_measured):
        assert sentence in text


@pytest.mark.parametrize("form", ["md", "html"])
def test_reports_have_a_section(eight_measured: StudyRecord, form: str) -> None:
    text = FORMATS[form].render(Exported(eight_measured)).decode()
    assert "Image quality" in text
    assert "[35.9 36.6]" in text.replace("\\", "")
    assert "were chosen and are no random sample" in text


def test_files_for_programs_have_every_number(eight_measured: StudyRecord) -> None:
    files = FORMATS["csv"].render(Exported(eight_measured))
    rows = list(csv.DictReader(io.StringIO(files["quality.csv"].decode())))
    assert [row["variant"] for row in rows][:3] == ["denoise", "superres", "bbox+denoise"]
    assert (rows[0]["reference"], rows[0]["images"], float(rows[0]["ssim_interval_low"])) == ("vanilla", "300", 0.938)
    data = study_to_json(eight_measured)
    assert_valid(data)
    assert [entry["measure"] for entry in data["quality"]["relations"]] == ["SSIM", "PSNR"]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
async def test_the_screen(show: Show, eight_measured: StudyRecord, size, snapshot: SnapshotAssertion) -> None:
    async with show(eight_measured, size) as pilot:
        await pressed(pilot, "y")
        assert isinstance(pilot.app.screen, QualityScreen)
        assert screen_text(pilot) == snapshot
        await pressed(pilot, "s", "s", "S")
        assert pilot.app.screen.query_one(QualityTable).sort_words == "PSNR dB, reversed"
        await pressed(pilot, "y")
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_the_screen_says_where_there_is_nothing(show: Show, four: StudyRecord) -> None:
    async with show(four) as pilot:
        await pressed(pilot, "y")
        assert "No image quality was measured" in screen_text(pilot)
        await pressed(pilot, "escape")
        measured(four)
        await pressed(pilot, "y")
        assert pilot.app.screen.query_one(QualityTable).row_count == 2
        assert "0.950" in screen_text(pilot)


@pytest.mark.parametrize(("width", "shown"), [(80, False), (200, True)])
async def test_the_results_have_both_columns_where_there_is_room(
    show: Show, eight_measured: StudyRecord, width: int, shown: bool
) -> None:
    async with show(eight_measured, (width, 40)) as pilot:
        table = pilot.app.screen.query_one(MetricsTable)
        assert ("ssim" in {column.value for column in table.columns}) == shown
        assert "image quality (y): rank correlation with the gain SSIM" in " ".join(screen_text(pilot).split())
