"""Names in letters that take two cells, or none, keep every row and column in its place."""

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.text import Text

from engine.events.study import BatchTrained
from tui.console.stdout import printed
from tui.looks.formatting import fit, fit_start, left, right
from tui.screens.results.results import ResultsScreen
from tui.screens.setup.dataset_panel import class_bars, dataset_lines
from tui.screens.training.screen import TrainingScreen
from tui.tables.results import confusion_table
from tui.widgets.lines import framed

WIDE = ("春日部しんのすけ", "한국어 이름", "🇩🇪 flag 👨‍👩‍👧")
SIZE = (80, 24)


@pytest.fixture
def wide(kit):
    return replace(kit.SUMMARY, classes=WIDE, name="アニメの絵", location="/data/アニメの絵/" + "絵" * 40)


@pytest.mark.parametrize("text", [*WIDE, "Zoë", "Zoe\u0308", "plain", "", "絵" * 50])
@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 13, 40])
def test_what_is_cut_to_cells_takes_no_more_of_them(text, width):
    for cut in (fit(text, width), fit_start(text, width)):
        assert cell_len(cut) <= width
        assert cut == text or "…" in cut
        assert cell_len(left(cut, width)) == cell_len(right(cut, width)) == width


@pytest.mark.parametrize("width", [40, 58, 78])
def test_the_bars_of_wide_classes_are_rows_of_one_width(wide, width):
    """On d185b93 each wide letter pushed the counts to the right, into the next row."""
    lines = class_bars(wide, width).split("\n")
    assert len(lines) == 1 + len(WIDE)
    assert {line.cell_len for line in lines} == {lines[0].cell_len}
    assert lines[0].cell_len <= width
    assert all(line.cell_len <= width for line in dataset_lines(wide, width).split("\n"))


def test_a_frame_with_a_wide_title_and_caption_is_closed():
    rows = framed([Text("絵" * 40)], 30, 4, title=Text("絵" * 20), caption="絵" * 20, style="")
    assert [row.cell_len for row in rows] == [30] * 4
    assert all(row.plain[-1] in "╮│╯" for row in rows)


def test_a_confusion_matrix_in_text_keeps_its_columns(kit):
    text = printed([confusion_table(kit.metrics(0.8), WIDE, normalise=False)], io.StringIO())
    rows = [row.rstrip("\n") for row in text.splitlines() if any(name in row for name in WIDE)]
    assert len({cell_len(row.rstrip()) for row in rows[-len(WIDE) :]}) == 1


def rows_with(text, names, count):
    """The rows of the screen that begin with (the beginning of) a name and hold so many numbers."""
    found = [row for row in text.splitlines() if any(name[:3] in row for name in names)]
    return [row for row in found if len(re.findall(r"\d+", row)) >= count]


def ends_of_numbers(row):
    return [cell_len(row[: match.end()]) for match in re.finditer(r"\d+", row)]


async def test_the_set_up_the_training_and_the_results_stay_in_their_columns(kit, make_app, wide):
    def stream(variants):
        for event in kit.study_events(variants, wide):
            yield replace(event, dataset=wide) if hasattr(event, "dataset") else event

    def in_training(event):
        return isinstance(event, BatchTrained) and event.step == 7

    engine = kit.FakeEngine(summary=wide, stream=stream, hold=in_training)
    app = make_app(engine, config=replace(kit.CONFIG, variants=("vanilla", "bbox")))
    async with app.run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        text = kit.screen_text(app)
        check_rows(text)
        bars = rows_with(text, WIDE, 2)
        assert len(bars) == 3
        assert len({tuple(ends_of_numbers(row)[:2]) for row in bars}) == 1
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(app.screen, TrainingScreen), "training")
        check_rows(await kit.settled(pilot))
        engine.go.set()
        await kit.until(pilot, lambda: app.session.state and app.session.state.record.finished, "the end")
        await kit.until(pilot, lambda: isinstance(app.screen, ResultsScreen), "results")
        check_rows(await kit.settled(pilot))


def check_rows(text):
    rows = text.splitlines()
    assert len(rows) <= SIZE[1]
    assert max(map(cell_len, rows)) <= SIZE[0]
