"""How busy the machine was: the timeline, the sentences, the tables, the screen."""

import csv
import io
import re
from dataclasses import replace

import pytest

from engine.config.machine import MachineSettings
from engine.events.record import JobKey, StageSpan, StudyRecord
from engine.events.study import MachineChosen, MachineMeasured, RunResumed
from engine.finished.dossier import Exported
from engine.reports.machine_load import GpuLoad
from tests.tui.dashboard import kit
from tests.tui.dashboard.conftest import _plain_terminal, make_app  # noqa: F401 - fixtures
from tests.tui.fake_study import START, study_events
from tui.export.formats import FORMATS
from tui.screens.machine import MachineScreen
from tui.tables.machine import NOT_MEASURED, machine_sentences
from tui.tables.machine_curves import Timeline, lanes, panels, workers
from tui.widgets.time_chart import stage_strip

EVERY = 5
LOAD = MachineMeasured(
    host="n1",
    cpu=0.95,
    process_cpu=0.9,
    memory=3_000_000_000,
    memory_total=8_000_000_000,
    process_memory=2_000_000_000,
    disk_free=55_000_000_000,
    disk_read=4_000_000,
    disk_written=None,
)
GROUND = "#121212"


def measured(load=LOAD, device="cpu", **changes):
    """A study of two variants, with the machine measured every five seconds."""
    events, due = [], START + EVERY
    for told in study_events(("vanilla", "bbox")):
        event = told
        while due <= event.time:
            events.append(replace(load, time=due, **changes))
            due += EVERY
        if isinstance(event, MachineChosen) and device != "cpu":
            event = replace(event, machine=MachineSettings(device, "a GPU", "bf16", True, 2, "measured"))
        events.append(event)
    return StudyRecord.from_events(events)


def test_times_in_which_nobody_worked_take_no_room():
    record = StudyRecord(loads=[MachineMeasured(time=time) for time in (100, 105, 1000, 1005)])
    timeline = Timeline(record)
    assert timeline.seconds == 10
    assert [timeline.at(time) for time in (90, 100, 103, 105, 500, 1000, 1004, 1010)] == [0, 0, 3, 5, 5, 5, 9, 15]
    assert [timeline.moment(at) for at in (0, 3, 4.5, 5, 9)] == [100, 103, 104.5, 1000, 1004]


def test_stages_side_by_side_stand_in_rows():
    one, two, three = (StageSpan("train", JobKey(name, 0, 0), start, end) for name, start, end in
                       (("a", 0, 10), ("b", 5, None), ("c", 10, 12)))  # fmt: skip
    assert lanes([one, two, three]) == [[one, three], [two]]


def test_the_charts_are_those_that_there_are_figures_for():
    record = measured()
    found = panels(record.loads, Timeline(record))
    assert [panel.title for panel in found] == ["processor", "memory", "disk"]
    assert found[0].series[0].points[0] == (5.0, pytest.approx(95.0))
    assert found[2].series[1].points == []
    gpus = (GpuLoad(0, 0.5, 1_000_000_000, 2_000_000_000, 61.0, 200.0), GpuLoad(1))
    found = panels(measured(gpus=gpus).loads, Timeline(record))
    assert [(panel.title, panel.unit) for panel in found[3:]] == [
        ("GPU work", "%"),
        ("GPU memory", "GB"),
        ("GPU power", "W"),
        ("GPU temperature", "°C"),
    ]
    assert found[3].series[0].points[-1][1] == pytest.approx(50.0)
    assert found[3].series[1].points == []


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"memory": 7_500_000_000}, ["memory was above 90 % for 1:35"]),
        ({"disk_free": 400_000_000}, ["the disk had only 400 MB free at its fullest"]),
        ({"cpu": 0.5, "process_cpu": 0.45}, ["the processor was idle 50 % of training, which computes with 2 threads"]),
        ({"cpu": 0.9, "process_cpu": 0.5}, ["other programs took 40 % of the processor in training"]),
        ({"device": "cuda", "gpus": (GpuLoad(0, 0.25),)}, ["the GPU was idle 75 % of training"]),
        (
            {"device": "cuda", "gpus": (GpuLoad(0, 1.0, temperature=90.0),)},
         ["a GPU had 85 °C or more for 1:35, where many slow themselves down"]),
    ],
)  # fmt: skip
def test_a_sentence_is_said_where_it_is_true(changes, sentences):
    assert machine_sentences(measured(**changes)) == sentences


def test_workers_are_told_apart_from_the_process_that_leads_and_counted_together():
    record = measured(cpu=0.5, process_cpu=0.0)
    n1 = replace(LOAD, worker="vanilla-seed0-fold0", process_cpu=0.25, process_memory=1_000_000_000)
    for number, load in enumerate((n1, replace(n1, worker="bbox-seed0-fold0"), n1, replace(n1, host="n2"))):
        record.apply(replace(load, time=START + 20 + number))
    here = [load for load in record.loads if load.host == "n1"]
    processor, memory, _ = panels(here, Timeline(record))
    assert [series.name for series in processor.series] == ["all", "process", "workers"]
    assert [value for _, value in processor.series[2].points] == [25.0, 50.0, 50.0]
    assert [value for _, value in memory.series[2].points] == [1.0, 2.0, 2.0]
    elsewhere, _, _ = panels(record.loads[-1:], Timeline(record))
    assert [series.name for series in elsewhere.series] == ["all", "workers"]
    assert workers(record.loads[:-4]) == ()
    assert workers(record.loads[-4:]) == ("vanilla-seed0-fold0", "bbox-seed0-fold0")
    rows = csv.DictReader(io.StringIO(FORMATS["csv"].render(Exported(record))["machine.csv"].decode()))
    assert [(row["host"], row["worker"]) for row in list(rows)[-2:]] == [
        ("n1", "vanilla-seed0-fold0"),
        ("n2", "vanilla-seed0-fold0"),
    ]


def test_two_sentences_are_enough():
    record = measured(memory=7_500_000_000, disk_free=1, cpu=0.1)
    assert len(machine_sentences(record)) == 2


def test_the_tables_have_a_row_a_measurement_gpu_and_stage():
    record = measured(gpus=(GpuLoad(3, 0.5), GpuLoad(4, power=1.5)))
    files = FORMATS["csv"].render(Exported(record))
    rows = {name: list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode()))) for name in
            ("machine", "gpus", "stages")}  # fmt: skip
    assert len(rows["machine"]) == len(record.loads)
    assert rows["machine"][0]["disk_written"] == ""
    assert float(rows["machine"][0]["cpu"]) == 0.95
    assert [row["index"] for row in rows["gpus"][:2]] == ["3", "4"]
    assert (rows["stages"][1]["stage"], rows["stages"][1]["variant"]) == ("preprocess", "vanilla")
    assert "machine.csv" not in FORMATS["csv"].render(Exported(StudyRecord.from_events(study_events(("vanilla",)))))


def test_a_stage_is_named_where_its_name_fits():
    record = measured()
    timeline = Timeline(record)
    strip = stage_strip(lanes(record.spans)[0], timeline, (0.0, timeline.seconds), 120, GROUND).plain
    assert len(strip) == 120
    assert "train vanilla" in strip
    assert "train bbox" in strip
    assert strip.index("train vanilla") < strip.index("train bbox")


def test_an_interrupted_study_keeps_its_stages_apart():
    later = START + 50_000
    record = measured()
    for event in (RunResumed(time=later, program_version="1"), replace(LOAD, time=later + 5)):
        record.apply(event)
    assert Timeline(record).seconds < 200


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
async def test_the_screen_shows_the_curves_live(make_app, size):  # noqa: F811 - the fixture
    record = measured(cpu=0.5, process_cpu=0.45, gpus=(GpuLoad(0, 0.5, 1, 2, 61.0, 200.0),))
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(MachineScreen(lambda: record))
        await kit.until(pilot, lambda: "● all 50 ▲ process 45" in kit.screen_text(app), "the processor")
        text = kit.screen_text(app)
        assert "the processor was idle 50 % of training" in text
        assert "train vanilla" in text
        assert "┤" in text
        record.apply(replace(LOAD, time=record.loads[-1].time + 5, cpu=0.99, host="n2"))
        record.apply(replace(LOAD, time=record.loads[-1].time + 5, cpu=0.77))
        await kit.until(pilot, lambda: "all 77" in kit.screen_text(app), "what is new")
        await pilot.press("tab")
        await kit.until(pilot, lambda: "machine n2" in kit.screen_text(app), "the other machine")
        await kit.until(pilot, lambda: "all 99" in kit.screen_text(app), "its figures")
        await pilot.press("escape")
        await kit.until(pilot, lambda: not isinstance(app.screen, MachineScreen), "back")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_one_cursor_reads_every_chart(make_app, size):  # noqa: F811 - the fixture
    record = measured()
    record.apply(replace(LOAD, time=record.loads[-1].time + 5, cpu=0.55, memory=7_000_000_000))
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(MachineScreen(lambda: record))
        await kit.until(pilot, lambda: "all 55" in kit.screen_text(app), "the last figure")
        await pilot.press("left", "left")
        await kit.until(pilot, lambda: "all 95" in kit.screen_text(app), "the figure before")
        text = kit.screen_text(app)
        assert "all 3.0" in text, "memory"
        assert "┊" in text
        assert re.search(r"\d\d:\d\d:\d\d  \+1:40  train bbox", text)
        await pilot.press("home")
        await kit.until(pilot, lambda: "+0:05" in kit.screen_text(app), "the first")
        assert "train vanilla" in kit.screen_text(app) or "prepare vanilla" in kit.screen_text(app)
        await pilot.press("plus", "plus", "plus")
        await kit.until(pilot, lambda: app.screen.board.sight.view.mode == "frozen", "a part")
        await pilot.press("space", "v")
        await kit.until(pilot, lambda: "all 55" in kit.screen_text(app), "the last again")
        assert "┊" not in kit.screen_text(app)


async def test_a_study_that_was_not_measured_says_so(make_app):  # noqa: F811 - the fixture
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(MachineScreen(StudyRecord))
        await kit.until(pilot, lambda: NOT_MEASURED[:40] in kit.screen_text(app), "why it is empty")


async def test_the_key_opens_it_from_training_and_from_the_results(make_app):  # noqa: F811 - the fixture
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: app.session.has_results, "the end")
        for key in ("M", "escape", "enter"):
            await pilot.press(key)
        await kit.until(pilot, lambda: type(app.screen).__name__ == "ResultsScreen", "results")
        await pilot.press("M")
        await kit.until(pilot, lambda: isinstance(app.screen, MachineScreen), "from the results")
