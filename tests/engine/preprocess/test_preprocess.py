import hashlib
from dataclasses import replace

import numpy as np
import pytest

from engine.config.combinations import COMBINATIONS
from engine.config.variants import STUDY_VARIANTS, VARIANTS, get_variant
from engine.dataset import Box
from engine.errors import DatasetError, StudyStopped
from engine.events.control import StudyControl
from engine.preprocess import StepContext, build_steps, pipeline, results, run_steps


def by_hand(study, variant, picture_of):
    """The variant's steps, image by image, without cache, threads or batches."""
    context = StepContext(study.recipe, study.machine, study.superres)
    expected = []
    for image in study.images:
        steps = build_steps(variant, context)
        *_, (_, pixels) = run_steps(steps, picture_of(image), image.sample.box)
        expected.append(pixels)
    return np.stack(expected)


@pytest.fixture
def picture_of(picture):
    def of(image):
        seed = int(image.sample.path.partition("-")[2].partition(".")[0])
        return picture(seed, 30 + seed, 40 + 2 * seed)

    return of


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_its_steps_applied_by_hand(study, name, picture_of):
    np.testing.assert_array_equal(study.pixels(name), by_hand(study, VARIANTS[name], picture_of))
    assert study.started == (7, 0)
    assert study.done[-1] == 7


@pytest.mark.parametrize("name", ["bbox+denoise+superres", "superres+denoise", "bbox+superres-full"])
def test_any_ordered_set_of_steps_is_a_variant(study, name, picture_of, monkeypatch):
    monkeypatch.setattr(pipeline, "images_per_batch", lambda device, height, width: 3)
    variant = get_variant(name)
    np.testing.assert_array_equal(study.pixels(variant), by_hand(study, variant, picture_of))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_second_call_needs_no_work(study, new_study, name):
    first = study.pixels(name)
    reads = study.reads
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels(name), first)
    assert (again.started, again.done, again.reads - reads, again.superres.images) == ((7, 7), [], 0, 0)


def test_gather_takes_rows_in_any_order_and_copies_them(study):
    everything = study.pixels("bbox")
    with study.open("bbox") as table:
        rows = np.array([5, 1, 1, 4])
        pixels = table.gather(rows)
        np.testing.assert_array_equal(pixels, everything[rows])
        assert (pixels.dtype, pixels.flags.c_contiguous, pixels.flags.owndata) == (np.uint8, True, True)
        assert (len(table), table.image_size, table.note) == (7, (12, 16), "")
        assert table.gather(np.array([], np.int64)).shape == (0, 12, 16, 3)
        with pytest.raises(IndexError):
            table.gather(np.array([7]))


def test_the_four_variants_decode_an_image_once_and_once_more_to_crop_it(study):
    for name in STUDY_VARIANTS:
        study.pixels(name)
    assert [image.sample.source.reads for image in study.images] == [1, 2, 1, 1, 2, 1, 1]


@pytest.mark.parametrize("cropped", ["bbox", "bbox-paper"])
def test_images_without_a_box_share_vanillas_result(study, cropped):
    vanilla = study.pixels("vanilla")
    bbox = study.pixels(cropped)
    assert study.started == (7, 5)
    assert [bool((vanilla[row] == bbox[row]).all()) for row in range(7)] == [True, False, True, True, False, True, True]


def test_variants_of_the_study_share_what_they_ask_to_share(study):
    study.shared_with = tuple(VARIANTS.values())
    for name in ("superres", "denoise", "vanilla", "superres-full"):
        study.pixels(name)
    assert study.superres.images == 7
    assert study.reads == 7


def test_combinations_begin_where_others_have_come(study):
    study.shared_with = tuple(map(get_variant, COMBINATIONS))
    for name in COMBINATIONS:
        study.pixels(name)
    # Each image is read once, and once more to crop it. Super-resolved are: all after the plain resize and after the
    # denoising, and the two with a box after each of the same once they are cropped.
    assert study.reads == 7 + 2
    assert study.superres.images == 7 + 2 + 7 + 2


def test_a_combination_leaves_its_beginning_for_the_variant_that_it_is(study):
    study.shared_with = tuple(map(get_variant, ("superres+denoise", "superres")))
    study.pixels("superres+denoise")
    study.pixels("superres")
    assert study.started == (7, 7)


def test_files_with_the_same_content_are_worked_on_once(new_study, make_image):
    image = make_image(0)
    twin = replace(image, sample=replace(image.sample, path="copy.png"))
    study = new_study([image, twin, image])
    pixels = study.pixels("vanilla")
    assert (study.started, study.done, image.sample.source.reads) == ((3, 0), [3], 1)
    np.testing.assert_array_equal(pixels[0], pixels[1])


def test_one_changed_image_is_one_recomputed(study, new_study, make_image):
    before = study.pixels("denoise")
    changed = [*study.images[:3], make_image(99), *study.images[4:]]
    again = new_study(changed)
    after = again.pixels("denoise")
    assert again.started == (7, 6)
    assert [bool((before[row] == after[row]).all()) for row in range(7)] == [True] * 3 + [False] + [True] * 3


def test_another_box_is_another_crop(study, new_study, make_image, images):
    study.pixels("bbox")
    box = replace(images[1].sample.box, left=6)
    again = new_study([images[0], replace(images[1], sample=replace(images[1].sample, box=box))])
    again.pixels("bbox")
    assert again.started == (2, 1)


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        ("denoise", {"recipe": {"denoise_weight": 0.2}}),
        ("vanilla", {"recipe": {"image_size": (12, 20)}}),
        ("superres", {"weights": "b" * 64}),
        ("superres", {"machine": {"precision": "bf16"}}),
        ("superres", {"machine": {"threads": 1}}),  # moves a value here and there
    ],
)
def test_other_parameters_share_no_result(study, new_study, variant, change):
    study.pixels(variant)
    again = new_study(study.images)
    again.recipe = replace(again.recipe, **change.get("recipe", {}))
    again.machine = replace(again.machine, **change.get("machine", {}))
    again.superres.info = replace(again.superres.info, sha256=change.get("weights", "a" * 64))
    again.pixels(variant)
    assert again.started == (7, 0)


def test_other_library_versions_share_no_result(study, new_study, monkeypatch):
    study.pixels("vanilla")
    monkeypatch.setattr("engine.preprocess.chains.library_version", lambda name: "0.0")
    again = new_study(study.images)
    again.pixels("vanilla")
    assert again.started == (7, 0)


@pytest.mark.parametrize(
    ("variant", "change"),
    [("superres", {"channels_last": False}), ("denoise", {"channels_last": False, "threads": 1, "precision": "bf16"})],
)
def test_what_does_not_change_a_pixel_does_not_matter(study, new_study, variant, change):
    study.pixels(variant)
    again = new_study(study.images)
    again.recipe = replace(again.recipe, epochs=9, learning_rate=0.1)
    again.machine = replace(again.machine, **change)
    again.pixels(variant)
    assert again.started == (7, 7)


@pytest.mark.parametrize("variant", ["vanilla", "superres"])
def test_a_stop_keeps_what_was_finished(study, new_study, monkeypatch, variant):
    monkeypatch.setattr(pipeline, "PROGRESS_SECONDS", 0)
    monkeypatch.setattr(pipeline, "images_per_batch", lambda device, height, width: 1)
    done = []

    class StopAfterThree(StudyControl):
        def checkpoint(self, *callbacks):
            if len(study.done) == 3:
                done.extend(study.done)
                raise StudyStopped

    study.control = StopAfterThree()
    with pytest.raises(StudyStopped):
        study.open(variant)
    assert done == [1, 2, 3]
    again = new_study(study.images)
    again.pixels(variant)
    assert again.started == (7, 3)


def test_a_study_that_was_stopped_before_does_nothing(study):
    study.control.stop()
    with pytest.raises(StudyStopped):
        study.open("vanilla")
    assert (study.reads, study.started) == (0, ())


def test_progress_counts_what_was_cached_and_rises(study, new_study, monkeypatch):
    new_study(study.images[:2]).pixels("vanilla")
    monkeypatch.setattr(pipeline, "PROGRESS_SECONDS", 0)
    study.pixels("vanilla")
    assert (study.started, study.done) == ((7, 2), [3, 4, 5, 6, 7])


def test_progress_is_thinned(study, monkeypatch):
    monkeypatch.setattr(pipeline, "PROGRESS_SECONDS", 1e9)
    study.pixels("vanilla")
    assert study.done == [7]


def test_a_file_that_changed_since_the_check_is_named(study, make_image):
    study.images[2].sample.source.data = make_image(50).sample.source.data
    with pytest.raises(DatasetError, match=r"^picture-2\.png: changed while the study ran"):
        study.open("vanilla")


def test_a_file_that_no_longer_decodes_is_named_and_the_others_stay(study, new_study, monkeypatch):
    monkeypatch.setattr(results, "WRITE_BYTES", 1)
    broken = study.images[6]
    data = broken.sample.source.data[:1000]
    broken.sample.source.data = data
    study.images[6] = replace(broken, digest=hashlib.sha256(data).hexdigest())
    with pytest.raises(DatasetError, match=r"^picture-6\.png: damaged"):
        study.open("vanilla")
    again = new_study(study.images[:6])
    again.pixels("vanilla")
    assert again.started == (6, 6)


def test_a_box_beside_its_image_is_told_with_the_file(new_study, make_image):
    study = new_study([make_image(0), make_image(1, box=Box(50, 5, 60, 25))])
    with pytest.raises(DatasetError, match=r"^picture-1\.png: its box, 50,5 to 60,25, holds nothing of its 40 x 30"):
        study.open("bbox")


def test_no_images_make_an_empty_table(new_study):
    study = new_study([])
    with study.open("superres-full") as table:
        assert (len(table), table.image_size) == (0, (24, 32))
    assert study.started == (0, 0)
