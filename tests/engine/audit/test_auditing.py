"""The audit of whole data sets on disk."""

import json

import pytest
from PIL import Image

from engine.demo import DEMO_CLASSES, draw_picture
from engine.errors import StudyStopped
from engine.events.codec import from_jsonable, to_jsonable
from engine.events.control import StudyControl
from engine.reports.audit import AuditReport


def save(image, place, **options):
    place.parent.mkdir(parents=True, exist_ok=True)
    image.save(place, **options)


def third(image):
    return image.resize((image.width // 3, image.height // 3), Image.Resampling.LANCZOS)


def paths(report):
    return [(pair.first.path, pair.second.path, pair.kind) for pair in report.pairs]


def test_a_set_without_copies(root, audit):
    report = audit(root)
    assert (report.train, report.test) == (10, 4)
    assert (report.train_counts, report.test_counts) == ((5, 5), (2, 2))
    assert (report.pairs, report.groups, report.leaks, report.leak_sentence) == ((), (), False, "")
    assert (report.leaking_train, report.copied_train, report.copied_test) == (0, 0, 0)
    assert report.sentences[0] == "none of the 4 test images is a copy of a training image, as far as this audit sees"
    assert report.blind_spots


def test_scaled_copies_in_the_test_part_are_leaks(root, audit, scene):
    for number in (0, 2, 5):
        save(third(scene(number)), root / "test" / "ab"[number % 2] / f"copy{number}.jpg", quality=90)
    report = audit(root)
    assert (report.leaking_test, report.leaking_train, report.copied_train, report.copied_test) == (3, 3, 0, 0)
    assert sorted(paths(report)) == [
        ("test/a/copy0.jpg", "train/a/0.png", "near"),
        ("test/a/copy2.jpg", "train/a/2.png", "near"),
        ("test/b/copy5.jpg", "train/b/5.png", "near"),
    ]
    assert set(report.groups) == {
        ("train/a/0.png", "test/a/copy0.jpg"), ("train/a/2.png", "test/a/copy2.jpg"),
        ("train/b/5.png", "test/b/copy5.jpg"),
    }  # fmt: skip
    assert report.sentences[0].startswith("3 of 7 test images (42.9 %) are copies of training images")
    assert report.leak_sentence == "3 of 7 test images (42.9 %) are copies of training images"
    sides = {side.path: side for pair in report.pairs for side in (pair.first, pair.second)}
    assert (sides["train/a/0.png"].size, sides["train/a/0.png"].part) == ((120, 160), "train")
    assert (sides["test/a/copy0.jpg"].size, sides["test/a/copy0.jpg"].part) == ((40, 53), "test")


def test_one_leak_is_told_in_the_singular(root, audit, scene):
    save(scene(0), root / "test" / "a" / "copy.png")
    report = audit(root)
    assert report.sentences[0] == "1 of 5 test images (20.0 %) is a copy of training images (1 pixel for pixel)"
    assert report.sentences[1].startswith("1 of 10 training images (10.0 %) is a copy of them")


def test_equal_pixels_in_other_files_are_exact(root, audit, scene):
    save(scene(3), root / "train" / "b" / "again.bmp")
    report = audit(root)
    assert paths(report) == [("train/b/3.png", "train/b/again.bmp", "exact")]
    (pair,) = report.pairs
    assert (pair.hash_distance, pair.thumbnail_rms, pair.correlation) == (0, 0, 1)
    assert not pair.crosses_parts
    assert (report.copied_train, report.leaking_test) == (2, 0)
    assert any("2 of 11 training images (18.2 %) copy another training image" in line for line in report.sentences)


def test_copies_with_two_labels_are_told(root, audit, scene):
    save(scene(0), root / "train" / "b" / "wrong.jpg", quality=80)
    report = audit(root)
    (pair,) = report.pairs
    assert pair.crosses_classes
    assert (pair.first.class_name, pair.second.class_name) == ("a", "b")
    told = "one pair of copies has two labels, such as train/a/0.png (a) and train/b/wrong.jpg (b)"
    assert report.sentences[1].startswith(told)


def test_a_label_at_odds_is_told_although_a_nearer_copy_has_the_same(root, audit, scene):
    save(scene(0), root / "train" / "a" / "same.png")
    save(third(scene(0)), root / "train" / "b" / "wrong.jpg", quality=60)
    pairs = paths(audit(root))
    assert ("train/a/0.png", "train/a/same.png", "exact") in pairs
    assert {("train/a/0.png", "train/b/wrong.jpg", "near"), ("train/a/same.png", "train/b/wrong.jpg", "near")} & set(
        pairs
    )
    assert pairs[0][1] == "train/b/wrong.jpg"  # the graver comes first


def test_training_copies_of_a_leaking_image_count_too(root, audit, scene):
    save(scene(0), root / "test" / "a" / "copy.png")
    save(third(scene(0)), root / "train" / "a" / "small.jpg", quality=90)
    report = audit(root)
    assert (report.leaking_test, report.leaking_train, report.copied_train) == (1, 2, 2)
    assert report.groups == (("train/a/0.png", "train/a/small.jpg", "test/a/copy.png"),)


def test_copies_among_the_test_images_are_no_leak(root, audit, scene):
    save(scene(10), root / "test" / "a" / "twin.png")
    report = audit(root)
    assert (report.leaking_test, report.copied_test, report.copied_train) == (0, 2, 0)
    assert any("2 of 5 test images (40.0 %) copy another test image" in line for line in report.sentences)


def test_files_that_are_not_what_they_are_called(root, audit, scene):
    save(scene(20), root / "train" / "a" / "really_a.jpg", format="PNG")
    save(scene(21), root / "train" / "b" / "fine.jpeg")
    report = audit(root)
    assert [(file.path, file.reason) for file in report.odd] == [
        ("train/a/really_a.jpg", "a PNG file, although it is called .jpg")
    ]
    assert report.sentences[-1] == (
        "1 file is not what its name says: train/a/really_a.jpg (a PNG file, although it is called .jpg)"
    )


def test_unreadable_files_are_listed(root, audit):
    whole = (root / "train" / "a" / "0.png").read_bytes()
    (root / "train" / "a" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "test" / "b" / "text.png").write_text("no image")
    report = audit(root)
    assert {file.path for file in report.unreadable} == {"train/a/cut.png", "test/b/text.png"}
    assert report.train == 10
    assert any(line.startswith("2 files or annotations were left out, such as ") for line in report.sentences)


def test_sizes_and_a_change_of_resolution(root, audit, scene):
    for file in (root / "test").rglob("*.png"):
        save(third(scene(int(file.stem))), file)
    report = audit(root)
    train, test = report.sizes
    assert (train.part, train.height, train.width, train.distinct) == ("train", (120,) * 3, (160,) * 3, 1)
    assert (test.part, test.height, test.width, test.distinct) == ("test", (40,) * 3, (53,) * 3, 1)
    assert any(line.startswith("test images are 3.0 times smaller than training images") for line in report.sentences)


def test_boxes_of_one_part_alone_are_told(root, audit):
    lines = [f"./characters/a/{number}.png,10,10,60,80,a" for number in (0, 2, 4)]
    (root / "annotation.txt").write_text("\n".join(lines) + "\n")
    report = audit(root)
    assert (report.boxed_train_counts, report.boxed_test_counts) == ((3, 0), (0, 0))
    words = "3 of 10 training images (30.0 %) and no test image have a bounding box: what crops trains on another kind"
    assert any(line.startswith(words) for line in report.sentences)


def test_classes_out_of_balance(root, audit, scene):
    for number in range(30, 36):
        save(scene(number), root / "train" / "a" / f"{number}.png")
    assert any(line == "a has 2.2 times as many training images as b (11 and 5)" for line in audit(root).sentences)


def test_images_that_are_not_divided_yet(tmp_path, scene, audit):
    """Without test images the audit still says what is a copy of what."""
    for number in range(8):
        save(scene(number), tmp_path / "flat" / "ab"[number % 2] / f"{number}.png")
    report = audit(tmp_path / "flat")
    assert report.train + report.test == 8
    assert not report.leaks


def test_scene_says_so(root, audit, scene):
    moved = Image.new("RGB", (160, 120))
    moved.paste(scene(0).crop((0, 0, 1, 120)).resize((5, 120)), (0, 0))
    moved.paste(scene(0), (5, 0))
    save(moved, root / "test" / "a" / "moved.png")
    near, loose = audit(root), audit(root, "scene")
    assert (near.leaking_test, loose.leaking_test) == (0, 1)
    assert paths(loose) == [("test/a/moved.png", "train/a/0.png", "scene")]
    assert loose.leak_sentence.endswith("is a copy of training images or of the same shots")
    assert near.blind_spots != loose.blind_spots


def test_the_report_survives_json(root, audit, scene):
    save(third(scene(0)), root / "test" / "b" / "copy.jpg", quality=90)
    report = audit(root)
    assert report.pairs
    assert from_jsonable(AuditReport, json.loads(json.dumps(to_jsonable(report), allow_nan=False))) == report


def test_a_stop_ends_it(root, audit):
    control = StudyControl()
    with pytest.raises(StudyStopped):
        audit(root, control=control, progress=lambda done, total: control.stop())


def test_progress_counts_all_images(root, audit):
    reports = []
    audit(root, progress=lambda *report: reports.append(report))
    assert (reports[0], reports[-1]) == ((0, 14), (14, 14))


def test_drawings_that_are_alike_in_style_alone_are_no_copies(tmp_path, audit):
    for number in range(120):
        name = DEMO_CLASSES[number % 6]
        place = tmp_path / "drawn" / ("test" if number % 5 == 0 else "train") / name / f"{number}.png"
        save(draw_picture(name, f"style {number}", (120, 90)), place)
    for closeness in ("near", "scene"):
        report = audit(tmp_path / "drawn", closeness)
        assert (report.groups, report.pairs, report.leaking_test) == ((), (), 0)


def test_two_classes_of_the_real_frames(real_frames, audit):
    """40 of the 100 test images have their original here, by a comparison at full resolution and by eye."""
    report = audit(real_frames, classes=("apu_nahasapeemapetilon", "krusty_the_clown"))
    assert (report.train, report.test) == (676, 100)
    names = ("apu_*.jpg", "krusty_*.jpg")
    files = [file for name in names for file in (real_frames / "kaggle_simpson_testset").glob(name)]
    pngs = {file.name for file in files if file.read_bytes().startswith(b"\x89PNG")}
    assert pngs
    assert {file.path.rpartition("/")[2] for file in report.odd} == pngs
    assert not any(pair.crosses_classes for pair in report.pairs)
    leaks = [pair for pair in report.pairs if pair.crosses_parts]
    assert len([pair for pair in leaks if pair.correlation >= 0.98]) == 40
    assert report.leaking_test == len(leaks) == 48
