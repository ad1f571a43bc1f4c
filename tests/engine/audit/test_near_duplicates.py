"""The comparison of all with all, against the same done pair by pair."""

import numpy as np
import pytest

from engine.audit import LIMITS, find_near_duplicates
from engine.audit import near_duplicates as module
from engine.audit.near_duplicates import NOBODY, Looks
from engine.dataset import THUMBNAIL_SIZE, Fingerprint
from engine.errors import StudyStopped
from engine.events.control import StudyControl

HEIGHT, WIDTH = THUMBNAIL_SIZE


def silent(_done, _total):
    pass


def taken(thumbnail, bits, pixels):
    return Fingerprint(pixels, bits, np.clip(thumbnail, 0, 255).astype(np.uint8).tobytes(), (240, 320), "JPEG")


def patchwork(generator):
    coarse = generator.uniform(0, 255, size=(HEIGHT // 4, WIDTH // 4, 3))
    return coarse.repeat(4, axis=0).repeat(4, axis=1)


def flip(bits, count):
    return bits ^ ((1 << count) - 1)


@pytest.fixture
def family():
    """Five patchworks, each with six relatives that are more and more unlike it, in one list."""
    generator = np.random.default_rng(3)
    fingerprints = []
    for number in range(5):
        base, bits = patchwork(generator), int(generator.integers(0, 2**63))
        for step in range(7):
            noise = generator.normal(scale=9 * step, size=base.shape)
            fingerprints.append(taken(base + noise, flip(bits, 4 * step), f"{number} {step}"))
    fingerprints.append(fingerprints[0])  # equal pixels
    return fingerprints


def pairwise(looks, closeness):
    """Whether each two are copies, one pair after the other: (N, N)."""
    n = len(looks)
    alike = np.zeros((n, n), dtype=bool)
    for i in range(n):
        for j in range(n):
            one, other = np.array([i]), np.array([j])
            bits = int(looks.hashes[i] ^ looks.hashes[j]).bit_count()
            correlation = float(looks.correlations(one, other)[0])
            rms = float(looks.thumbnail_rms(one, other)[0])
            alike[i, j] = i != j and (
                looks.pixels[i] == looks.pixels[j]
                or any(
                    bits <= limit.hash_distance and correlation >= limit.correlation and rms <= limit.thumbnail_rms
                    for limit in LIMITS[closeness]
                )
            )
    return alike


def find(looks, closeness="near", *, labels=None, is_test=None, control=None, progress=silent):
    n = len(looks)
    return find_near_duplicates(
        looks,
        labels=np.zeros(n, dtype=np.int64) if labels is None else np.array(labels),
        is_test=np.zeros(n, dtype=bool) if is_test is None else np.array(is_test),
        closeness=closeness,
        control=control or StudyControl(),
        progress=progress,
    )


@pytest.mark.parametrize("closeness", ["near", "scene"])
@pytest.mark.parametrize("block_pairs", [1, 200, 2_000_000])
def test_blocks_find_what_pairs_find(family, closeness, block_pairs, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_PAIRS", block_pairs)
    looks = Looks(family)
    expected = pairwise(looks, closeness)
    assert 10 < expected.sum() < 300  # neither nothing nor everything
    found = find(looks, closeness)
    assert (found.within != NOBODY).tolist() == expected.any(axis=1).tolist()
    for row, partner in enumerate(found.within):
        if partner != NOBODY:
            assert expected[row, partner]
            distance = np.bitwise_count(looks.hashes[row] ^ looks.hashes)
            equal = looks.pixels[row] == looks.pixels
            assert equal[partner] or distance[partner] == distance[expected[row]].min()


def test_scene_pairs_more_than_near(family):
    looks = Looks(family)
    near, scene = pairwise(looks, "near"), pairwise(looks, "scene")
    assert (near <= scene).all()
    assert scene.sum() > near.sum()


def test_groups_join_what_hangs_together_in_any_way(family):
    looks = Looks(family)
    alike = pairwise(looks, "near")
    groups = find(looks).groups
    first, second = np.nonzero(alike)
    assert (groups[first] == groups[second]).all()
    assert (groups <= np.arange(len(looks))).all()
    assert (groups[groups] == groups).all()
    # Nothing is joined that no chain of pairs joins.
    reach = alike | np.eye(len(looks), dtype=bool)
    for _ in range(6):
        reach = reach @ reach
    assert (groups[:, None] == groups[None, :]).tolist() == reach.tolist()


def test_a_chain_over_blocks_is_one_group(monkeypatch):
    """Each is a copy of the next alone; the ends are none of each other's."""
    monkeypatch.setattr(module, "_BLOCK_PAIRS", 1)
    base = patchwork(np.random.default_rng(0))
    chain = [taken(base, (1 << 9 * step) - 1, str(step)) for step in range(6)]
    found = find(Looks([chain[i] for i in (3, 0, 5, 2, 4, 1)]))
    assert found.groups.tolist() == [0] * 6


def test_one_look_alone_does_not_convince():
    generator = np.random.default_rng(1)
    base = patchwork(generator)
    same_hash = [taken(base, 7, "a"), taken(patchwork(generator), 7, "b")]
    same_thumbnail = [taken(base, 0, "a"), taken(base, 2**64 - 1, "b")]
    for fingerprints in (same_hash, same_thumbnail):
        for closeness in ("near", "scene"):
            assert find(Looks(fingerprints), closeness).within.tolist() == [NOBODY, NOBODY]


def test_scene_asks_for_the_colours_too():
    base = patchwork(np.random.default_rng(2))
    swapped = base[:, :, ::-1].copy()
    grey = np.repeat((base @ [0.299, 0.587, 0.114])[:, :, None], 3, axis=2)
    of_one_brightness = grey - (swapped @ [0.299, 0.587, 0.114])[:, :, None] + swapped
    assert find(Looks([taken(grey, 0, "a"), taken(of_one_brightness, flip(0, 15), "b")]), "scene").within[0] == NOBODY
    assert find(Looks([taken(grey, 0, "a"), taken(grey + 3, flip(0, 15), "b")]), "scene").within[0] == 1


def test_featureless_pictures_are_copies_only_where_pixels_are_equal():
    black, almost = np.zeros((HEIGHT, WIDTH, 3)), np.full((HEIGHT, WIDTH, 3), 2)
    looks = Looks([taken(black, 0, "black"), taken(almost, 0, "almost"), taken(black, 0, "black")])
    found = find(looks, "scene")
    assert found.within.tolist() == [2, NOBODY, 0]
    assert found.groups.tolist() == [0, 1, 0]
    assert looks.correlations(np.array([0]), np.array([2])).tolist() == [0]


def test_partners_by_part_and_label(family):
    a, b, c, d = family[0], family[1], family[7], family[8]
    found = find(Looks([a, c, b, d]), labels=[0, 1, 0, 0], is_test=[False, False, True, True])
    assert found.across.tolist() == [2, 3, 0, 1]
    assert found.within.tolist() == [NOBODY] * 4
    assert found.mislabelled.tolist() == [NOBODY, 3, NOBODY, 1]


def test_equal_pixels_are_nearer_than_an_equal_hash():
    base = patchwork(np.random.default_rng(5))
    like = taken(base + 4, 0, "other")
    found = find(Looks([taken(base, 0, "one"), like, taken(base, 0, "one")]))
    assert found.within.tolist()[0] == 2


def test_of_equal_distances_the_better_correlation_is_nearer():
    generator = np.random.default_rng(6)
    base = patchwork(generator)
    rough, fine = (base + generator.normal(scale=scale, size=base.shape) for scale in (20, 5))
    found = find(Looks([taken(base, 0, "a"), taken(rough, 1, "b"), taken(fine, 2, "c")]))
    assert found.within[0] == 2


def test_progress_reaches_the_end_and_a_stop_ends_it(family, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_PAIRS", 100)
    reports, control = [], StudyControl()
    find(Looks(family), progress=lambda *report: reports.append(report))
    n = len(family)
    assert reports[0] == (0, n)
    assert reports[-1] == (n, n)
    assert reports == sorted(reports)
    assert len(reports) > 5

    def stop_soon(done, _total):
        reports.append(done)
        if done > 4:
            control.stop()

    reports.clear()
    with pytest.raises(StudyStopped):
        find(Looks(family), control=control, progress=stop_soon)
    assert reports[-1] < n


def test_no_image_at_all():
    assert find(Looks([])).groups.tolist() == []
