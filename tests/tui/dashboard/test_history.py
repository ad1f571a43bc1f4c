"""The list of runs on the screen, driven by keys, on run folders that the store wrote."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.events.record import StudyRecord
from engine.events.study import BatchTrained, DatasetChecked, ProtocolApplied, StudyStarted
from engine.reports.results import ProtocolSummary
from engine.runs import RunFolder
from tui.screens.history.history import HistoryScreen, OpenedResultsScreen
from tui.screens.history.run_comparison import RunCurvesScreen, RunTablesScreen
from tui.screens.results.export import ExportScreen
from tui.screens.training.screen import TrainingScreen
from tui.tables.history import history_data, matching
from tui.widgets.metrics_table import SortableTable

SIZE = (140, 40)


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch):
    monkeypatch.setattr("tui.screens.history.history.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("tui.session.watching.LOOK_SECONDS", 0.01)


@pytest.fixture
def add(kit, tmp_path):
    """Writes a run of kit's study; `until` ends it before its time, `live` keeps its writer."""
    open_runs = []

    def added(name="springfield", protocol="official", variants=("vanilla", "bbox"), until=None, *, live=False):
        run = RunFolder.create(tmp_path / "runs", replace(kit.CONFIG, variants=variants, protocol=protocol))
        record = StudyRecord()
        summary = replace(kit.SUMMARY, name=name, fingerprint=name)
        tests = ProtocolSummary(protocol, "", (700,), (0,), (150,), test_fingerprint=f"{name} {protocol}")
        for event in kit.study_events(variants, summary):
            told = [replace(event, protocol=protocol) if isinstance(event, StudyStarted) else event]
            if isinstance(event, DatasetChecked):
                told.append(ProtocolApplied(time=event.time, protocol=tests))
            for one in told:
                record.apply(one)
                run.append(one)
            if until is not None and until(event):
                break
        run.write_summary(record)
        open_runs.append(run)
        if not live:
            run.close()
        run.settle()
        return run.folder

    yield added
    for run in open_runs:
        run.close()


def in_training(event):
    return isinstance(event, BatchTrained) and event.step == 7


async def listed(kit, pilot, count):
    await pilot.press("h")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen), "history")
    await kit.until(pilot, lambda: len(pilot.app.screen.runs or []) == count, "list")
    return pilot.app.screen


def rows(screen):
    """The names of the runs in the order of the table."""
    table = screen.query_one(SortableTable)
    return [Path(row.key.value).name for row in table.ordered_rows] if table.display else []


async def test_without_runs_it_says_what_to_do(kit, make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await listed(kit, pilot, 0)
        await kit.until(pilot, lambda: "No run yet" in kit.screen_text(app), "words")
        await pilot.press("escape")
        assert not isinstance(app.screen, HistoryScreen)


async def test_a_folder_that_cannot_be_read_is_named(kit, make_app, tmp_path):
    (tmp_path / "runs").write_text("a file in the way")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await listed(kit, pilot, 0)
        await kit.until(pilot, lambda: "cannot be read" in kit.screen_text(app), "words")


async def test_the_newest_stand_first_and_columns_sort(kit, make_app, add):
    names = [add("zebra").name, add("apple", variants=("vanilla",)).name, add("melon", until=in_training).name]
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await listed(kit, pilot, 3)
        assert rows(screen) == names[::-1]
        text = kit.screen_text(app)
        assert "! interrupted" in text
        assert "✓ done" in text
        await pilot.press("s", "s")
        assert rows(screen) == [names[1], names[2], names[0]]
        await pilot.press("S")
        assert rows(screen) == [names[0], names[2], names[1]]
        await pilot.press("s", "s", "s", "s")
        assert screen.query_one(SortableTable).sort_key == "accuracy"
        assert rows(screen) == [names[0], names[1], names[2]]  # the one without a score is last


async def test_typing_filters_and_escape_shows_all(kit, make_app, add):
    apple, zebra = add("apple", "clean").name, add("zebra").name
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await listed(kit, pilot, 2)
        await pilot.press("slash", *"CLEAN app")
        await kit.until(pilot, lambda: rows(screen) == [apple], "filtered")
        await pilot.press(*"x")
        await kit.until(pilot, lambda: "No run holds" in kit.screen_text(app), "words")
        await pilot.press("escape")
        await kit.until(pilot, lambda: rows(screen) == [zebra, apple], "all")
        assert isinstance(app.screen, HistoryScreen)


async def test_enter_opens_a_finished_run_wherever_it_was_moved(kit, make_app, add, tmp_path):
    moved = add().rename(tmp_path / "runs" / "moved")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await listed(kit, pilot, 1)
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(app.screen, OpenedResultsScreen), "results")
        assert app.screen._record.started.folder == str(moved)
        await pilot.press("escape")
        assert isinstance(app.screen, HistoryScreen)
        await pilot.press("e")
        await kit.until(pilot, lambda: isinstance(app.screen, ExportScreen), "export")


async def test_enter_watches_a_run_under_way_and_h_comes_back(kit, make_app, add):
    live = add(until=in_training, live=True)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await listed(kit, pilot, 1)
        await pilot.press("enter")
        await kit.until(pilot, lambda: app.session.watched is not None, "watching")
        assert app.session.watched.folder == live
        await kit.until(pilot, lambda: isinstance(app.screen, TrainingScreen), "curves")
        await pilot.press("h")
        await kit.until(pilot, lambda: isinstance(app.screen, HistoryScreen), "history")
        assert app.session.watched is None
        assert len(app.screen_stack) == 2


async def test_a_damaged_run_is_listed_and_says_why(kit, make_app, add):
    folder = add()
    (folder / "summary.json").write_text("{")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await listed(kit, pilot, 1)
        assert "summary.json is damaged" in kit.screen_text(app)
        await pilot.press("enter")
        await kit.until(pilot, lambda: list(app._notifications), "message")
        assert isinstance(app.screen, HistoryScreen)


async def test_removing_asks_and_is_refused_for_a_run_under_way(kit, make_app, add):
    live = add(until=in_training, live=True)
    done = add()
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await listed(kit, pilot, 2)
        await pilot.press("delete", "n")
        assert done.is_dir()
        await pilot.press("delete", "y")
        await kit.until(pilot, lambda: rows(screen) == [live.name], "removed")
        assert not done.exists()
        await pilot.press("delete")
        assert app.screen is screen
        assert live.is_dir()


async def test_r_goes_on_with_an_interrupted_run(kit, make_app, add):
    folder = add(until=in_training)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await listed(kit, pilot, 1)
        await pilot.press("r")
        await kit.until(pilot, lambda: app.session.engine.resumed == [folder], "resumed")


async def test_a_run_that_comes_is_listed_by_itself(kit, make_app, add):
    add()
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await listed(kit, pilot, 1)
        add("other")
        await kit.until(pilot, lambda: len(rows(screen)) == 2, "second run")


async def test_the_history_does_not_disturb_a_study_of_this_process(kit, make_app, add):
    other = add(until=in_training, live=True)
    engine = kit.FakeEngine(hold=in_training)
    app = make_app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, engine.holding.is_set, "hold")
        screen = await listed(kit, pilot, 1)
        assert rows(screen) == [other.name]
        await pilot.press("enter")
        await kit.until(pilot, lambda: list(app._notifications), "message")
        assert "a study runs here" in next(iter(app._notifications)).message
        engine.go.set()
        await kit.until(pilot, lambda: not app.session.engine_running, "end")
        assert app.screen is screen
        await pilot.press("escape")
        await kit.until(pilot, lambda: type(app.screen).__name__ == "ResultsScreen", "results")


# ---------------------------------------------------------------- comparing


async def marked(kit, pilot, count):
    screen = await listed(kit, pilot, count)
    await pilot.press(*["space"] * count)
    assert len(screen._places) == count
    return screen


async def test_marked_runs_share_a_chart_and_a_table(kit, make_app, add):
    names = [add().name, add(variants=("vanilla", "denoise")).name]
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await marked(kit, pilot, 2)
        assert "2 marked" in kit.screen_text(app)
        await pilot.press("o")
        await kit.until(pilot, lambda: isinstance(app.screen, RunCurvesScreen), "curves")
        await kit.until(pilot, lambda: "loss by batch" in kit.screen_text(app), "chart")
        text = kit.screen_text(app)
        assert all(name in text for name in names)
        assert "! " not in text
        assert app.screen.variants == ["vanilla", "denoise", "bbox"]
        await pilot.press("tab")
        await kit.until(pilot, lambda: "not trained" in kit.screen_text(app), "denoise")
        await pilot.press("t")
        await kit.until(pilot, lambda: isinstance(app.screen, RunTablesScreen), "tables")
        table = app.screen.query_one(SortableTable)
        assert [row.key.value for row in table.ordered_rows] == [
            f"{names[1]}:vanilla",
            f"{names[1]}:denoise",
            f"{names[0]}:vanilla",
            f"{names[0]}:bbox",
        ]
        await pilot.press("escape")
        assert app.screen is screen


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ({"protocol": "clean"}, "they follow different protocols"),
        ({"name": "elsewhere"}, "they were tested on different images"),
    ],
)
async def test_what_must_not_be_compared_gets_no_table(kit, make_app, add, second, reason):
    add()
    add(**second)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await marked(kit, pilot, 2)
        await pilot.press("t")
        await kit.until(pilot, lambda: isinstance(app.screen, RunTablesScreen), "tables")
        await kit.until(pilot, lambda: reason in kit.screen_text(app), "reason")
        assert not app.screen.query_one(SortableTable).display
        assert "Mark runs with the same test images" in kit.screen_text(app)
        await pilot.press("o")
        await kit.until(pilot, lambda: isinstance(app.screen, RunCurvesScreen), "curves")
        await kit.until(pilot, lambda: reason in kit.screen_text(app), "reason")


async def test_a_mark_keeps_its_look_when_another_goes(kit, make_app, add):
    folders = [add() for _ in range(3)]
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await marked(kit, pilot, 3)
        before = dict(screen._places)
        await pilot.press("ctrl+home", "space")
        assert screen._places == {folder: before[folder] for folder in folders[:2]}


# ---------------------------------------------------------------- the table itself


def test_words_are_found_in_any_order_and_case(add, tmp_path):
    from engine.runs.listing import list_runs

    add("Apple", "clean")
    add("pear")
    runs = list_runs(tmp_path / "runs")
    assert [run.dataset for run in matching(runs, "CLEAN apple")] == ["Apple"]
    assert [run.dataset for run in matching(runs, "bbox done")] == ["pear", "Apple"]
    assert matching(runs, "clean pear") == []
    assert history_data([]).rows == ()


async def test_a_small_screen_shows_what_is_marked_and_the_keys(kit, make_app, add):
    add(name="a data set with a name that is far too long for a screen of this size")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await marked(kit, pilot, 1)
        lines = kit.screen_text(app).splitlines()
        assert "1 marked: o curves, t tables" in lines[0]
        assert "del Remove" in lines[-1]
        assert "? Keys" in lines[-1]


def test_a_small_screen_lists_a_long_name_after_the_scores():
    keys = [column.key for column in history_data([], narrow=True).columns]
    assert keys.index("accuracy") < keys.index("dataset") == len(keys) - 1
