"""A network in training: its weights, its optimiser and how far it is."""

import contextlib
import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.schedule import averaging_weight, head_steps, learning_rate, trained_size
from engine.models import ForeignNetwork, SeededDropout, build_model, head_of, seeded, start_model
from engine.training.arithmetic import memory_format, mixed_precision
from engine.training.augmentation import augment
from engine.training.batches import derive_seed
from engine.training.checkpoint_format import CheckpointError
from engine.training.muon import Muon
from engine.training.pixels import scale

_MODEL, _OPTIMISER, _AVERAGE = "model.", "optimiser.", "average."

_MOMENTUM = 0.9


class Trainer:
    """Everything that changes while one job trains.

    Random numbers follow from (seed, fold, purpose, step) alone, so the network, its moving average, the optimiser and
    `steps_done` are all that going on later takes, and every variant starts from the same weights, drops the same
    units and changes its images in the same way. `steps` is the length of the whole training.
    """

    def __init__(
        self,
        recipe: Recipe,
        machine: MachineSettings,
        n_classes: int,
        image_size: tuple[int, int],
        *,
        steps: int,
        seed: int,
        fold: int,
    ) -> None:
        self.recipe, self.machine, self.seed, self.fold = recipe, machine, seed, fold
        self.steps, self.steps_done = steps, 0
        model = fresh_model(recipe, n_classes, image_size, seed=seed, fold=fold)
        self.trained = model.to(machine.device).to(memory_format=memory_format(machine))
        self._average = copy.deepcopy(self.trained) if recipe.averaging else None
        self._averaged = [] if self._average is None else _tensor_pairs(self._average, self.trained)
        self.optimiser = _optimiser(recipe, machine, self.trained)
        self._learning = [weight for weight in self.trained.parameters() if weight.requires_grad]
        self._head = self.trained.get_submodule(name) if (name := head_of(self.trained)) else None

    @property
    def model(self) -> nn.Module:
        """The network that answers: the moving average of the trained one where the recipe averages."""
        return self.trained if self._average is None else self._average

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """One optimiser step on uint8 images (N, H, W, 3) and labels (N,), both on the device.

        Returns the mean loss, the number of right answers and the norm of the gradients, all before the step, as a
        float tensor (3,) on the device; reading it waits for the step.
        """
        loss, correct = self.backward(images, labels)
        norm = self._gradient_norm()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, self.steps_done, self.steps)
        self.optimiser.step()
        self._take_average()
        self.steps_done += 1
        return torch.stack((loss, correct.to(loss.dtype), norm.to(loss.dtype)))

    def backward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and number of right answers of the next step, with the gradients left in the weights."""
        self._wake()
        inputs = self._augmented(scale(images, self.machine))
        with self._dropping(), mixed_precision(self.machine):
            logits = self.trained(inputs).float()
        loss = nn.functional.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def _gradient_norm(self) -> Tensor:
        """The Euclidean norm of all gradients as one vector; it takes under 0.2 % of a step."""
        gradients = [weight.grad for weight in self._learning if weight.grad is not None]
        norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        return norm

    def state(self) -> dict[str, Tensor]:
        """The tensors that going on takes: weights, running statistics, averages and what the optimiser remembers.

        They are the trainer's own, so the next step changes them.
        """
        tensors = {f"{_MODEL}{name}": tensor for name, tensor in self.trained.state_dict().items()}
        if self._average is not None:
            tensors |= {f"{_AVERAGE}{name}": tensor for name, tensor in self._average.state_dict().items()}
        for index, entry in self.optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}{index}.{name}": value for name, value in entry.items()}
        return tensors

    def restore(self, tensors: Mapping[str, Tensor], steps_done: int) -> None:
        """Go back to where another trainer of the same recipe had this state.

        Raises:
            CheckpointError: the tensors are those of another network.
        """
        weights, average = _part(tensors, _MODEL), _part(tensors, _AVERAGE)
        own = _shapes(self.trained.state_dict())
        if _shapes(weights) != own or _shapes(average) != ({} if self._average is None else own):
            raise CheckpointError("the checkpoint holds the weights of another network")
        memory = self._optimiser_memory(tensors)
        remembered = {index: self._remembered(weight) for index, weight in enumerate(self._weights)}
        shapes = {index: _shapes(entry) for index, entry in memory.items()}
        if not self._all_learn:
            remembered = {index: remembered[index] for index in shapes if index in remembered}
        if steps_done and (not shapes or shapes != remembered):
            raise CheckpointError("the checkpoint holds the optimiser of another network")
        self.trained.load_state_dict(weights)
        if self._average is not None:
            self._average.load_state_dict(average)
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": memory})
        self.steps_done = steps_done

    def _augmented(self, images: Tensor) -> Tensor:
        full = (images.shape[2], images.shape[3])
        size = trained_size(self.recipe, full, self.steps_done, self.steps)
        generator = torch.Generator().manual_seed(derive_seed(self.seed, self.fold, "augment", self.steps_done))
        return augment(images, self.recipe, size, generator)

    @torch.no_grad()
    def _take_average(self) -> None:
        weight = averaging_weight(self.recipe, self.steps_done, self.steps)
        for average, newest in self._averaged:
            if average.is_floating_point():
                average.lerp_(newest, weight)
            else:  # how many batches the running statistics have seen
                average.copy_(newest)

    @property
    def _weights(self) -> list[nn.Parameter]:
        """As the optimiser numbers them."""
        return [weight for group in self.optimiser.param_groups for weight in group["params"]]

    def _remembered(self, weight: Tensor) -> dict[str, torch.Size]:
        """What the optimiser remembers of a weight."""
        if self.recipe.optimiser == "adam":
            return {"step": torch.Size(()), "exp_avg": weight.shape, "exp_avg_sq": weight.shape}
        return {"momentum_buffer": weight.shape}

    def _optimiser_memory(self, tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        memory: dict[int, dict[str, Tensor]] = {}
        for key, value in _part(tensors, _OPTIMISER).items():
            index, _, name = key.partition(".")
            memory.setdefault(int(index), {})[name] = _laid_out_as(self._weights, int(index), value)
        return memory

    def _wake(self) -> None:
        """Set the layers that learn to training mode; the others, batch norm's statistics too, stay as they are."""
        if not self.recipe.head_share or self._head is None:
            self.trained.train()
            return
        alone = self.steps_done < head_steps(self.recipe, self.steps)
        self.trained.train(not alone)
        self._head.train()
        for weight in self._learning:
            weight.requires_grad_(not alone)
        if alone:
            self._head.requires_grad_()

    @property
    def _all_learn(self) -> bool:
        """Whether every weight has taken every step so far; networks of others may have some that never do."""
        return not isinstance(self.trained, ForeignNetwork) and not self.recipe.head_share

    def _dropping(self) -> contextlib.AbstractContextManager[None]:
        """What a step drops follows from its number: our layers are told, those of others draw from torch's numbers."""
        if isinstance(self.trained, ForeignNetwork):
            seed = derive_seed(self.seed, self.fold, "network", self.steps_done)
            return seeded(seed, self.machine.device)
        self._reseed_dropout()
        return contextlib.nullcontext()

    def _reseed_dropout(self) -> None:
        layers = (module for module in self.trained.modules() if isinstance(module, SeededDropout))
        for number, layer in enumerate(layers):
            layer.reseed(derive_seed(self.seed, self.fold, "dropout", number, self.steps_done))


def fresh_model(recipe: Recipe, n_classes: int, image_size: tuple[int, int], *, seed: int, fold: int) -> nn.Module:
    """The network on the CPU as its training begins: what its start weights do not give follows from seed and fold.

    Torch's own random state stays as it was.

    Raises:
        InputError: there is no such network, or its weights are not on this machine or do not fit.
    """
    with seeded(derive_seed(seed, fold, "weights")):
        return start_model(recipe, n_classes, image_size)[0]


def blank_model(recipe: Recipe, n_classes: int, image_size: tuple[int, int], *, seed: int, fold: int) -> nn.Module:
    """The same without its start weights, for weights that are loaded then."""
    with seeded(derive_seed(seed, fold, "weights")):
        return build_model(recipe, n_classes, image_size)


def _optimiser(recipe: Recipe, machine: MachineSettings, model: nn.Module) -> torch.optim.Optimizer:
    """Adam in one pass over the weights, SGD with Nesterov momentum, or Muon; only matrices and kernels decay."""
    groups: list[dict[str, Any]] = [{"params": list(model.parameters())}]
    if recipe.weight_decay or recipe.optimiser == "muon":
        kernels = [weight for weight in model.parameters() if weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.ndim <= 1]
        groups = [{"params": kernels, "weight_decay": recipe.weight_decay}, {"params": others}]
    if recipe.optimiser == "muon":
        precision = torch.bfloat16 if machine.precision == "bf16" else torch.float32
        return Muon(*groups, lr=recipe.learning_rate, momentum=_MOMENTUM, precision=precision)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=_MOMENTUM, nesterov=True)
    if recipe.weight_decay:
        return torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=0.0, fused=True)
    return torch.optim.Adam(groups, lr=recipe.learning_rate, fused=True)


def _laid_out_as(weights: Sequence[Tensor], index: int, value: Tensor) -> Tensor:
    """A copy that lies in memory as its weight does: the optimiser's one pass goes over both as they lie."""
    if index < len(weights) and value.shape == weights[index].shape:
        return torch.empty_like(weights[index]).copy_(value)
    return value


def _tensor_pairs(one: nn.Module, other: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """The tensors of two equal networks side by side; they stay theirs, whatever is loaded into them."""
    return list(zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}
