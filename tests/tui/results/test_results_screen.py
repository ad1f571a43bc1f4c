"""The results screen driven by keys, with a record in place of a study."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.screen import ModalScreen

from engine.events.record import StudyRecord
from tui.app.app import DashboardApp
from tui.app.help import sections
from tui.screens.images.cell import CellScreen, cell_images
from tui.screens.predict import ImagesScreen
from tui.screens.results.calibration import CalibrationScreen
from tui.screens.results.comparisons import ComparisonScreen
from tui.screens.results.confusion_matrix import ConfusionMatrix
from tui.screens.results.matrices import MatrixGrid
from tui.screens.results.matrix_screen import MatrixScreen
from tui.screens.results.results import ClassTable, ResultsScreen
from tui.widgets.metrics_table import MetricsTable

SIZES = [(80, 24), (120, 40), (200, 50)]


Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal of the test run says, the tests' has all colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")


@pytest.fixture
def show(show: Show) -> Show:
    """The same, once the layout no longer changes."""

    @asynccontextmanager
    async def shown(record: StudyRecord, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
        async with show(record, size) as pilot:
            await settle(pilot)
            yield pilot

    return shown


def lines(pilot: Pilot[None]) -> list[str]:
    """The screen as text, without blanks at the ends."""
    strips = pilot.app.screen._compositor.render_strips()
    return [strip.text.rstrip() for strip in strips]


def text(pilot: Pilot[None]) -> str:
    return "\n".join(lines(pilot))


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the layout no longer changes."""
    before, now = "", text(pilot)
    for _ in range(20):
        await pilot.pause()
        before, now = now, text(pilot)
        if before == now and "palette" in now:
            return


def order(pilot: Pilot[None]) -> list[str]:
    table = pilot.app.screen.query_one(MetricsTable)
    return [table.row_key_at(row) for row in range(4)]


@pytest.mark.parametrize("size", SIZES)
async def test_four_variants(four: StudyRecord, show: Show, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    async with show(four, size) as pilot:
        assert text(pilot) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_mixed(mixed: StudyRecord, show: Show, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    async with show(mixed, size) as pilot:
        assert text(pilot) == snapshot


async def test_demo_is_said_on_every_screen(four: StudyRecord, show: Show) -> None:
    async with show(four, (80, 24)) as pilot:
        assert "DEMO" in lines(pilot)[0]
        await pilot.press("enter", "enter")
        assert isinstance(pilot.app.screen, MatrixScreen)
        assert "DEMO" in lines(pilot)[0]


async def test_average_goes_round_and_is_named(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        assert "macro" in text(pilot)
        await pilot.press("g")
        assert "weighted" in text(pilot)
        assert "macro" not in text(pilot)
        await pilot.press("g")
        assert "micro" in text(pilot)
        await pilot.press("g")
        assert "macro" in text(pilot)


async def test_sorting_by_key(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        assert order(pilot) == ["vanilla", "bbox", "denoise", "superres"]
        await pilot.press("s")
        assert order(pilot) == ["superres", "vanilla", "denoise", "bbox"]
        assert "sorted by accuracy" in text(pilot)
        await pilot.press("S")
        assert order(pilot) == ["bbox", "denoise", "vanilla", "superres"]
        assert "sorted by accuracy, reversed" in text(pilot)


async def test_sorting_by_mouse(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        head = next(line for line in lines(pilot) if "loss" in line)
        where = head.index("loss") - pilot.app.screen.query_one(MetricsTable).region.x
        await pilot.click(MetricsTable, offset=(where, 0))
        assert order(pilot) == ["vanilla", "superres", "bbox", "denoise"]


async def test_cursor_stays_on_its_variant_when_sorted(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        await pilot.press("down", "s")
        table = pilot.app.screen.query_one(MetricsTable)
        assert table.row_key_at(table.cursor_row) == "bbox"


async def test_shares_instead_of_counts(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        assert "0.84" not in text(pilot)
        await pilot.press("r")
        assert "0.84" in text(pilot)
        assert "shares of the row" in text(pilot)


async def test_one_matrix_at_a_time_when_narrow(four: StudyRecord, show: Show) -> None:
    async with show(four, (80, 24)) as pilot:
        grid = pilot.app.screen.query_one(MatrixGrid)
        seen = []
        for _ in range(4):
            await pilot.press("tab")
            focused = pilot.app.focused
            assert isinstance(focused, ConfusionMatrix)
            assert [matrix.variant for matrix in grid.matrices if matrix.display] == [focused.variant]
            seen.append(focused.variant)
        assert seen == ["vanilla", "bbox", "denoise", "superres"]
        await pilot.press("tab")
        assert isinstance(pilot.app.focused, MetricsTable)
        await pilot.press("down", "down")
        assert [matrix.variant for matrix in grid.matrices if matrix.display] == ["denoise"]


async def test_rows_without_a_matrix_leave_the_last_one(four: StudyRecord, show: Show) -> None:
    async with show(four, (80, 24)) as pilot:
        await pilot.press(*["down"] * 5)
        table = pilot.app.screen.query_one(MetricsTable)
        assert table.row_key_at(table.cursor_row).endswith("majority")
        shown = [matrix.variant for matrix in pilot.app.screen.query(ConfusionMatrix) if matrix.display]
        assert shown == ["superres"]


@pytest.mark.parametrize(("size", "columns"), [((80, 24), 1), ((120, 40), 2), ((200, 50), 2)])
async def test_matrices_lie_as_the_width_allows(
    four: StudyRecord, show: Show, size: tuple[int, int], columns: int
) -> None:
    async with show(four, (120, 40)) as pilot:
        await pilot.resize_terminal(*size)
        await settle(pilot)
        shown = [matrix.region for matrix in pilot.app.screen.query(ConfusionMatrix) if matrix.display]
        assert len({region.x for region in shown}) == columns


async def test_arrows_pass_from_matrix_to_matrix(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        await pilot.press("tab", "end", "down", "right")
        focused = pilot.app.focused
        assert isinstance(focused, ConfusionMatrix)
        assert (focused.variant, focused.cursor) == ("bbox", (1, 0))
        await pilot.press("left")
        assert isinstance(pilot.app.focused, ConfusionMatrix)
        assert (pilot.app.focused.variant, pilot.app.focused.cursor) == ("vanilla", (1, 5))


async def test_three_keys_to_the_images_of_a_cell(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        await pilot.press("enter", "enter", "enter")
        assert isinstance(pilot.app.screen, CellScreen)
        await pilot.press("escape", "escape", "escape")
        assert not isinstance(pilot.app.screen, (CellScreen, MatrixScreen, ResultsScreen))


def test_images_of_a_cell_are_sorted_by_confidence(four: StudyRecord) -> None:
    images = cell_images(four, "vanilla", 5, 0)
    assert len(images) == 11
    sure = [image.probabilities[0] for image in images]
    assert sure == sorted(sure, reverse=True)
    assert cell_images(four, "nowhere", 0, 0) == []


async def test_a_study_without_predictions_says_so(many: StudyRecord, four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        await pilot.press("tab", "end", "enter", "enter")
        assert "No test image is in this cell" in text(pilot)


async def test_enlarged_matrix_steps_through_the_variants(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        await pilot.press("tab", "down", "enter", "tab")
        screen = pilot.app.screen
        assert isinstance(screen, MatrixScreen)
        assert (screen.matrix.variant, screen.matrix.cursor) == ("bbox", (1, 0))
        assert "bbox  (2 of 4)" in text(pilot)
        await pilot.press("r", "shift+tab")
        assert screen.matrix.variant == "vanilla"
        assert "shares of the row" in text(pilot)


async def test_large_matrix_scrolls_under_its_heads(many: StudyRecord, show: Show, snapshot: SnapshotAssertion) -> None:
    async with show(many, (80, 24)) as pilot:
        await pilot.press("enter", "enter", "end", *["pagedown"] * 3)
        await settle(pilot)
        assert "ppp41" in lines(pilot)[2]
        assert text(pilot) == snapshot


async def test_classes_replace_the_matrices_and_go_again(four: StudyRecord, show: Show) -> None:
    async with show(four, (80, 24)) as pilot:
        await pilot.press("v")
        assert isinstance(pilot.app.focused, ClassTable)
        assert "apu_nahasapeemapetilon" in text(pilot)
        assert not any(matrix.region.height for matrix in pilot.app.screen.query(ConfusionMatrix))
        await pilot.press("v")
        assert isinstance(pilot.app.focused, MetricsTable)
        assert "columns predicted" in text(pilot)


async def test_classes_sort_when_they_have_the_focus(four: StudyRecord, show: Show) -> None:
    async with show(four) as pilot:
        await pilot.press("v", "s", "s")
        table = pilot.app.screen.query_one(ClassTable)
        assert table.row_key_at(0) == "marge_simpson"


async def test_nothing_evaluated(mixed: StudyRecord, show: Show) -> None:
    for key in [key for key, result in mixed.results.items() if result.metrics is not None]:
        del mixed.results[key]
    async with show(mixed) as pilot:
        assert "No variant was evaluated" in text(pilot)
        await pilot.press("tab", "enter", "r", "v", "g", "s")
        assert "no space left on the disk" in text(pilot)


@pytest.mark.parametrize("no_color", [False, True])
async def test_shade_characters_stand_in_for_colour(
    four: StudyRecord, show: Show, monkeypatch: pytest.MonkeyPatch, no_color: bool
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    async with show(four) as pilot:
        assert ("░" in text(pilot)) is no_color
        assert "42" in text(pilot)


async def test_w_uses_the_marked_variants_model(show: Show, four: StudyRecord) -> None:
    async with show(four) as pilot:
        await pilot.press("w")
        assert not isinstance(pilot.app.screen, ModalScreen)  # a record without a folder has no model
    assert four.started is not None
    four.started = replace(four.started, folder="/runs/20261123")
    async with show(four) as pilot:
        await pilot.press("down", "w")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ImagesScreen)
        await pilot.press("escape")
        await settle(pilot)
        assert "▲ bbox   run 20261123" in lines(pilot)[0]


# ---------------------------------------------------------------- comparisons and calibration


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["p", "b"])
async def test_pairs_and_calibration(
    four: StudyRecord, show: Show, snapshot: SnapshotAssertion, key: str, size: tuple[int, int]
) -> None:
    async with show(four, size) as pilot:
        await pilot.press(key)
        await settle(pilot)
        assert text(pilot) == snapshot


@pytest.mark.parametrize(("key", "screen"), [("p", ComparisonScreen), ("b", CalibrationScreen)])
@pytest.mark.parametrize("back", ["same", "escape"])
async def test_to_statistics_and_back(four: StudyRecord, show: Show, key: str, screen: type, back: str) -> None:
    async with show(four) as pilot:
        await pilot.press(key)
        assert isinstance(pilot.app.screen, screen)
        await pilot.press(key if back == "same" else back)
        assert isinstance(pilot.app.screen, ResultsScreen)


@pytest.mark.parametrize("key", ["p", "b"])
async def test_an_older_run_says_why_it_holds_no_statistics(mixed: StudyRecord, show: Show, key: str) -> None:
    async with show(mixed, (80, 24)) as pilot:
        await pilot.press(key)
        assert "This study holds no statistics" in text(pilot)


async def test_what_could_not_be_compared_is_said(four: StudyRecord, show: Show) -> None:
    assert four.statistics is not None
    pairs = tuple(entry for entry in four.statistics.comparisons if "superres" not in (entry.first, entry.second))
    four.statistics = replace(four.statistics, comparisons=pairs, refused=("superres was tested on other images.",))
    async with show(four) as pilot:
        await pilot.press("p")
        assert text(pilot).count("not compared") == 6
        assert "superres was tested on other images." in text(pilot)


async def test_nothing_to_compare_says_what_it_takes(four: StudyRecord, show: Show) -> None:
    assert four.statistics is not None
    four.statistics = replace(four.statistics, comparisons=(), variants=four.statistics.variants[:1])
    async with show(four) as pilot:
        await pilot.press("p")
        assert "Two variants that were trained" in text(pilot)
        await pilot.press("p", "b")
        assert "vanilla" in text(pilot)


async def test_the_leak_is_said_with_the_pairs(leaking: StudyRecord, show: Show) -> None:
    async with show(leaking) as pilot:
        assert "press c for the clean protocol" in text(pilot)
        await pilot.press("p")
        assert "299 of 300 test images (99.7 %) are copies of training images" in text(pilot)


async def test_several_seeds_are_named(repeated: StudyRecord, show: Show) -> None:
    async with show(repeated) as pilot:
        assert "sum of 3 seeds" in text(pilot)
        await pilot.press("p")
        assert "paired bootstrap over images and seeds; n = 300; 3 seeds" in text(pilot)


async def test_charts_scroll_where_they_do_not_fit(four: StudyRecord, show: Show) -> None:
    async with show(four, (80, 24)) as pilot:
        await pilot.press("b")
        assert "superres" not in text(pilot)
        await pilot.press("end")
        assert "superres" in text(pilot)


@pytest.mark.parametrize("screen", [ComparisonScreen, CalibrationScreen])
def test_help_lists_the_keys_of_statistics(screen: type) -> None:
    assert {"escape", "p", "b"} & {binding.key for binding in next(iter(sections(screen, DashboardApp).values()))}


async def test_several_seeds_add_up_in_the_matrices(repeated: StudyRecord, show: Show) -> None:
    async with show(repeated) as pilot:
        await pilot.press("tab", "right", "enter")
        assert isinstance(pilot.app.screen, MatrixScreen)
        assert "900 predictions" in text(pilot)
        assert "protocol grouped, sum of 3 seeds" in text(pilot)
        await pilot.press("enter")
        assert "6 images of homer taken for lisa with seed 0" in text(pilot)
