"""What must be unchanged for a job or a study to go on: one part at a time, without a study."""

import hashlib
import json
import math
from contextlib import nullcontext
from dataclasses import asdict, fields, replace
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.events.record import JobKey
from engine.study.job_checkpoints import JobCheckpoints
from engine.study.resuming import (
    as_computed_before,
    require_same_data,
    require_same_division,
    require_same_network,
    require_same_weights,
)
from engine.training.checkpoint_format import (
    Checkpoint,
    CheckpointError,
    Position,
    checkpoint_to_bytes,
    job_identity,
    read_checkpoint,
)

MACHINE = MachineSettings("cuda:1", "a card", "bf16", channels_last=True, threads=3, chosen_by="measured")
RECIPE = RECIPES["quick"]
POSITION = Position(2, 7, 1.5, 12.0, 24, 0.25, best_validation=0.75, best_epoch=1)
TENSORS = {"model.weight": torch.arange(6.0).reshape(2, 3)}
OLDEST = (
    "name", "image_size", "channels", "kernel_size", "dropout", "dropout_place", "learning_rate", "batch_size",
    "epochs", "denoise_weight",
)  # fmt: skip

# ---------------------------------------------------------------- the study


def refused(words):
    return pytest.raises(InputError, match=f"^{words}$") if words else nullcontext()


OTHER_IMAGES = (
    r"the images are not those that the study began with \(files were added, removed or changed\): "
    "bring them back, or start a new study"
)
OTHER_DIVISION = "the test images are not those that the study began with: start a new study"


@pytest.mark.parametrize(
    ("before", "words"), [(None, ""), ("", ""), ("same", ""), ("other", OTHER_IMAGES), ("XXXX", OTHER_IMAGES)]
)
def test_the_data_must_be_the_same_or_not_known(before, words):
    dataset = None if before is None else SimpleNamespace(fingerprint=before)
    with refused(words):
        require_same_data(SimpleNamespace(dataset=dataset), "same")


@pytest.mark.parametrize(("before", "words"), [(None, ""), ("same", ""), ("other", OTHER_DIVISION)])
def test_the_test_images_must_be_the_same(before, words):
    protocol = None if before is None else SimpleNamespace(test_fingerprint=before)
    with refused(words):
        require_same_division(SimpleNamespace(protocol=protocol), SimpleNamespace(test_fingerprint="same"))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (None, ""),
        ("0123456789abcdef", ""),
        (
            "fedcba9876543210",
            r"the super-resolution weights are not those that the study began with \(the maker's, sha256 "
            r"fedcba987654\): give those, or start a new study",
        ),
    ],
)
def test_the_weights_of_super_resolution_must_be_the_same(before, words):
    known = None if before is None else SimpleNamespace(sha256=before, description="the maker's")
    with refused(words):
        require_same_weights(SimpleNamespace(superres_weights=known), SimpleNamespace(sha256="0123456789abcdef"))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (None, ""),
        ("0123456789abcdef", ""),
        (
            "fedcba9876543210",
            r"the weights new\.pth are not those that the study began with \(default, sha256 fedcba987654\): "
            "bring those back, or start a new study",
        ),
    ],
)
def test_the_weights_that_training_starts_from_must_be_the_same(before, words):
    known = None if before is None else SimpleNamespace(weights_sha256=before, weights="default")
    now = SimpleNamespace(weights_sha256="0123456789abcdef", weights_file="new.pth")
    with refused(words):
        require_same_network(SimpleNamespace(network=known), now)


@pytest.mark.parametrize(("channels_last", "word"), [(True, "channels_last"), (False, "contiguous")])
def test_nothing_is_left_to_choose_of_how_to_compute(channels_last, word):
    config = StudyConfig(data=None, variants=("vanilla",), device="auto", precision="auto", memory_format="auto")
    now = as_computed_before(config, replace(MACHINE, channels_last=channels_last))
    expected = replace(config, device="cuda:1", precision="bf16", memory_format=word, threads=3)
    assert now == expected


# ---------------------------------------------------------------- a checkpoint's file


def identity(**changes):
    parts = {
        "variant": "bbox+denoise", "seed": 4, "fold": 1, "recipe": RECIPE, "machine": MACHINE, "image_size": (30, 40),
        "n_classes": 5, "images": "abc",
    }  # fmt: skip
    return job_identity(**{**parts, **changes})


def test_what_a_job_depends_on_is_told_part_by_part():
    assert identity() == {
        "variant": "bbox+denoise",
        "seed": "4",
        "fold": "1",
        "recipe": json.dumps(
            {
                name: value
                for name, value in asdict(RECIPE).items()
                if name in OLDEST or value != {field.name: field.default for field in fields(RECIPE)}[name]
            },
            sort_keys=True,
        ),
        "arithmetic": "cuda:1, bf16, channels_last, 3 threads",
        "image size": "30x40",
        "number of classes": "5",
        "training images": "abc",
    }
    assert (
        identity(machine=replace(MACHINE, channels_last=False))["arithmetic"] == "cuda:1, bf16, contiguous, 3 threads"
    )


def stored(tmp_path, content):
    path = tmp_path / "job.safetensors"
    path.write_bytes(content)
    return path


def parts_of(path):
    with safe_open(path, framework="pt") as stream:
        return stream.metadata(), {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118


def test_a_file_says_what_it_is(tmp_path):
    content = checkpoint_to_bytes(Checkpoint(POSITION, TENSORS, seconds=12.5), {"part": "one"})
    header, tensors = parts_of(stored(tmp_path, content))
    assert header.pop("digest")
    assert json.loads(header.pop("position")) == {
        "epochs_done": 2,
        "steps_done": 7,
        "loss_sum": (1.5).hex(),
        "right": (12.0).hex(),
        "images": 24,
        "last_loss": (0.25).hex(),
        "best_validation": (0.75).hex(),
        "best_epoch": 1,
    }
    assert header == {"format": "simpsons-tui checkpoint 1", "identity": '{"part": "one"}', "seconds": (12.5).hex()}
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {"model.weight": [[0, 1, 2], [3, 4, 5]]}


def test_all_of_a_checkpoint_comes_back(tmp_path):
    path = stored(tmp_path, checkpoint_to_bytes(Checkpoint(POSITION, TENSORS, seconds=12.5), {"part": "one"}))
    back = read_checkpoint(path, {"part": "one"})
    assert (back.position, back.seconds) == (POSITION, 12.5)
    assert isinstance(back.position.images, int)
    assert torch.equal(back.tensors["model.weight"], TENSORS["model.weight"])


def rewritten(path, **changes):
    """The file with another header, without a digest, as the first versions wrote."""
    header, tensors = parts_of(path)
    kept = {name: value for name, value in {**header, **changes}.items() if name != "digest" and value is not None}
    save_file(tensors, path, metadata=kept)
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "simpsons-tui checkpoint 2"}, "is no checkpoint of this version of simpsons-tui"),
        ({"format": None}, "is no checkpoint of this version of simpsons-tui"),
        ({"position": "[]"}, "is damaged: no position"),
        ({"position": None}, "is damaged: 'position'"),
        ({"seconds": None}, "is damaged: 'seconds'"),
        ({"identity": '{"part": "two"}'}, "was made with another part: two, not one"),
        ({"identity": "{}"}, "was made with another part: None, not one"),
    ],
)
def test_another_file_says_what_is_wrong_with_it(tmp_path, changes, words):
    path = rewritten(stored(tmp_path, checkpoint_to_bytes(Checkpoint(POSITION, TENSORS), {"part": "one"})), **changes)
    with pytest.raises(CheckpointError) as raised:
        read_checkpoint(path, {"part": "one"})
    assert str(raised.value) == f"{path} {words}"


@pytest.mark.parametrize("named", [{"position": "5"}, {"position": '{"epochs_done": []}'}, {"seconds": "soon"}])
def test_a_header_that_cannot_be_read_is_damage(tmp_path, named):
    path = rewritten(stored(tmp_path, checkpoint_to_bytes(Checkpoint(POSITION, TENSORS), {})), **named)
    with pytest.raises(CheckpointError, match="is damaged"):
        read_checkpoint(path, {})


def test_a_file_cut_short_is_no_whole_checkpoint(tmp_path):
    path = stored(tmp_path, checkpoint_to_bytes(Checkpoint(POSITION, TENSORS), {})[:-1])
    with pytest.raises(CheckpointError) as raised:
        read_checkpoint(path, {})
    assert str(raised.value).startswith(f"{path} is no whole checkpoint (")


def test_other_numbers_under_a_digest_are_noticed(tmp_path):
    path = stored(tmp_path, checkpoint_to_bytes(Checkpoint(POSITION, TENSORS), {}))
    header, tensors = parts_of(path)
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, path, metadata=header)
    with pytest.raises(CheckpointError) as raised:
        read_checkpoint(path, {})
    assert str(raised.value) == f"{path} is damaged: its numbers are not those that were written"
    save_file(tensors, path, metadata={**header, "seconds": (1.0).hex()})
    with pytest.raises(CheckpointError, match="its numbers are not those that were written"):
        read_checkpoint(path, {})


def test_a_position_of_an_earlier_version_lacks_what_came_later(tmp_path):
    path = stored(tmp_path, checkpoint_to_bytes(Checkpoint(POSITION, TENSORS), {}))
    position = json.loads(parts_of(path)[0]["position"])
    old = {name: value for name, value in position.items() if not name.startswith("best_")}
    read = read_checkpoint(rewritten(path, position=json.dumps(old)), {}).position
    assert read == replace(POSITION, best_validation=-1.0, best_epoch=0)


# ---------------------------------------------------------------- a job's checkpoints


KEY = JobKey("bbox", 3, 1)
IMAGES = SimpleNamespace(
    classes=("a", "b"),
    labels=(1, 0, 1),
    images=tuple(SimpleNamespace(digest=f"digest{row}") for row in range(3)),
    folds=(SimpleNamespace(train=(0,)), SimpleNamespace(train=(2, 1))),
)
EXPECTED = job_identity(
    variant="bbox", seed=3, fold=1, recipe=RECIPE, machine=MACHINE, image_size=(8, 9), n_classes=2,
    images=hashlib.sha256(b"digest2|1\ndigest1|0\n").hexdigest(),
)  # fmt: skip


class Folder:
    """A run folder with one job's checkpoint."""

    def __init__(self, path):
        self.path = path

    def checkpoint_file(self, key):
        assert key == KEY
        return self.path

    def write_checkpoint(self, key, content):
        assert key == KEY
        self.path.write_bytes(content)


@pytest.fixture
def job(tmp_path):
    """A job's checkpoints, after seven batches; what is told of them goes to `told`."""
    told = []
    reporter = SimpleNamespace(
        folder=Folder(tmp_path / "job.safetensors"),
        record=SimpleNamespace(losses={KEY: [0.5] * 7, JobKey("bbox", 0, 0): [0.5] * 9}),
        notice=lambda *words: told.append(words),
    )
    made = JobCheckpoints(KEY, reporter, IMAGES, recipe=RECIPE, machine=MACHINE, image_size=(8, 9))
    return SimpleNamespace(checkpoints=made, path=reporter.folder.path, record=reporter.record, told=told)


def test_a_job_without_a_checkpoint_begins_without_a_word(job):
    assert job.checkpoints.load() is None
    assert (job.told, job.checkpoints.seconds_before) == ([], 0.0)


def test_a_job_goes_on_from_its_checkpoint_and_adds_up_its_seconds(job):
    job.checkpoints.keep(Checkpoint(POSITION, TENSORS, seconds=99.0), SimpleNamespace(seconds=2.5))
    assert read_checkpoint(job.path, EXPECTED).seconds == 2.5
    loaded = job.checkpoints.load()
    assert (loaded.position, loaded.seconds, job.checkpoints.seconds_before, job.told) == (POSITION, 2.5, 2.5, [])
    job.checkpoints.keep(loaded, SimpleNamespace(seconds=4.0))
    assert read_checkpoint(job.path, EXPECTED).seconds == 6.5


def test_a_checkpoint_ahead_of_the_stream_is_not_used(job):
    job.checkpoints.keep(Checkpoint(POSITION, TENSORS), SimpleNamespace(seconds=2.5))
    job.record.losses[KEY] = [math.nan] * 6
    assert job.checkpoints.load() is None
    words = f"training begins at its start: {job.path} is ahead of the 6 batches in the event stream"
    assert (job.told, job.checkpoints.seconds_before) == ([(words, "warning", "bbox")], 0.0)
    del job.record.losses[KEY]
    assert job.checkpoints.load() is None
    assert "ahead of the 0 batches" in job.told[-1][0]


def test_a_checkpoint_of_another_job_is_not_used_and_its_seconds_do_not_count(job):
    job.checkpoints.keep(Checkpoint(POSITION, TENSORS), SimpleNamespace(seconds=2.5))
    assert job.checkpoints.load() is not None
    job.path.write_bytes(checkpoint_to_bytes(Checkpoint(POSITION, TENSORS), {**EXPECTED, "seed": "4"}))
    assert job.checkpoints.load() is None
    words = f"training begins at its start: {job.path} was made with another seed: 4, not 3"
    assert (job.told, job.checkpoints.seconds_before) == ([(words, "warning", "bbox")], 0.0)
