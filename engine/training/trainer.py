"""A network in training: its weights, its optimiser and how far it is."""

import torch
from torch import Tensor, nn

from engine.config import MachineSettings, Recipe
from engine.models import DEFAULT_NETWORK, SeededDropout, build_model
from engine.training.arithmetic import memory_format, mixed_precision
from engine.training.batches import derive_seed
from engine.training.pixels import scale


class Trainer:
    """Everything that changes while one job trains.

    Random numbers follow from (seed, fold, purpose, step) alone, so `model`, `optimiser` and `steps_done` are all
    that going on later takes, and every variant starts from the same weights and drops the same units.
    """

    def __init__(
        self,
        recipe: Recipe,
        machine: MachineSettings,
        n_classes: int,
        image_size: tuple[int, int],
        *,
        seed: int,
        fold: int,
    ) -> None:
        self.machine, self.seed, self.fold = machine, seed, fold
        self.steps_done = 0
        model = fresh_model(recipe, n_classes, image_size, seed=seed, fold=fold)
        self.model = model.to(machine.device).to(memory_format=memory_format(machine))
        # Adam as torch has it, in one pass over the weights.
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=recipe.learning_rate, fused=True)

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """One optimiser step on uint8 images (N, H, W, 3) and labels (N,), both on the device.

        Returns the mean cross-entropy and the number of right answers, both before the step, as a float tensor (2,)
        on the device; reading it waits for the step.
        """
        loss, correct = self.backward(images, labels)
        self.optimiser.step()
        self.steps_done += 1
        return torch.stack((loss, correct.to(loss.dtype)))

    def backward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and number of right answers of the next step, with the gradients left in the weights."""
        self.model.train()
        self._reseed_dropout()
        with mixed_precision(self.machine):
            logits = self.model(scale(images, self.machine)).float()
        loss = nn.functional.cross_entropy(logits, labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def _reseed_dropout(self) -> None:
        layers = (module for module in self.model.modules() if isinstance(module, SeededDropout))
        for number, layer in enumerate(layers):
            layer.reseed(derive_seed(self.seed, self.fold, "dropout", number, self.steps_done))


def fresh_model(
    recipe: Recipe, n_classes: int, image_size: tuple[int, int], *, seed: int, fold: int, network: str = DEFAULT_NETWORK
) -> nn.Module:
    """A network on the CPU whose weights follow from seed and fold; torch's own random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive_seed(seed, fold, "weights"))
        return build_model(network, recipe, n_classes, image_size)
