"""Groups that a label file gives: on one side of every split, one piece of evidence, and leakage where they cross."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit import audit_images
from engine.config.protocols import PROTOCOLS
from engine.config.study import StudyConfig
from engine.dataset import check_images
from engine.errors import DatasetError
from engine.evaluation import compute_metrics
from engine.events.control import StudyControl
from engine.reports.audit import join_groups
from engine.reports.results import JobResult, Seconds
from engine.statistics.outcomes import collect_outcomes
from engine.statistics.resampling import resample
from engine.study.images import divide_images, undivided
from engine.study.opening import open_study_dataset

IMAGES = 24


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Makes a folder of pictures with a label file of a patient each; image 1 copies image 0 pixel for pixel."""
    from PIL import Image

    root = tmp_path_factory.mktemp("patients")
    for n in range(IMAGES):
        Image.new("RGB", (12, 8), (max(n, 1) * 9, 90, 40)).save(root / f"{n}.png")

    def make(groups, parts=None):
        columns = "file,label,patient" + (",split" if parts else "")
        rows = [f"{n}.png,{'ab'[n % 2]},{group}" + (f",{parts[n]}" if parts else "") for n, group in enumerate(groups)]
        (root / "labels.csv").write_text("\n".join([columns, *rows]))
        return root

    return make


def divided(root, cache, **options):
    """The study's images, its protocol's summary and its audit."""
    config = StudyConfig(data=root, variants=("vanilla",), **options)
    checked = check_images(open_study_dataset(config), cache, control=StudyControl(), progress=lambda done, total: None)
    audit = audit_images(undivided(checked), control=StudyControl(), progress=lambda done, total: None)
    images, protocol, _ = divide_images(checked, audit, config)
    return images, protocol, audit


def sides(images, fold):
    """For each part of a fold the patients in it, with images 0 and 1 as one patient more."""
    return [
        {images.images[row].sample.group for row in part}
        | ({"copies"} if {"0.png", "1.png"} & {images.images[row].sample.path for row in part} else set())
        for part in (fold.train, fold.validation, fold.test)
    ]


PARTS = st.lists(st.sampled_from(["train", "train", "train", "val", "test"]), min_size=IMAGES, max_size=IMAGES)


@given(
    groups=st.lists(st.sampled_from([f"p{n}" for n in range(9)]), min_size=IMAGES, max_size=IMAGES),
    parts=st.none() | PARTS,
    protocol=st.sampled_from(list(PROTOCOLS)),
    folds=st.integers(1, 3),
    validation=st.sampled_from([None, 0.0, 0.3]),
)
def test_no_group_is_on_two_sides_of_any_protocol(
    patients, tmp_path_factory, groups, parts, protocol, folds, validation
):
    divides = protocol in ("grouped", "boxed")
    try:
        images, _, audit = divided(
            patients(groups, parts),
            tmp_path_factory.getbasetemp() / "cache",
            protocol=protocol,
            folds=folds if divides else 1,
            validation_fraction=validation,
        )
    except DatasetError:
        return  # too few groups for that, or no box
    for fold in images.folds:
        train, followed, test = sides(images, fold)
        if protocol == "official" and parts is not None and "test" in parts:
            assert bool(train & test) <= audit.leaks  # as the file has it, and said
            continue
        if protocol != "official":
            assert not train & followed
            assert not followed & test
        assert not train & test


def test_a_group_on_both_sides_is_leakage_and_clean_leaves_it_out(patients, tmp_path):
    groups = [f"p{n // 4}" for n in range(IMAGES)]
    parts = ["test" if n >= 18 else "train" for n in range(IMAGES)]  # p4 is on both sides
    root = patients(groups, parts)
    official = divided(root, tmp_path)
    audit = official[2]
    assert (audit.group_name, audit.group_leaking_test, audit.group_leaking_train) == ("patient", 2, 2)
    assert (audit.leaking_test, audit.leaks) == (0, True)
    said = "2 of 6 test images (33.3 %) share a patient with training images"
    assert audit.leak_sentence == said
    assert audit.sentences[0] == said  # the gravest first
    assert "2 of 18 training images (11.1 %) share one with test images: the clean protocol leaves these out" in (
        audit.sentences
    )
    assert official[1].left_out == 0
    clean = divided(root, tmp_path, protocol="clean")
    assert (clean[1].left_out, clean[1].train_counts, clean[1].test_counts) == (2, (16,), (6,))
    assert "or share a patient with one, are left out" in clean[1].sentence
    assert clean[1].test_fingerprint == official[1].test_fingerprint


def test_validation_images_of_a_patient_that_trains_are_left_out(patients, tmp_path):
    parts = ["test" if n >= 20 else "val" if n in (3, 16, 17) else "train" for n in range(IMAGES)]
    root = patients([f"p{n // 4}" for n in range(IMAGES)], parts)
    _, protocol, _ = divided(root, tmp_path, protocol="clean")
    assert protocol.validation_counts == (0,)
    assert "3 validation images that copy a test image or share a patient with others are left out" in protocol.sentence
    assert divided(root, tmp_path)[1].validation_counts == (3,)


def test_groups_that_do_not_cross_are_said_to_be_apart(patients, tmp_path):
    root = patients([f"p{n // 6}" for n in range(IMAGES)], ["test" if n >= 18 else "train" for n in range(IMAGES)])
    audit = divided(root, tmp_path)[2]
    assert not audit.leaks
    assert "no patient has images in both training and test images" in audit.sentences


def test_a_bootstrap_draws_patients_and_copies_together(patients, tmp_path):
    groups = [
        f"p{n}" for n in (0, 1, 1, *range(2, IMAGES - 1))
    ]  # image 0 copies image 1, whose patient has image 2 too
    images, _, _ = divided(patients(groups), tmp_path, protocol="grouped", folds=3)
    of_path = images.test_groups
    assert of_path["0.png"] == of_path["1.png"] == of_path["2.png"]
    assert len(set(of_path.values())) == IMAGES - 2
    jobs = [done(images, number, fold.test) for number, fold in enumerate(images.folds)]
    outcomes, _ = collect_outcomes("v", jobs, of_path, frozenset({0, 1, 2}))
    assert outcomes.n_groups == IMAGES - 2
    numbers = {path: number for (_, path, _), number in zip(outcomes.items, outcomes.groups.tolist(), strict=True)}
    assert numbers["0.png"] == numbers["1.png"] == numbers["2.png"]
    together = outcomes.group_counts(2)[0, numbers["0.png"], 1]
    assert together.tolist() == [2, 1]
    drawn = resample(outcomes.group_counts(2), replicates=200, seed=0)[:, 0, 1]
    assert set(np.unique(drawn.sum(axis=1))) - {IMAGES}  # so a draw does not hold as many images as there are


def done(images, number, rows):
    """A job that recognised all of a fold's test images."""
    labels = images.labels[rows]
    metrics = compute_metrics(labels, labels, images.classes)
    predictions = images.predictions(rows, np.eye(len(images.classes))[labels])
    return JobResult("v", 0, number, "done", "", metrics, 0.5, 1, Seconds(), predictions)


@given(
    groups=st.lists(st.lists(st.integers(0, 12).map(str), min_size=2, max_size=4, unique=True).map(tuple), max_size=8)
)
def test_groups_with_an_image_in_common_are_one(groups):
    joined = join_groups(groups)
    members = [name for group in joined for name in group]
    assert sorted(members) == sorted({name for group in groups for name in group})
    of_name = {name: number for number, group in enumerate(joined) for name in group}
    assert all(len({of_name[name] for name in group}) == 1 for group in groups)
    if len(joined) > 1:  # nothing is joined without a group that says so
        first = set(joined[0])
        assert not any(first & set(group) and set(group) - first for group in groups)
