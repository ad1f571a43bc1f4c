"""The block in one against its layers one after the other."""

import pytest
import torch
from torch import nn

from engine.models.two_block import Block

CHANNELS, OUT = 3, 8


def made(dtype, kernel_size=5):
    """Two equal blocks with some channels whose scale is negative."""
    blocks = []
    for _ in range(2):
        torch.manual_seed(0)
        block = Block(CHANNELS, OUT, kernel_size)
        nn.init.normal_(block.norm.weight)
        nn.init.normal_(block.norm.bias)
        nn.init.normal_(block.convolution.bias)
        blocks.append(block.to(dtype).to(memory_format=torch.channels_last))
    assert (blocks[0].norm.weight < 0).any()
    return blocks


def images(dtype, height=17, width=22, count=6):
    values = torch.rand(count, CHANNELS, height, width, generator=torch.Generator().manual_seed(1), dtype=dtype)
    return values.contiguous(memory_format=torch.channels_last)


def step(forward, block, inputs):
    """Maps, and the gradients of the inputs and of all weights but the convolution's bias, whose is zero."""
    leaf = inputs.clone().requires_grad_()
    maps = forward(leaf)
    upstream = torch.randn(maps.shape, generator=torch.Generator().manual_seed(2)).to(maps)
    maps.backward(upstream.contiguous(memory_format=torch.channels_last))
    weights = (block.convolution.weight, block.norm.weight, block.norm.bias)
    return [maps.detach(), leaf.grad, *(weight.grad for weight in weights)]


def layers(block):
    return lambda inputs: nn.Sequential.forward(block, inputs)


def distance(found, expected):
    found, expected = found.double(), expected.double()
    return (torch.linalg.vector_norm(found - expected) / torch.linalg.vector_norm(expected)).item()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 2e-5)])
@pytest.mark.parametrize(("height", "width", "kernel_size"), [(16, 20, 5), (17, 23, 5), (16, 21, 3)])
def test_it_is_the_layers_to_rounding(dtype, tolerance, height, width, kernel_size):
    ours, theirs = made(dtype, kernel_size)
    inputs = images(dtype, height, width)
    found, expected = step(ours, ours, inputs), step(layers(theirs), theirs, inputs)
    assert [value.dtype for value in found] == [dtype] * 5
    assert max(map(distance, found, expected)) < tolerance
    for name, value in theirs.norm.named_buffers():
        torch.testing.assert_close(ours.norm.get_buffer(name), value)
    assert not ours.convolution.bias.grad.any()


def test_of_equal_values_in_a_flat_drawing_the_first_has_the_gradient():
    ours, theirs = made(torch.float64)
    drawing = torch.zeros(6, CHANNELS, 18, 22, dtype=torch.float64)
    drawing[:3, :, 4:14, 6:17] = 1  # flat parts, as cartoons have; three images are flat altogether
    drawing = drawing.contiguous(memory_format=torch.channels_last)
    assert max(map(distance, step(ours, ours, drawing), step(layers(theirs), theirs, drawing))) < 1e-12


def test_its_gradients_are_those_of_differences():
    (block, _) = made(torch.float64)
    inputs = images(torch.float64, 6, 8, count=3).requires_grad_()
    assert torch.autograd.gradcheck(block, inputs)


def test_bf16_is_as_near_to_exact_as_the_layers_are():
    ours, theirs = made(torch.float32)
    inputs = images(torch.float32, 32, 40)
    with torch.autocast("cpu", torch.bfloat16):
        found, rough = step(ours, ours, inputs), step(layers(theirs), theirs, inputs)
    exact_block = made(torch.float64)[0]
    exact = step(layers(exact_block), exact_block, inputs.double())
    assert found[0].dtype == torch.bfloat16
    for ours_is, layers_are, truth in zip(found, rough, exact, strict=True):
        assert distance(ours_is, truth) < 1.3 * distance(layers_are, truth) + 1e-4


def test_images_need_no_gradient_and_other_layouts_take_the_layers():
    ours, theirs = made(torch.float32)
    inputs = images(torch.float32)
    ours(inputs).sum().backward()
    theirs(inputs.contiguous()).sum().backward()
    assert distance(ours.convolution.weight.grad, theirs.convolution.weight.grad) < 1e-3


def test_evaluation_goes_by_the_running_statistics():
    block, _ = made(torch.float32)
    inputs = images(torch.float32)
    for _ in range(3):
        block(inputs)
    block.eval()
    with torch.no_grad():
        assert torch.equal(block(inputs), layers(block)(inputs))
