"""Accuracy against resolution in every format that can hold it."""

import csv
import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest

from engine.events.codec import to_jsonable
from engine.finished.dossier import Exported, gather
from engine.finished.explain.curves import count_ladder, native_sizes
from engine.finished.run import open_run
from engine.reports.resolution import ResolutionReport
from engine.system.files import replace_json
from tui.export.charts import draw_ladders
from tui.export.formats import FORMATS

SIZES = (128, 64)
VARIANTS = ("vanilla", "bbox")


@pytest.fixture
def report():
    right = np.ones((40, 3), np.bool_)
    right[30:], right[20:, 2] = False, False
    ladders = [
        count_ladder(variant, part, np.full(40, largest), SIZES, right)
        for variant in VARIANTS
        for part, largest in (("test", 200), ("held out", 600))
    ]
    sizes = (native_sizes("training", np.full(90, 600)), native_sizes("test", np.full(40, 200)))
    return ResolutionReport("s", 0, 0, sizes, tuple(ladders), ("It falls.",), ("Mind.",))


def rendered(form, record, report):
    return FORMATS[form].render(Exported(record, resolution=report))


@pytest.mark.parametrize("form", ["html", "md"])
def test_reports_tell_it_where_it_was_measured(studies, report, form):
    text = rendered(form, studies.whole(), report).decode()
    for words in ("Accuracy against resolution", "seed 0", "0.750", "0.500", "−25.0", "It falls.", "Mind.", "Held-out"):
        assert words in text
    assert "Accuracy against resolution" not in rendered(form, studies.whole(), None).decode()


def test_a_drawing_a_part(studies, report):
    page = rendered("html", studies.whole(), report).decode()
    assert page.count("Share recognised of test images by size: vanilla 0.750 as they are, bbox 0.750") > 1
    assert "Share recognised of held-out images by size" in page
    picture = rendered("svg", studies.whole(), report).decode()
    assert "Share recognised of test images by size" in picture


def test_lines_rise_with_the_share_and_whiskers_hold_the_point(report):
    root = draw_ladders(report.ladders, "test", VARIANTS, 1000, 380)
    ElementTree.tostring(root)
    lines = [node.attrib["d"] for node in root.iter("path") if node.attrib["class"] == "bold v0"]
    (line,) = lines
    points = [tuple(map(float, point.split())) for point in line.removeprefix("M").split("L")]
    assert len(points) == 3
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert points[0][1] > points[1][1] == points[2][1]  # half are right at 64 pixels, three quarters above
    whiskers = [node.attrib["d"] for node in root.iter("path") if node.attrib["class"] == "thin v0"]
    for (_, y), whisker in zip(points, whiskers, strict=True):
        low, high = whisker.split()[1].split("V")
        assert float(high) < y < float(low)


def test_a_row_a_size_in_csv(studies, report):
    files = rendered("csv", studies.whole(), report)
    rows = list(csv.DictReader(io.StringIO(files["resolution.csv"].decode()), strict=True))
    assert len(rows) == 2 * 2 * 3
    whole, _, small = rows[:3]
    assert (whole["variant"], whole["part"], whole["size"], whole["right"], whole["change"]) == (
        "vanilla",
        "test",
        "",
        "30",
        "",
    )
    assert (small["size"], small["shrunk"], small["right"], small["lost"]) == ("64", "40", "20", "10")
    assert float(small["change"]) == -0.25
    assert float(small["change_low"]) < -0.25 < float(small["change_high"])
    assert "resolution.csv" not in rendered("csv", studies.whole(), None)


def test_json_holds_it_beside_the_study(studies, report):
    record = studies.whole()
    data = json.loads(rendered("json", record, report))
    assert data["resolution"]["ladders"][0]["steps"][1]["right"] == 20
    assert {name: value for name, value in data.items() if name != "resolution"} == json.loads(
        rendered("json", record, None)
    )


def test_it_is_found_beside_the_run(make_run, report):
    folder = make_run("s")
    assert gather(open_run(folder)).resolution is None
    replace_json(folder / "resolution.json", {"version": 1, "report": to_jsonable(report)})
    assert gather(open_run(folder)).resolution == report
