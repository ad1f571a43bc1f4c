"""Training networks of others: the same numbers every time, the last layer first, and no more than memory holds."""

from collections import namedtuple
from dataclasses import replace

import pytest
import torch

from engine.config.schedule import learning_rate
from engine.errors import InputError
from engine.events.control import StudyControl
from engine.events.study import BatchTrained
from engine.system.named_code import name_network
from engine.training import checkpoint_to_bytes, footprint_of, read_checkpoint, require_memory, train
from engine.training.trainer import Trainer
from tests.engine.models.conftest import TINY

CLASSES = 3
IDENTITY = {"variant": "vanilla"}


@pytest.fixture
def own(recipe, tmp_path):
    """A recipe with a small network of the user's own, which has batch norm and drops half of its units."""
    (tmp_path / "my_net.py").write_text(TINY)
    return replace(recipe, network=name_network(f"{tmp_path / 'my_net.py'}:build"))


def run(tiny, recipe, machine, *, stop_at=None, resume=None):
    control, losses, kept = StudyControl(), [], []

    def emit(event):
        if isinstance(event, BatchTrained):
            losses.append(event.loss)
            if event.step == stop_at:
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
        resume=resume,
        keep=lambda checkpoint: kept.append(checkpoint_to_bytes(checkpoint, IDENTITY)),
    )
    return outcome, losses, kept


def weights(model):
    return torch.cat([tensor.double().flatten() for tensor in model.state_dict().values()])


def test_what_is_dropped_follows_from_the_step_not_from_the_process(tiny, own, machine):
    state = torch.random.get_rng_state()
    one, losses, _ = run(tiny, own, machine)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.rand(7)
    two, again, _ = run(tiny, own, machine)
    assert losses == again
    assert torch.equal(weights(one.model), weights(two.model))


@pytest.mark.parametrize("head_share", [0.0, 0.6])
@pytest.mark.parametrize("stop_at", [1, 4])
def test_a_resumed_training_ends_as_if_it_had_never_been_stopped(tiny, own, machine, tmp_path, head_share, stop_at):
    recipe = replace(own, head_share=head_share, averaging=0.2, weight_decay=0.01)
    whole, losses, _ = run(tiny, recipe, machine)
    _, first, kept = run(tiny, recipe, machine, stop_at=stop_at)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(kept[-1])
    resumed, rest, _ = run(tiny, recipe, machine, resume=read_checkpoint(path, IDENTITY))
    assert first + rest == losses
    assert torch.equal(weights(resumed.model), weights(whole.model))


def test_the_last_layer_learns_first_and_the_others_stay_as_they_were(tiny, own, machine):
    recipe = replace(own, head_share=0.5)
    trainer = Trainer(recipe, machine, CLASSES, (16, 20), steps=4, seed=0, fold=0)
    images = torch.from_numpy(tiny.pixels.gather(tiny.rows[:8]))
    labels = torch.from_numpy(tiny.labels[:8])
    changed = []
    for _ in range(3):
        before = {name: tensor.clone() for name, tensor in trainer.trained.state_dict().items()}
        trainer.step(images, labels)
        after = trainer.trained.state_dict()
        changed.append({name for name in before if not torch.equal(before[name], after[name])})
    head = {"network.6.weight", "network.6.bias"}
    assert changed[0] == changed[1] == head
    assert changed[2] == set(before)  # batch norm's statistics too


def test_the_last_layer_has_a_cycle_of_its_own(recipe):
    finetune = replace(recipe, schedule="one-cycle", head_share=0.2, learning_rate=1e-3, head_learning_rate=1e-2)
    rates = [learning_rate(finetune, step, 100) for step in range(100)]
    assert max(rates[:20]) == pytest.approx(1e-2, rel=0.15)
    assert rates[19] < 1e-3
    assert max(rates[20:]) == pytest.approx(1e-3, rel=0.05)
    assert rates[20] < rates[30] > rates[99] > 0


def test_ours_learn_their_last_layer_first_too(tiny, recipe, machine):
    trainer = Trainer(replace(recipe, head_share=0.5), machine, CLASSES, (16, 20), steps=4, seed=0, fold=0)
    before = trainer.trained.blocks[0].convolution.weight.clone()
    trainer.step(torch.from_numpy(tiny.pixels.gather(tiny.rows[:8])), torch.from_numpy(tiny.labels[:8]))
    assert torch.equal(before, trainer.trained.blocks[0].convolution.weight)


def test_a_training_set_of_one_image_trains(tiny, own, machine):
    tiny.rows, tiny.labels = tiny.rows[:1], tiny.labels[:1]
    assert run(tiny, replace(own, network="mobilenet_v3_small", image_size=(16, 20)), machine)[0].steps_done == 2


def test_a_step_is_measured_and_larger_batches_take_more(own):
    step = footprint_of(own, CLASSES, "cpu")
    maps = 4 * 8 * 10  # of the convolution: numbers an image
    assert step.bytes_per_image > 2 * 4 * maps
    assert step.seconds_per_image > 0
    assert step.step_bytes(100) - step.step_bytes(10) == pytest.approx(90 * step.bytes_per_image)
    assert footprint_of(replace(own, epochs=9, learning_rate=0.5), CLASSES, "cpu") is step


def test_a_batch_that_memory_cannot_hold_is_refused_in_a_sentence(own, monkeypatch):
    footprint_of(own, 2, "cpu")
    Memory = namedtuple("Memory", "available")
    monkeypatch.setattr("psutil.virtual_memory", lambda: Memory(2000))
    with pytest.raises(InputError, match=r"batches of 8 images at 16x20 need about .* GB of memory and .* are free"):
        require_memory(own, 100, "cpu")


def test_a_network_that_fails_in_training_is_refused_by_that_step(own, tmp_path):
    (tmp_path / "bad.py").write_text(
        "from torch import nn\n"
        "class Bad(nn.Module):\n"
        "    def __init__(self, classes):\n"
        "        super().__init__()\n"
        "        self.linear = nn.Linear(3, classes)\n"
        "    def forward(self, images):\n"
        "        if self.training: raise ValueError('only for evaluation')\n"
        "        return self.linear(images.mean((2, 3)))\n"
        "def build(classes, image_size): return Bad(classes)\n"
    )
    bad = replace(own, network=name_network(f"{tmp_path / 'bad.py'}:build"))
    with pytest.raises(InputError, match=r"a training step on images of 16x20 fails .ValueError: only for evaluation"):
        footprint_of(bad, CLASSES, "cpu")
