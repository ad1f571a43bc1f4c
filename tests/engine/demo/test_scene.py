import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from engine.demo import DEMO_CLASSES, draw_box, draw_picture, scene
from engine.demo.characters import CHARACTERS

SIZE = (96, 72)
BOX_SLACK = 2  # pixels


def test_six_characters_in_alphabetical_order() -> None:
    assert len(DEMO_CLASSES) == 6
    assert list(DEMO_CLASSES) == sorted(DEMO_CLASSES)


def test_look_alikes_differ_in_hair_and_clothes_only() -> None:
    clover, hazel = CHARACTERS["clover"], CHARACTERS["hazel"]
    dressed_up = replace(
        clover,
        name=hazel.name,
        hair=hazel.hair,
        hair_colours=hazel.hair_colours,
        accents=hazel.accents,
        wardrobe=hazel.wardrobe,
    )
    assert dressed_up == hazel
    assert clover.hair != hazel.hair
    assert not set(clover.wardrobe) & set(hazel.wardrobe)


def test_builds_and_faces_of_the_others_are_their_own() -> None:
    assert len({(character.build, character.face) for character in CHARACTERS.values()}) == 5


def test_one_character_has_another_skin_tone() -> None:
    tones = [character.skin for character in CHARACTERS.values()]
    assert sorted(tones.count(tone) for tone in set(tones)) == [1, 5]


@pytest.mark.parametrize("character", DEMO_CLASSES)
def test_same_seed_draws_the_same_picture(character: str) -> None:
    first, second = (hashlib.sha256(draw_picture(character, 7, SIZE).tobytes()).digest() for _ in range(2))
    assert first == second


def test_another_seed_draws_another_picture() -> None:
    pictures = {draw_picture(character, seed, SIZE).tobytes() for character in DEMO_CLASSES for seed in range(4)}
    assert len(pictures) == 4 * len(DEMO_CLASSES)


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (33, 31), (200, 60)])
def test_picture_is_rgb_of_the_size_asked_for(size: tuple[int, int]) -> None:
    picture = draw_picture("olive", 1, size)
    assert picture.mode == "RGB"
    assert picture.size == size


@pytest.fixture
def changed_by_figure(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Image.Image]:
    """Draws a picture with and without its figure, in plain light, and gives the mask (mode L) of what differs."""

    def mask(character: str, seed: int) -> Image.Image:
        with monkeypatch.context() as patch:
            patch.setattr(scene, "cast_light", lambda picture, _rng: picture)
            patch.setattr(scene, "FOREGROUND_SHARE", 0.0)
            whole = draw_picture(character, seed, SIZE)
            patch.setattr(scene, "draw_figure", lambda *_: None)
            empty = draw_picture(character, seed, SIZE)
        return ImageChops.difference(whole, empty).convert("L").point(lambda level: 255 if level else 0)

    return mask


@pytest.mark.parametrize("character", DEMO_CLASSES)
def test_box_is_where_the_figure_is(character: str, changed_by_figure: Callable[[str, int], Image.Image]) -> None:
    for seed in range(8):
        box = draw_box(character, seed, SIZE)
        seen = changed_by_figure(character, seed).getbbox()
        assert seen is not None
        # Where the figure's edge has the background's colour, it is not seen.
        assert all(abs(a - b) <= BOX_SLACK for a, b in zip(box, seen, strict=True)), (seed, box, seen)


@pytest.mark.parametrize("character", DEMO_CLASSES)
def test_figure_is_large_enough_to_see(character: str, changed_by_figure: Callable[[str, int], Image.Image]) -> None:
    for seed in range(8):
        covered = changed_by_figure(character, seed).histogram()[255]
        assert covered > 0.02 * SIZE[0] * SIZE[1], seed


def test_figure_varies_in_place_and_size_and_reaches_out_of_the_picture() -> None:
    boxes = [draw_box("rowan", seed, SIZE) for seed in range(24)]
    assert len({left for left, *_ in boxes}) > 6
    assert len({right - left for left, _, right, _ in boxes}) > 6
    assert any(left == 0 or right == SIZE[0] for left, _, right, _ in boxes)
    assert any(left > 0 and right < SIZE[0] for left, _, right, _ in boxes)
