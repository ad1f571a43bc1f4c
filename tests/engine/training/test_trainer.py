"""One step computes what a plain PyTorch loop computes, each way of computing within its stated tolerance."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision.transforms.v2 import functional as transforms

from engine.config.recipes import RECIPES
from engine.training.trainer import Trainer, fresh_model

CLASSES = 3
BATCH = 8

# float32 keeps 24 bits; sums of a few thousand terms taken in another order move the last few of them.
FP32 = 1e-5
# bfloat16 keeps 8 bits, so every layer's output is rounded to 0.4 %.
BF16_LOSS = 0.01
BF16_GRADIENT = 0.1


class PlainNetwork(nn.Module):
    """The study's network written as its text lists the layers, in the order convolution, norm, ReLU, pooling."""

    def __init__(self, place):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 16, 5, padding=2), nn.BatchNorm2d(16)
        self.conv2, self.norm2 = nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32)
        self.linear = nn.Linear(32 * 4 * 5, CLASSES)
        self.place = place

    def forward(self, images, mask):
        hidden = nn.functional.max_pool2d(torch.relu(self.norm1(self.conv1(images))), 2)
        hidden = nn.functional.max_pool2d(torch.relu(self.norm2(self.conv2(hidden))), 2).flatten(1)
        if self.place == "features":
            return self.linear(hidden * mask)
        return self.linear(hidden) * mask


@pytest.fixture
def batch(tiny):
    return torch.from_numpy(tiny.pixels.gather(tiny.rows[:BATCH])), torch.from_numpy(tiny.labels[:BATCH])


def our_step(recipe, machine, batch):
    """Loss, gradients and weights after one step of ours."""
    trainer = Trainer(recipe, machine, CLASSES, recipe.image_size, steps=6, seed=1, fold=0)
    loss = trainer.step(*batch)[0].item()
    weights = list(trainer.model.parameters())
    return loss, [weight.grad.clone() for weight in weights], [weight.detach().clone() for weight in weights]


def our_mask(recipe, machine):
    trainer = Trainer(recipe, machine, CLASSES, recipe.image_size, steps=6, seed=1, fold=0)
    trainer._reseed_dropout()
    shape = (BATCH, CLASSES) if recipe.dropout_place == "logits" else (BATCH, 32 * 4 * 5)
    return trainer.model.dropout(torch.ones(shape))


def plain_step(recipe, machine, batch):
    """The same in a plain loop: float pre-processing, default memory format, default Adam."""
    net = PlainNetwork(recipe.dropout_place)
    start = fresh_model(recipe, CLASSES, recipe.image_size, seed=1, fold=0)
    net.load_state_dict(dict(zip(net.state_dict(), start.state_dict().values(), strict=True)))
    images, labels = batch
    floats = torch.stack([transforms.to_image(image.numpy()).to(torch.float32) / 255 for image in images])
    optimiser = torch.optim.Adam(net.parameters(), lr=recipe.learning_rate)
    loss = nn.functional.cross_entropy(net(floats, our_mask(recipe, machine)), labels)
    loss.backward()
    optimiser.step()
    return loss.item(), [weight.grad for weight in net.parameters()], [w.detach() for w in net.parameters()]


def relative(ours, theirs):
    """Length of the difference of two lists of tensors, relative to the second."""
    ours, theirs = (torch.cat([tensor.flatten() for tensor in tensors]) for tensors in (ours, theirs))
    return ((ours - theirs).norm() / theirs.norm()).item()


@pytest.mark.parametrize("place", ["logits", "features"])
@pytest.mark.parametrize("channels_last", [True, False])
def test_fp32_is_a_plain_loop_to_rounding(recipe, machine, batch, place, channels_last):
    recipe = replace(recipe, dropout_place=place)
    loss, gradients, weights = our_step(recipe, replace(machine, channels_last=channels_last), batch)
    plain_loss, plain_gradients, plain_weights = plain_step(recipe, machine, batch)
    assert loss == pytest.approx(plain_loss, rel=FP32)
    assert relative(gradients, plain_gradients) < FP32
    # Adam divides a gradient by its own size, which makes full steps of gradients that are all rounding (those of the
    # biases before batch norm); the other weights agree.
    used = [index for index, gradient in enumerate(plain_gradients) if gradient.norm() > FP32]
    assert len(used) == len(weights) - 2
    assert relative([weights[i] for i in used], [plain_weights[i] for i in used]) < 10 * FP32


def test_a_step_tells_the_norm_of_its_gradients(recipe, machine, batch):
    trainer = Trainer(recipe, machine, CLASSES, recipe.image_size, steps=6, seed=1, fold=0)
    norm = trainer.step(*batch)[2].item()
    whole = torch.cat([weight.grad.flatten() for weight in trainer.model.parameters()])
    assert norm == pytest.approx(whole.norm().item(), rel=FP32)


@pytest.mark.parametrize("place", ["logits", "features"])
def test_bf16_agrees_with_fp32(recipe, machine, batch, place):
    recipe = replace(recipe, dropout_place=place)
    loss, gradients, _ = our_step(recipe, replace(machine, precision="bf16"), batch)
    reference_loss, reference_gradients, _ = our_step(recipe, machine, batch)
    assert loss == pytest.approx(reference_loss, rel=BF16_LOSS)
    assert relative(gradients, reference_gradients) < BF16_GRADIENT
    assert loss != reference_loss  # it really computed in another precision


def test_a_step_counts_right_answers_and_learns(recipe, machine, batch):
    trainer = Trainer(replace(recipe, dropout=0.0), machine, CLASSES, recipe.image_size, steps=6, seed=1, fold=0)
    first = trainer.step(*batch)
    for _ in range(20):
        last = trainer.step(*batch)
    assert last[0] < first[0]
    assert last[1] == BATCH
    assert trainer.steps_done == 21


def test_fresh_weights_follow_from_seed_and_fold_and_leave_torchs_random_state_alone(recipe):
    before = torch.random.get_rng_state()
    one, same, other = (
        fresh_model(recipe, CLASSES, recipe.image_size, seed=seed, fold=fold).linear.weight
        for seed, fold in ((1, 0), (1, 0), (1, 1))
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_convolutions_start_equal_also_for_images_of_another_size(recipe):
    small, large = (fresh_model(recipe, CLASSES, size, seed=1, fold=0) for size in ((16, 20), (32, 40)))
    assert all(
        torch.equal(one, other) for one, other in zip(small.blocks.parameters(), large.blocks.parameters(), strict=True)
    )
    assert small.linear.weight.shape != large.linear.weight.shape


@pytest.fixture
def modern(recipe):
    """The recipe "best" on tiny images: every method is on."""
    return replace(RECIPES["best"], image_size=recipe.image_size, channels=(4, 8, 8), batch_size=8)


def test_the_answering_network_is_the_moving_average_of_the_trained_one(modern, machine, batch):
    modern = replace(modern, averaging=0.5)
    trainer = Trainer(modern, machine, CLASSES, modern.image_size, steps=6, seed=1, fold=0)
    seen = []
    for _ in range(3):
        trainer.step(*batch)
        seen.append(trainer.trained.linear.weight.detach().clone())
    assert trainer.model is not trainer.trained
    assert torch.allclose(trainer.model.linear.weight, sum(seen) / 3, atol=1e-6)  # at first it is the plain mean


# Of SGD the penalty is a part of the gradients, of which Nesterov's first step goes 1.9 times as far.
@pytest.mark.parametrize(("optimiser", "momentum"), [("sgd", 1.9), ("muon", 1.0)])
def test_weight_decay_shrinks_kernels_and_spares_norms_and_biases(modern, machine, batch, optimiser, momentum):
    """With the same gradients, what a step takes off a weight besides is its share."""
    ends = []
    for decay in (0.0, 0.5):
        recipe = replace(modern, optimiser=optimiser, weight_decay=decay, schedule="constant", learning_rate=0.1)
        trainer = Trainer(recipe, machine, CLASSES, recipe.image_size, steps=6, seed=1, fold=0)
        start = {name: weight.detach().clone() for name, weight in trainer.trained.named_parameters()}
        trainer.step(*batch)
        ends.append(dict(trainer.trained.named_parameters()))
    for name, weight in start.items():
        taken = (ends[0][name] - ends[1][name]).detach()
        expected = momentum * 0.1 * 0.5 * weight if weight.ndim > 1 else torch.zeros_like(weight)
        assert torch.allclose(taken, expected, atol=1e-6), name


def test_the_modern_recipe_learns_and_steps_repeat_bit_for_bit(modern, machine, batch):
    runs = []
    for _ in range(2):
        trainer = Trainer(modern, machine, CLASSES, modern.image_size, steps=40, seed=1, fold=0)
        runs.append([trainer.step(*batch)[0].item() for _ in range(40)])
    assert runs[0] == runs[1]
    assert sum(runs[0][-5:]) < 0.9 * sum(runs[0][:5])


def test_the_modern_recipe_agrees_in_bf16(modern, machine, batch):
    losses = []
    for precision in ("fp32", "bf16"):
        trainer = Trainer(
            modern, replace(machine, precision=precision), CLASSES, modern.image_size, steps=6, seed=1, fold=0
        )
        losses.append(trainer.step(*batch)[0].item())
    assert losses[0] == pytest.approx(losses[1], rel=BF16_LOSS)
    assert losses[0] != losses[1]
