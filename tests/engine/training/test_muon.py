"""Muon: orthogonal steps, those of torch's own for matrices, and of the others those of SGD."""

import pytest
import torch
from torch import nn

from engine.training.muon import Muon, orthogonal

RATE, MOMENTUM, DECAY, STEPS = 0.05, 0.9, 0.1, 4


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (12, 12)])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_all_singular_values_come_to_about_one_in_the_directions_that_they_had(shape, precision):
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(shape, generator=generator) * 100
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    assert values.min() < 0.6 * values.max()
    found = orthogonal(matrix, precision)
    assert found.dtype == matrix.dtype
    cosine = (found * (left @ right)).sum() / found.norm() / len(values) ** 0.5
    assert cosine > 0.95
    assert 0.6 < torch.linalg.svdvals(found).min() <= torch.linalg.svdvals(found).max() < 1.3


def test_nothing_stays_nothing():
    assert orthogonal(torch.zeros(3, 4), torch.float32).abs().max() == 0


def gradients():
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(6, 4, 3, 3, generator=generator) for _ in range(STEPS)]


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_a_kernel_steps_as_torchs_own_steps_its_matrix(memory):
    start = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(2))
    kernel, matrix = nn.Parameter(start.clone(memory_format=memory)), nn.Parameter(start.flatten(1).clone())
    ours = Muon(
        {"params": [kernel], "weight_decay": DECAY},
        {"params": []},
        lr=RATE,
        momentum=MOMENTUM,
        precision=torch.bfloat16,
    )
    theirs = torch.optim.Muon([matrix], lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    for gradient in gradients():
        kernel.grad, matrix.grad = gradient.clone(memory_format=memory), gradient.flatten(1).clone()
        ours.step()
        theirs.step()
    step = start.flatten(1) - matrix
    assert step.norm() > RATE
    # bfloat16 rounds to 0.4 %, and each of the five rounds once more.
    assert (kernel.flatten(1) - matrix).norm() < 5 * 0.004 * step.norm()


def test_the_others_step_as_sgd_steps_them():
    ours, theirs = nn.Parameter(torch.ones(6)), nn.Parameter(torch.ones(6))
    kernels = {"params": [nn.Parameter(torch.ones(2, 2))]}
    muon = Muon(kernels, {"params": [ours]}, lr=RATE, momentum=MOMENTUM, precision=torch.float32)
    sgd = torch.optim.SGD([theirs], lr=RATE, momentum=MOMENTUM, nesterov=True)
    for gradient in gradients():
        ours.grad, theirs.grad = gradient[:, 0, 0, 0].clone(), gradient[:, 0, 0, 0].clone()
        muon.step()
        sgd.step()
    assert torch.equal(ours, theirs)
    assert kernels["params"][0].eq(1).all()  # it had no gradient
