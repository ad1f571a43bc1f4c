"""A network in training: its weights, its optimiser and how far it is."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.config import MachineSettings, Recipe
from engine.models import DEFAULT_NETWORK, SeededDropout, build_model
from engine.training.arithmetic import memory_format, mixed_precision
from engine.training.batches import derive_seed
from engine.training.checkpoint import CheckpointError
from engine.training.pixels import scale

_MODEL, _OPTIMISER = "model.", "optimiser."


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

    def state(self) -> dict[str, Tensor]:
        """The tensors that going on takes: weights, running statistics and what the optimiser remembers.

        They are the trainer's own, so the next step changes them.
        """
        tensors = {f"{_MODEL}{name}": tensor for name, tensor in self.model.state_dict().items()}
        for index, entry in self.optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}{index}.{name}": value for name, value in entry.items()}
        return tensors

    def restore(self, tensors: Mapping[str, Tensor], steps_done: int) -> None:
        """Go back to where another trainer of the same recipe had this state.

        Raises:
            CheckpointError: the tensors are those of another network.
        """
        own = self.model.state_dict()
        weights = {name.removeprefix(_MODEL): value for name, value in tensors.items() if name.startswith(_MODEL)}
        if _shapes(own) != _shapes(weights):
            raise CheckpointError("the checkpoint holds the weights of another network")
        memory = self._optimiser_memory(tensors)
        if steps_done and _shapes_of_memory(memory) != [_shapes_of_entry(weight) for weight in self._weights]:
            raise CheckpointError("the checkpoint holds the optimiser of another network")
        self.model.load_state_dict(weights)
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": memory})
        self.steps_done = steps_done

    @property
    def _weights(self) -> list[nn.Parameter]:
        return list(self.model.parameters())

    def _optimiser_memory(self, tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        memory: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if not key.startswith(_OPTIMISER):
                continue
            index, _, name = key.removeprefix(_OPTIMISER).partition(".")
            memory.setdefault(int(index), {})[name] = _laid_out_as(self._weights, int(index), value)
        return memory

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


def _laid_out_as(weights: Sequence[Tensor], index: int, value: Tensor) -> Tensor:
    """A copy that lies in memory as its weight does: the optimiser's one pass goes over both as they lie."""
    if index < len(weights) and value.shape == weights[index].shape:
        return torch.empty_like(weights[index]).copy_(value)
    return value


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _shapes_of_memory(memory: Mapping[int, Mapping[str, Tensor]]) -> list[dict[str, torch.Size]]:
    return [_shapes(memory[index]) for index in sorted(memory)]


def _shapes_of_entry(weight: Tensor) -> dict[str, torch.Size]:
    """What Adam remembers of a weight."""
    return {"step": torch.Size(()), "exp_avg": weight.shape, "exp_avg_sq": weight.shape}
