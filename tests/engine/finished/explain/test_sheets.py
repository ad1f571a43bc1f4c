import io

import numpy as np
import pytest
from PIL import Image

from engine.finished.explain.sheets import maps_picture, overlay, png_bytes, sheet


def test_heat_covers_only_where_there_is_evidence():
    pixels = np.full((20, 30, 3), (200, 100, 0), np.uint8)
    evidence = np.zeros((4, 6), np.float32)
    evidence[:, 4:] = 1
    over = overlay(pixels, evidence)
    assert over.shape == pixels.shape
    assert over[:, :10].reshape(-1, 3).tolist() == [[100, 100, 100]] * 200
    assert (over[:, -3:, 0].astype(int) > 180).all()


def test_maps_stand_side_by_side_each_in_its_own_range():
    maps = np.zeros((6, 4, 5), np.float32)
    maps[1, 0, 0] = 0.001
    maps[2] = 7
    picture = maps_picture(maps)
    rows, columns = (picture.shape[0] + 1) // 5, (picture.shape[1] + 1) // 6
    assert rows * columns >= 6
    assert picture[0, 6].tolist() == pytest.approx([252, 255, 164], abs=1)
    assert picture[2, 2].tolist() == [0, 0, 4]


def test_a_sheet_has_a_place_for_every_picture():
    red = np.full((10, 20, 3), (255, 0, 0), np.uint8)
    page = sheet([[red, None], [None, red]], ["a", "b"], ["one", "two"], cell=(40, 30))
    found = (page == (255, 0, 0)).all(axis=2)
    assert found.sum() == pytest.approx(2 * 40 * 20, rel=0.05)
    top, bottom = np.flatnonzero(found.any(axis=1))[[0, -1]]
    assert bottom - top > 30


def test_png_bytes_are_a_png():
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png_bytes(pixels)))), pixels)
