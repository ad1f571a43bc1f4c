"""The drawings: well-formed, with gaps where there is no loss, and every count of a matrix."""

import math
import re
from xml.etree import ElementTree

import pytest

from engine.finished.dossier import Exported
from tui.export.formats import FORMATS
from tui.export.nodes import xml_text
from tui.state.curves import mean_curve, smooth, variant_curves

SVG = "{http://www.w3.org/2000/svg}"


def picture(record):
    return ElementTree.fromstring(FORMATS["svg"].render(Exported(record)))


def curves_of(root, title):
    (drawing,) = [part for part in root.iter(f"{SVG}svg") if part.get("aria-label", "").startswith(title)]
    return {part.get("class"): part.get("d") for part in drawing.iter(f"{SVG}path")}


def test_it_is_one_picture_of_all_variants(studies):
    root = picture(studies.whole(studies.NASTY))
    titles = [part.get("aria-label") for part in root.iter(f"{SVG}svg")]
    for variant in studies.STUDY_VARIANTS:
        assert f"Confusion matrix of {variant}" in titles
        assert f"Loss of {variant} by batch, raw and smoothed" in titles
    texts = {part.text for part in root.iter(f"{SVG}text")}
    assert studies.NASTY[0] in texts


def test_parts_do_not_reach_out_of_the_picture(studies):
    root = picture(studies.whole())
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    parts = list(root.iterfind(f"{SVG}svg"))
    assert len(parts) == 9
    for part in parts:
        assert float(part.attrib["x"]) + float(part.attrib["width"]) <= width
        assert float(part.attrib["y"]) + float(part.attrib["height"]) <= height


def test_a_loss_that_is_no_number_leaves_a_gap(studies):
    root = picture(studies.whole())
    whole, gap = curves_of(root, "Loss of vanilla by"), curves_of(root, "Loss of bbox by")
    assert (whole["thin v0"].count("M"), whole["bold v0"].count("M")) == (1, 1)
    assert (gap["thin v1"].count("M"), gap["bold v1"].count("M")) == (2, 2)
    assert "nan" not in "".join(gap.values())


def test_a_loss_between_gaps_is_a_dot(studies):
    record = studies.whole(variants=("bbox",))
    (key,) = record.losses
    record.losses[key] = [2.0, math.nan, 1.0, math.nan, 3.0, 2.0]
    path = curves_of(picture(record), "Loss of bbox by")["thin v0"]
    assert path.count("M") == 3
    assert path.count("h.01") == 2


def test_losses_lie_where_the_axes_say(studies):
    record = studies.whole(variants=("vanilla",))
    (key,) = record.losses
    record.losses[key] = [4.0, 2.0, 0.0]
    path = curves_of(picture(record), "Loss of vanilla by")["thin v0"]
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", path) if pair]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.11)
    assert y2 > y1 > y0  # SVG counts from above


def test_a_study_without_losses_is_still_a_picture(studies):
    record = studies.begun()
    record.losses.clear()
    assert list(picture(record).iterfind(f"{SVG}svg")) == []


def test_every_count_of_a_matrix_is_there(studies):
    root = picture(studies.whole(variants=("vanilla",)))
    (matrix,) = [part for part in root.iter(f"{SVG}svg") if part.get("aria-label") == "Confusion matrix of vanilla"]
    counts = [part.text for part in matrix.iter(f"{SVG}text") if "count" in part.get("class", "")]
    assert counts == ["8", "1", "1", "2", "7", "1", "·", "3", "7"]


def test_several_trainings_are_thin_and_their_mean_is_bold(studies):
    record = studies.repeated()
    vanilla, denoise = variant_curves(record)
    assert (vanilla.jobs, denoise.jobs) == (4, 2)
    expected = [sum(values) / 4 for values in zip(*vanilla.thin, strict=True)]
    assert list(vanilla.bold) == pytest.approx(expected)


def test_the_mean_goes_on_with_the_curves_that_go_on():
    assert mean_curve([[1.0, math.nan, 3.0], [3.0, math.nan]])[::2] == [2.0, 3.0]
    assert math.isnan(mean_curve([[1.0, math.nan], [3.0, math.nan]])[1])


def test_smoothing_keeps_gaps_and_forgets_them():
    smoothed = smooth([2.0, math.inf, 2.0])
    assert math.isnan(smoothed[1])
    assert (smoothed[0], smoothed[2]) == (2.0, 2.0)


def test_characters_that_xml_has_not_are_replaced():
    assert xml_text("a\x00\x1b\ud800b\tc") == "a\ufffd\ufffd\ufffdb\tc"
