import numpy as np
import pytest
from rich.color import Color

from tui.pictures.half_blocks import fitted, half_blocks, shades


def halves():
    """Left half red, right half blue: (20, 40, 3)."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20, 0] = 255
    pixels[:, 20:, 2] = 255
    return pixels


@pytest.mark.parametrize(("width", "height", "size"), [(20, 40, (20, 10)), (100, 10, (20, 10)), (3, 1, (2, 1))])
def test_a_picture_keeps_its_proportions(width, height, size):
    assert fitted(halves(), width, height).size == size


def test_a_cell_shows_two_pixels():
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0] = (250, 10, 20)
    pixels[1] = (5, 200, 30)
    (line,) = half_blocks(pixels, 3, 1)
    assert line.text == "▀▀▀"
    (segment,) = list(line)
    assert segment.style.color == Color.from_rgb(250, 10, 20)
    assert segment.style.bgcolor == Color.from_rgb(5, 200, 30)


def test_colours_stand_where_they_are_in_the_picture():
    lines = half_blocks(halves(), 10, 4)
    assert {line.cell_length for line in lines} == {10}
    first, *_, last = lines[0]
    assert (first.style.color.triplet, last.style.color.triplet) == ((255, 0, 0), (0, 0, 255))


def test_an_odd_number_of_lines_is_filled_with_the_last():
    (line,) = half_blocks(halves()[:1, :1], 1, 1)
    assert line.text == "▀"


def test_shades_follow_brightness_and_ground():
    ramp = np.repeat(np.linspace(0, 255, 5, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(2, axis=0)
    (dark,) = shades(ramp, 5, 1, dark=True)
    (light,) = shades(ramp, 5, 1, dark=False)
    assert dark.text == " ░▒▓█"
    assert light.text == dark.text[::-1]


def test_maps_keep_their_pixels_sharp_when_enlarged():
    colours = set(map(tuple, np.asarray(fitted(halves()[:2, 19:21], 8, 8, sharp=True)).reshape(-1, 3).tolist()))
    assert colours == {(255, 0, 0), (0, 0, 255)}
