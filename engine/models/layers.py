"""Layers that torch.nn does not have as we need them."""

import torch
from torch import Tensor, nn


class SeededDropout(nn.Module):
    """Dropout whose mask follows from a seed given before each step, not from the state of the process.

    Equal seeds and shapes give equal masks on one device, so networks trained side by side drop the same units and a
    resumed training goes on as if it had not been interrupted. Like nn.Dropout otherwise.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        if not 0 <= probability < 1:
            raise ValueError(f"dropout {probability}: give a probability from 0 to below 1")
        self.probability = probability
        self._seed: int | None = None

    def reseed(self, seed: int) -> None:
        """Fix the mask of the forward passes that follow."""
        self._seed = seed

    def forward(self, values: Tensor) -> Tensor:
        """Zero each value with the probability and scale the rest up; the identity in evaluation mode."""
        if not self.training or self.probability == 0:
            return values
        if self._seed is None:
            return nn.functional.dropout(values, self.probability)
        generator = torch.Generator(values.device).manual_seed(self._seed)
        keep = 1 - self.probability
        mask = torch.empty(values.shape, dtype=values.dtype, device=values.device)
        return values * mask.bernoulli_(keep, generator=generator).div_(keep)

    def extra_repr(self) -> str:
        """The probability, for printing."""
        return f"p={self.probability}"
