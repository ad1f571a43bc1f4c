"""Training that is interrupted and gone on with ends bit for bit as if it had not been."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.config.recipes import RECIPES
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, EpochTrained
from engine.training import CheckpointError, Validation, checkpoint_to_bytes, job_identity, read_checkpoint, train
from engine.training.checkpoint_format import Checkpoint, Position
from engine.training.trainer import Trainer

CLASSES = 3
STEPS = 12  # four epochs of three batches


@pytest.fixture
def recipe(recipe):
    return replace(recipe, epochs=4)


@pytest.fixture
def identity(recipe, machine):
    return identity_of(recipe, machine)


def identity_of(recipe, machine, **changes):
    parts = {"variant": "vanilla", "seed": 1, "fold": 0, "image_size": (16, 20), "n_classes": CLASSES, "images": "aa"}
    return job_identity(recipe=recipe, machine=machine, **{**parts, **changes})


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The loop's clock, a list with the seconds; checkpoints are kept each epoch unless a test says otherwise."""
    seconds = [0.0]
    monkeypatch.setattr("engine.training.loop.time", SimpleNamespace(monotonic=lambda: seconds[0]))
    monkeypatch.setattr("engine.training.loop.KEEP_SECONDS", 0.0)
    return seconds


def run(tiny, recipe, machine, *, stop_at=None, resume=None, validate=None, listen=None, kept=None):
    """Outcome, events and checkpoints (as bytes, because tensors go on changing)."""
    control, events, kept = StudyControl(), [], [] if kept is None else kept

    def emit(event):
        events.append(event)
        if listen is not None:
            listen(event, control)
        if isinstance(event, BatchTrained) and event.step == stop_at:
            control.stop()

    outcome = train(
        variant="vanilla",
        seed=1,
        fold=0,
        recipe=recipe,
        machine=machine,
        pixels=tiny.pixels,
        rows=tiny.rows,
        labels=tiny.labels,
        n_classes=CLASSES,
        emit=emit,
        control=control,
        validate=validate,
        resume=resume,
        keep=lambda checkpoint: kept.append(checkpoint_to_bytes(checkpoint, identity_of(recipe, machine))),
    )
    return outcome, events, kept


def stored(tmp_path, content, identity):
    path = tmp_path / "job.safetensors"
    path.write_bytes(content)
    return read_checkpoint(path, identity)


def told(events, kind):
    return [replace(event, time=0) for event in events if isinstance(event, kind)]


def same_weights(one, two):
    pairs = zip(one.model.state_dict().items(), two.model.state_dict().items(), strict=True)
    return all(name == other and torch.equal(a, b) for (name, a), (other, b) in pairs)


@pytest.mark.parametrize("case", [(True, 5), (True, 6), (True, 7), (False, 6)])
def test_going_on_ends_as_if_there_had_been_no_interruption(tiny, recipe, machine, tmp_path, case):
    channels_last, stop_at = case
    machine = replace(machine, channels_last=channels_last)
    whole, events, _ = run(tiny, recipe, machine)
    part, before, kept = run(tiny, recipe, machine, stop_at=stop_at)
    assert part.steps_done == stop_at + 1
    rest, after, _ = run(tiny, recipe, machine, resume=stored(tmp_path, kept[-1], identity_of(recipe, machine)))
    assert same_weights(rest, whole)
    assert told(before, BatchTrained) + told(after, BatchTrained) == told(events, BatchTrained)
    assert told(before, EpochTrained) + told(after, EpochTrained) == told(events, EpochTrained)
    assert (rest.stopped, rest.epochs_done, rest.steps_done) == (False, 4, STEPS)
    assert rest.final_loss == whole.final_loss


def test_going_on_works_in_bf16_too(tiny, recipe, machine, tmp_path):
    machine = replace(machine, precision="bf16")
    whole, _, kept = run(tiny, recipe, machine)
    rest, _, _ = run(tiny, recipe, machine, resume=stored(tmp_path, kept[1], identity_of(recipe, machine)))
    assert same_weights(rest, whole)


def test_every_epoch_is_kept_once_it_was_reported(tiny, recipe, machine, identity, tmp_path):
    _, _, kept = run(tiny, recipe, machine)
    positions = [stored(tmp_path, content, identity).position for content in kept]
    assert [(position.epochs_done, position.steps_done) for position in positions] == [(1, 3), (2, 6), (3, 9), (4, 12)]


@pytest.mark.parametrize(
    ("seconds", "places"),
    [
        (1, [(4, 12)]),  # the last one always
        (8, [(2, 6), (4, 12)]),
        (10, [(1, 3), (2, 6), (3, 9), (4, 12)]),
        (45, [(0, 2), (1, 3), (1, 5), (2, 6), (2, 8), (3, 9), (3, 11), (4, 12)]),  # within long epochs too
    ],
)
def test_checkpoints_are_kept_every_half_minute_to_minute(
    tiny, recipe, machine, identity, tmp_path, clock, monkeypatch, seconds, places
):
    monkeypatch.setattr("engine.training.loop.KEEP_SECONDS", 30.0)

    def take_time(event, _):
        if isinstance(event, BatchTrained):
            clock[0] += seconds

    whole, _, kept = run(tiny, recipe, machine, listen=take_time)
    found = []
    for content in kept:
        checkpoint = stored(tmp_path, content, identity)
        found.append((checkpoint.position.epochs_done, checkpoint.position.steps_done))
        assert same_weights(run(tiny, recipe, machine, resume=checkpoint)[0], whole)
    assert found == places


def test_a_pause_keeps_where_training_is_before_it_waits(tiny, recipe, machine, identity, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.training.loop.KEEP_SECONDS", 30.0)
    kept, kept_when_paused = [], []

    def pause(event, control):
        if isinstance(event, BatchTrained) and event.step == 4:
            control.listen(lambda: (kept_when_paused.extend(kept), control.unpause()), lambda: None)
            control.poll(control.pause)  # as a watcher asks for it

    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.0)
    whole, _, _ = run(tiny, recipe, machine, listen=pause, kept=kept)
    checkpoint = stored(tmp_path, kept_when_paused[0], identity)
    assert (checkpoint.position.epochs_done, checkpoint.position.steps_done) == (1, 5)
    assert same_weights(run(tiny, recipe, machine, resume=checkpoint)[0], whole)


def test_what_is_all_done_is_not_trained_again(tiny, recipe, machine, identity, tmp_path):
    whole, _, kept = run(tiny, recipe, machine)
    again, events, _ = run(tiny, recipe, machine, resume=stored(tmp_path, kept[-1], identity))
    assert same_weights(again, whole)
    assert (told(events, BatchTrained), again.final_loss, again.stopped) == ([], whole.final_loss, False)


def test_a_stop_before_the_first_batch_keeps_nothing(tiny, recipe, machine):
    control, kept = StudyControl(), []
    control.stop()
    arguments = {"pixels": tiny.pixels, "rows": tiny.rows, "labels": tiny.labels, "n_classes": CLASSES}
    train(
        variant="vanilla", seed=1, fold=0, recipe=recipe, machine=machine, **arguments,
        emit=lambda event: None, control=control, keep=kept.append,
    )  # fmt: skip
    assert kept == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.1 + 0.2])
def test_every_number_of_a_position_comes_back_as_it_was(tmp_path, identity, value):
    position = Position(1, 2, value, 3.0, 4, value)
    back = stored(tmp_path, checkpoint_to_bytes(Checkpoint(position, {}), identity), identity).position
    assert repr(back) == repr(position)


def test_a_checkpoint_of_something_else_says_what_differs(tiny, recipe, machine, tmp_path):
    _, _, kept = run(tiny, recipe, machine)
    others = {
        "recipe": identity_of(replace(recipe, learning_rate=0.5), machine),
        "arithmetic": identity_of(recipe, replace(machine, precision="bf16")),
        "training images": identity_of(recipe, machine, images="bb"),
        "fold": identity_of(recipe, machine, fold=1),
    }
    for part, other in others.items():
        with pytest.raises(CheckpointError, match=f"another {part}"):
            stored(tmp_path, kept[0], other)


def test_a_file_that_is_no_checkpoint_is_named(tiny, recipe, machine, identity, tmp_path):
    _, _, kept = run(tiny, recipe, machine)
    path = tmp_path / "job.safetensors"
    with pytest.raises(CheckpointError, match=r"job\.safetensors"):
        read_checkpoint(path, identity)
    for content in (b"", b"text", kept[0][:-1], kept[0][:100], bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="no whole checkpoint"):
            read_checkpoint(path, identity)
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="no checkpoint of this version"):
        read_checkpoint(path, identity)
    header = {"format": "simpsons-tui checkpoint 1", "position": "[]", "identity": json.dumps(dict(identity))}
    save_file({"weight": torch.zeros(2)}, path, metadata=header)
    with pytest.raises(CheckpointError, match="damaged"):
        read_checkpoint(path, identity)


def test_a_bit_that_was_turned_round_is_noticed(tiny, recipe, machine, identity, tmp_path):
    """safetensors itself reads other numbers without a word."""
    _, _, kept = run(tiny, recipe, machine)
    path = tmp_path / "job.safetensors"
    content = bytearray(kept[0])
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not those that were written"):
        read_checkpoint(path, identity)


def test_a_checkpoint_of_an_earlier_version_has_no_digest_and_is_read(tiny, recipe, machine, identity, tmp_path):
    _, _, kept = run(tiny, recipe, machine)
    path = tmp_path / "job.safetensors"
    path.write_bytes(kept[0])
    with safe_open(path, framework="pt") as stream:
        header = {name: value for name, value in stream.metadata().items() if name != "digest"}
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - no mapping
    save_file(tensors, path, metadata=header)
    assert read_checkpoint(path, identity).position.epochs_done == 1


@pytest.mark.parametrize("missing", ["model.", "optimiser."])
def test_tensors_of_another_network_are_refused(recipe, machine, missing):
    trainer = Trainer(recipe, machine, CLASSES, (16, 20), steps=6, seed=1, fold=0)
    trainer.step(torch.zeros((2, 16, 20, 3), dtype=torch.uint8), torch.tensor([0, 1]))
    tensors = trainer.state()
    del tensors[next(name for name in tensors if name.startswith(missing))]
    with pytest.raises(CheckpointError, match="another network"):
        trainer.restore(tensors, 1)


@pytest.mark.parametrize(("optimiser", "stop_at"), [("muon", 2), ("muon", 5), ("muon", 8), ("sgd", 5)])
def test_a_recipe_with_every_method_goes_on_as_if_not_interrupted(tiny, recipe, machine, tmp_path, optimiser, stop_at):
    small = {"image_size": recipe.image_size, "channels": (4, 8, 8), "batch_size": 8, "epochs": 4}
    modern = replace(RECIPES["best"], **small, optimiser=optimiser, dropout=0.2)
    whole, _, _ = run(tiny, modern, machine)
    _, _, kept = run(tiny, modern, machine, stop_at=stop_at)
    resumed, _, _ = run(tiny, modern, machine, resume=stored(tmp_path, kept[-1], identity_of(modern, machine)))
    assert same_weights(whole, resumed)
    assert whole.final_loss == resumed.final_loss


def test_fields_that_came_later_leave_the_identity_of_an_older_recipe_as_it_was(recipe, machine):
    said = set(json.loads(identity_of(recipe, machine)["recipe"]))
    first = "name image_size channels kernel_size dropout dropout_place learning_rate batch_size epochs denoise_weight"
    assert said == set(first.split())
    assert "flip" in json.loads(identity_of(replace(recipe, flip=True), machine)["recipe"])


def test_patience_survives_an_interruption(tiny, recipe, machine, tmp_path):
    patient = replace(recipe, epochs=9, patience=2)
    after_epochs = (0.5, 0.9, 0.6, 0.9)
    accuracy = iter(after_epochs)

    def train_on(**how):
        outcome, _, kept = run(tiny, patient, machine, validate=lambda _: Validation(next(accuracy), 1.0), **how)
        return outcome, kept

    outcome, _ = train_on()
    assert (outcome.epochs_done, outcome.stopped) == (4, False)  # 0.9 was first reached after epoch 2
    accuracy = iter(after_epochs)
    outcome, kept = train_on(stop_at=10)  # in the fourth epoch
    assert (outcome.epochs_done, outcome.stopped) == (3, True)
    outcome, _ = train_on(resume=stored(tmp_path, kept[-1], identity_of(patient, machine)))
    assert (outcome.epochs_done, outcome.stopped) == (4, False)


def test_one_cycle_does_not_end_before_the_learning_rate_has_fallen(tiny, recipe, machine):
    patient = replace(recipe, epochs=10, patience=1, schedule="one-cycle")
    falling = iter([1 - epoch / 20 for epoch in range(10)])
    outcome, _, _ = run(tiny, patient, machine, validate=lambda _: Validation(next(falling), 1.0))
    assert (outcome.epochs_done, outcome.stopped) == (8, False)
