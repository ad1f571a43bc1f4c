import numpy as np
import pytest

from engine.finished.explain.changes import CHANGES, MID_GREY, Changed, box_on_pixels

BOX = (2, 3, 8, 9)


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (12, 10, 3), dtype=np.uint8)


def inside(region=BOX):
    left, top, right, bottom = region
    mask = np.zeros((12, 10), bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("change", "greyed"),
    [
        ("background greyed", ~inside()),
        ("box greyed", inside()),
        ("top of box greyed", inside((2, 3, 8, 5))),
    ],
)
def test_what_is_taken_away_is_grey_and_the_rest_stays(pixels, change, greyed):
    kept = pixels.copy()
    changed = CHANGES[change](pixels, BOX)
    assert (changed[greyed] == MID_GREY).all()
    assert np.array_equal(changed[~greyed], pixels[~greyed])
    assert np.array_equal(pixels, kept)


def test_without_colour_the_brightness_stays(pixels):
    changed = CHANGES["colour removed"](pixels, None)
    assert np.array_equal(changed[..., 0], changed[..., 1])
    assert np.array_equal(changed[..., 0], changed[..., 2])
    expected = pixels.astype(float) @ [0.299, 0.587, 0.114]
    assert changed[..., 0] == pytest.approx(expected, abs=0.51)


def test_a_change_of_the_box_needs_one(pixels):
    with pytest.raises(ValueError, match="needs a box"):
        CHANGES["box greyed"](pixels, None)


@pytest.mark.parametrize(
    ("box", "cropped", "expected"),
    [
        ((10, 20, 60, 80), False, (5, 5, 30, 20)),
        ((10, 20, 60, 80), True, (0, 0, 50, 25)),
        ((99, 99, 100, 100), False, (49, 24, 50, 25)),
    ],
)
def test_boxes_follow_the_resize(box, cropped, expected):
    assert box_on_pixels(box, (100, 100), (25, 50), cropped=cropped) == expected


def test_pixels_are_changed_as_they_are_read(pixels):
    class Source:
        image_size = (12, 10)

        def gather(self, rows):
            return np.stack([pixels + row for row in rows]).astype(np.uint8)

    regions = [BOX, (0, 0, 10, 12), None]
    changed = Changed(Source(), "box greyed", regions)
    assert changed.image_size == (12, 10)
    second, first = changed.gather(np.array([1, 0]))
    assert (second == MID_GREY).all()
    assert np.array_equal(first, CHANGES["box greyed"](pixels, BOX))
