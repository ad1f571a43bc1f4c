"""Muon: momentum whose steps are made orthogonal (Jordan et al., Muon: an optimizer for hidden layers, 2024).

Torch's own takes matrices alone, and computes in bfloat16 on processors that have no arithmetic for it too.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of Jordan's quintic: singular values from 0.01 on come to about 1 in five rounds, none goes far past it."""

_ROUNDS = 5
_LEAST_NORM = 1e-7


class Muon(torch.optim.SGD):
    """SGD with Nesterov momentum; the steps of kernels are made orthogonal first.

    A kernel (out, in, height, width) is taken as a matrix (out, in * height * width). The learning rate is then how far
    a step goes in every direction, whatever the gradients' size, and kernels' weight decay is decoupled from the
    gradients (Loshchilov and Hutter, 2019).

    Args:
        kernels: a group of weights of two dimensions or more, as torch.optim.SGD takes it.
        others: the same of the others; SGD takes their steps.
        lr: learning rate.
        momentum: share of the gradients before that is kept.
        precision: of the products that make a step orthogonal; bfloat16 is enough where it is fast.
    """

    def __init__(
        self, kernels: dict[str, Any], others: dict[str, Any], *, lr: float, momentum: float, precision: torch.dtype
    ) -> None:
        super().__init__([kernels, others], lr=lr, momentum=momentum, nesterov=True)
        self._precision = precision

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of all weights that have gradients; the kernels' are used up."""
        kernels = self.param_groups[0]
        for weight in kernels["params"]:
            if weight.grad is not None:
                self._take(weight, kernels)
                weight.grad = None  # SGD, which steps the others, passes it by
        loss: float | None = super().step(closure)
        return loss

    def _take(self, weight: Tensor, group: dict[str, Any]) -> None:
        gradient, rate, momentum = weight.grad, group["lr"], group["momentum"]
        assert gradient is not None
        buffer = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
        buffer.mul_(momentum).add_(gradient)
        direction = orthogonal(gradient.add(buffer, alpha=momentum).flatten(1), self._precision)
        tall = max(1.0, direction.shape[0] / direction.shape[1]) ** 0.5
        weight.mul_(1 - rate * group["weight_decay"]).add_(direction.view(weight.shape), alpha=-rate * tall)


def orthogonal(matrix: Tensor, precision: torch.dtype) -> Tensor:
    """About the nearest matrix (rows, columns) whose singular values are all 1, by Newton and Schulz's iteration.

    They come to lie between 0.7 and 1.2, which serves as well as 1.
    """
    a, b, c = _COEFFICIENTS
    wide = matrix.shape[0] <= matrix.shape[1]
    result = (matrix if wide else matrix.T).to(precision)
    result = result / result.norm().clamp(min=_LEAST_NORM)  # the largest singular value is at most 1
    for _ in range(_ROUNDS):
        products = result @ result.T
        result = torch.addmm(result, torch.addmm(products, products, products, beta=b, alpha=c), result, beta=a)
    return (result if wide else result.T).to(matrix.dtype)
