"""NearDuplicates that were changed in known ways: which the audit names, and which it does not."""

import pytest

PICTURES = 16
ALL, SOME, FEW, NONE = (1.0, 1.0), (0.4, 0.99), (0.0, 0.3), (0.0, 0.0)
"""Lowest and highest share that is found."""

NEAR = {
    "the same pixels in another file format": ALL,
    "scaled to a third": ALL,
    "re-encoded at JPEG quality 30": ALL,
    "grey": ALL,
    "brightness +20 %": ALL,
    "shifted by 2 %": SOME,
    "shifted by 5 %": FEW,
    "cropped by 5 %": SOME,
    "cropped by 10 %": FEW,
    "turned by 3 degrees": FEW,
    "under a bar of an eighth of its height": FEW,
    "mirrored": NONE,
}


@pytest.fixture(scope="module")
def planted(planted_copies, tmp_path_factory):
    """What each setting made of drawn scenes and their copies."""
    folder = tmp_path_factory.mktemp("planted")
    planted_copies.plant(list(planted_copies.drawn_pictures(PICTURES)), folder / "set")
    return {
        closeness: planted_copies.measure(folder / "set", folder / "cache", closeness)
        for closeness in ("near", "scene")
    }


def test_every_kind_is_told(planted_copies):
    assert set(NEAR) == set(planted_copies.CHANGES)


@pytest.mark.parametrize("kind", NEAR)
def test_near_finds_what_the_table_says(planted, kind):
    least, most = NEAR[kind]
    assert least <= planted["near"].found[kind] <= most


@pytest.mark.parametrize("kind", NEAR)
def test_scene_finds_what_near_finds_and_more(planted, kind):
    near, scene = planted["near"].found[kind], planted["scene"].found[kind]
    assert scene >= near
    if near == 0:
        assert scene < 1
    if NEAR[kind] == SOME:
        assert scene >= 0.9


def test_no_copy_is_paired_with_another_picture(planted):
    assert (planted["near"].wrong, planted["scene"].wrong) == (0, 0)


def test_only_equal_pixels_are_exact(planted):
    for outcome in planted.values():
        exact = {kind for kind, share in outcome.exact.items() if share}
        assert exact == {"the same pixels in another file format"}
        assert outcome.exact["the same pixels in another file format"] == 1


def test_the_table_names_every_kind(planted_copies, planted):
    lines = planted_copies.markdown(planted).splitlines()
    assert lines[0] == "| copy is | near | scene |"
    assert "| scaled to a third | 100 % | 100 % |" in lines
    assert len([line for line in lines if line.startswith("|")]) == 2 + len(NEAR)
