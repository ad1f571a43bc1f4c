"""Protocols, folds, seeds and validation images through the whole engine, on a tiny data set with planted copies."""

import json
import shutil
from dataclasses import replace

import pytest
from PIL import Image

from engine.config.search import TuningConfig
from engine.errors import DatasetError, InputError
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, EpochTrained, JobFinished, Notice, StageStarted
from engine.events.study_json import study_to_json
from engine.study.auditing import audit_dataset
from engine.study.running import resume_study, run_study
from engine.tuning.order import tune

COPIED = 2


@pytest.fixture
def leaking(tiny_dataset, config, tmp_path):
    """A study of one variant on a set whose first two test images of each class are training images, re-encoded."""
    root = shutil.copytree(tiny_dataset, tmp_path / "leaking")
    for folder in (root / "train").iterdir():
        for number in range(COPIED):
            picture = Image.open(folder / f"pic_{number:04d}.png")
            picture.save(root / "test" / folder.name / f"pic_{number:04d}.png", compress_level=1)
    return replace(config, data=root, variants=("vanilla",))


def test_the_clean_protocol_trains_on_nothing_that_is_tested(leaking):
    official = run_study(leaking)
    clean = run_study(replace(leaking, protocol="clean"))
    assert official.audit.leaking_test == clean.audit.leaking_test == 3 * COPIED
    assert official.protocol.train_counts == (36,)
    assert clean.protocol.train_counts == (36 - clean.protocol.left_out,)
    assert clean.protocol.left_out == clean.audit.leaking_train >= 3 * COPIED
    paths = [[prediction.path for prediction in record.result("vanilla").predictions] for record in (official, clean)]
    assert paths[0] == paths[1]
    assert official.protocol.test_fingerprint == clean.protocol.test_fingerprint != ""
    assert official.dataset.fingerprint == clean.dataset.fingerprint != ""


def test_leaks_are_a_warning_under_the_official_protocol_alone(leaking):
    def warnings(record):
        return [notice.message for notice in record.notices if notice.level == "warning" and "copies" in notice.message]

    assert warnings(run_study(leaking)) == [
        "6 of 15 test images (40.0 %) are copies of training images: the clean protocol leaves those out"
    ]
    assert warnings(run_study(replace(leaking, protocol="clean"))) == []


def test_the_json_object_holds_audit_protocol_intervals_comparisons_and_repeats(config):
    record = run_study(replace(config, repeats=2))
    data = json.loads(json.dumps(study_to_json(record), allow_nan=False))
    assert data["protocol"]["name"] == "official"
    assert data["audit"]["leaking_test"] == record.audit.leaking_test
    assert data["repeats"]["seeds"] == [0, 1]
    assert [(job["seed"], job["fold"]) for job in data["variants"]["bbox"]["jobs"]] == [(0, 0), (1, 0)]
    assert set(data["intervals"]) == {"vanilla", "bbox"}
    (comparison,) = data["comparisons"]
    assert {comparison["first"], comparison["second"]} == {"vanilla", "bbox"}
    accuracies = [job["accuracy"] for job in data["variants"]["bbox"]["jobs"]]
    assert data["variants"]["bbox"]["accuracy"] == pytest.approx(sum(accuracies) / 2)
    assert data["repeats"]["variants"]["bbox"]["accuracies"] == pytest.approx(accuracies)


def test_every_seed_trains_all_variants_before_the_next_begins(config):
    events = []
    run_study(replace(config, repeats=2, seed=5), events.append)
    order = [(e.seed, e.variant) for e in events if isinstance(e, StageStarted) and e.stage == "train"]
    assert order == [(5, "vanilla"), (5, "bbox"), (6, "vanilla"), (6, "bbox")]
    cached = {
        (e.seed, e.variant): e.cached == e.total
        for e in events
        if isinstance(e, StageStarted) and e.stage == "preprocess"
    }
    assert cached[6, "vanilla"]
    assert cached[6, "bbox"]


def test_a_repeated_study_holds_the_single_studies_of_its_seeds(config):
    repeated = run_study(replace(config, variants=("vanilla",), repeats=2))
    for seed in (0, 1):
        single = run_study(replace(config, variants=("vanilla",), seed=seed)).result("vanilla")
        twin = next(result for result in repeated.jobs("vanilla") if result.seed == seed)
        assert twin.metrics == single.metrics
        assert twin.final_loss == single.final_loss


def test_folds_test_every_training_image_once(config):
    record = run_study(replace(config, variants=("vanilla",), protocol="grouped", folds=3))
    assert record.protocol.set_aside == 15
    assert sum(record.protocol.test_counts) == 36
    pooled = record.result("vanilla")
    assert len(pooled.predictions) == len({prediction.path for prediction in pooled.predictions}) == 36
    assert sum(map(sum, pooled.metrics.confusion_matrix)) == 36
    assert [sum(map(sum, b.metrics.confusion_matrix)) for b in record.baselines.values()] == [36, 36]


def test_the_boxed_protocol_tests_on_images_with_a_box_alone(config):
    record = run_study(replace(config, protocol="boxed", test_fraction=0.5))
    tested = {prediction.path for prediction in record.result("bbox").predictions}
    assert tested
    assert all(int(path[-8:-4]) % 2 == 0 for path in tested)  # every other training image has a box


def test_the_boxed_protocol_without_boxes_is_one_line(config, tiny_dataset, tmp_path):
    root = shutil.copytree(tiny_dataset, tmp_path / "boxless")
    (root / "annotation.txt").unlink()
    with pytest.raises(DatasetError, match="--protocol boxed: no image of the test part has a box"):
        run_study(replace(config, data=root, protocol="boxed"))


def test_validation_images_are_followed_each_epoch_and_not_trained_on(config):
    events = []
    record = run_study(replace(config, variants=("vanilla",), validation_fraction=0.25), events.append)
    epochs = [event for event in events if isinstance(event, EpochTrained)]
    assert all(0 <= event.validation_accuracy <= 1 for event in epochs)
    assert record.protocol.validation_counts == (9,)
    assert record.protocol.train_counts == (27,)
    without = []
    run_study(replace(config, variants=("vanilla",)), without.append)
    assert all(event.validation_accuracy is None for event in without if isinstance(event, EpochTrained))


def test_class_folders_alone_are_divided_after_the_audit_with_copies_on_one_side(config, tiny_dataset, tmp_path):
    root = tmp_path / "flat"
    shutil.copytree(tiny_dataset / "train", root)
    for folder in root.iterdir():
        for number in range(6):
            Image.open(folder / f"pic_{number:04d}.png").save(folder / f"copy_{number:04d}.png", compress_level=1)
    events = []
    record = run_study(replace(config, data=root, variants=("vanilla",), test_fraction=0.4), events.append)
    assert record.audit.test == 0
    assert record.audit.leaks is False
    tested = {prediction.path for prediction in record.result("vanilla").predictions}
    assert record.dataset.test == len(tested) > 0
    assert record.dataset.train + record.dataset.test == 54
    for path in tested:
        if path.rpartition("/")[2] < "pic_0006.png" or "copy" in path:
            twin = path.replace("copy", "pic") if "copy" in path else path.replace("pic", "copy")
            assert twin in tested
    assert not [e for e in events if isinstance(e, Notice) and "on both sides" in e.message]


def test_a_stopped_repeat_keeps_the_first_seeds_comparison(config):
    from engine.events.control import StudyControl

    control = StudyControl()

    def listen(event):
        if isinstance(event, JobFinished) and event.result.seed == 0 and event.result.variant == "bbox":
            control.stop()

    record = run_study(replace(config, repeats=3), listen, control)
    assert record.finished.status == "stopped"
    assert record.statistics.of("vanilla").seeds == (0,)
    assert len(record.statistics.comparisons) == 1


@pytest.fixture
def with_validation(tiny_dataset, tmp_path):
    """The tiny data set with a third of its training images in a folder of their own."""
    root = tmp_path / "three"
    shutil.copytree(tiny_dataset, root)
    for file in sorted((root / "train").rglob("pic_*[258].png")):
        place = root / "valid" / file.relative_to(root / "train")
        place.parent.mkdir(parents=True, exist_ok=True)
        file.rename(place)
    return root


@pytest.mark.parametrize("share", [None, 0.25, 0.0])
def test_validation_images_of_the_data_are_followed_unless_another_share_is_asked_for(config, with_validation, share):
    events = []
    given = replace(config, data=with_validation, variants=("vanilla",), validation_fraction=share)
    record = run_study(given, events.append)
    held = len(list((with_validation / "valid").rglob("*.png")))
    trains = len(list((with_validation / "train").rglob("*.png")))
    (followed,) = record.protocol.validation_counts
    assert followed == {None: held, 0.0: 0}.get(share, followed)
    assert record.protocol.train_counts == (trains - (0 if share is None else followed),)
    assert record.dataset.validation == (held if share is None else 0)
    said = " ".join(notice.message for notice in record.notices)
    assert ("validation images are not used: --validation" in said) == (share is not None)
    accuracies = [event.validation_accuracy for event in events if isinstance(event, EpochTrained)]
    assert all((accuracy is None) == (share == 0.0) for accuracy in accuracies)
    assert audit_dataset(given).train == trains + (held if share is None else 0)


def test_other_validation_images_are_other_data(config, with_validation):
    control = StudyControl()
    given = replace(config, data=with_validation, variants=("vanilla",))
    run_study(given, lambda event: control.stop() if isinstance(event, BatchTrained) else None, control)
    (folder,) = given.runs_dir.iterdir()
    next(iter(sorted((with_validation / "valid").rglob("*.png")))).unlink()
    with pytest.raises(InputError, match="not those that the study began with"):
        resume_study(folder)


def test_a_search_is_scored_on_the_validation_images_of_the_data(config, with_validation):
    study = replace(config, data=with_validation, variants=("vanilla",))
    record = tune(TuningConfig(study, trials=1))
    held = len(list((with_validation / "valid").rglob("*.png")))
    assert record.protocol.validation_counts == (held,)
