"""Recipes: how a network is built and trained, as one frozen table a recipe."""

import math
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

from engine.config.networks import DEFAULT_WEIGHTS, NO_WEIGHTS, is_ours, parse_network, require_weights
from engine.errors import InputError, require

DropoutPlace = Literal["logits", "features"]
Optimiser = Literal["adam", "sgd", "muon"]
Schedule = Literal["constant", "one-cycle"]

PAPER_DROPOUT: DropoutPlace = "features"
"""Where the recipe `paper` drops. Its list of layers names dropout last, the field puts it before the linear layer, and
the paper's numbers exclude the first and leave the second possible (`simpsons-tui docs trust`)."""

MAX_SIDE = 4096
"""Largest side of an input image in pixels; more than a small network can use."""

MIN_BATCH = 2
"""Batch normalisation needs a variance."""


_CHOICES = {
    "optimiser": get_args(Optimiser),
    "schedule": get_args(Schedule),
    "dropout_place": get_args(DropoutPlace),
}
_SHARES = ("label_smoothing", "colour_jitter", "erase", "low_resolution", "small_share", "averaging", "head_share")
_AMOUNTS = ("weight_decay", "affine", "patience", "head_learning_rate")

LEAST_FOREIGN_SIDE = 8
"""Of an image, in pixels, for a network that is not ours; many need more, which shows when they are opened."""


def _words(name: str) -> str:
    return name.replace("_", " ")


@dataclass(frozen=True)
class Recipe:
    """Every hyper-parameter of one way to train.

    A number that is 0 by default is a method that is left out. `channels`, `kernel_size`, `dropout` and `dropout_place`
    describe our own networks; others are built as their names say.

    Attributes:
        name: the recipe that this is or changes, or a name of your own.
        image_size: (height, width) in pixels that images are resized to.
        channels: output channels of the blocks, one entry a block.
        kernel_size: side of the square convolution kernels in pixels, odd; padding keeps the size.
        dropout: probability of dropout.
        dropout_place: "logits" drops after the last linear layer, "features" before it.
        learning_rate: the optimiser's step size, the largest one where it changes.
        batch_size: training images a step; the last batch of an epoch may be smaller.
        epochs: passes over the training images.
        denoise_weight: `weight` of skimage.restoration.denoise_tv_chambolle, on pixels in [0, 1].
        network: "two-block", "residual", a torchvision model, "timm:NAME" or "FILE.py:FUNCTION" (`engine.models`).
        optimiser: "adam", "sgd" with Nesterov momentum, or "muon", that with the kernels' steps made orthogonal.
        weight_decay: L2 penalty on the weights of convolutions and linear layers; of Adam and Muon decoupled.
        schedule: of the learning rate: "constant", or "one-cycle" (up to it, then down to 0; Smith 2018).
        label_smoothing: share of the label that is spread over all classes (Szegedy et al. 2016).
        flip: whether training images are mirrored at random.
        affine: strength of the random rotation, zoom, shift and shear of training images; 1 is usual.
        colour_jitter: how far brightness and colour balance of training images vary, as a share.
        erase: random erasing (cut-out): side of the square that is greyed in each training image, as a share of its.
        low_resolution: share of the training images that are shrunk and enlarged again, so that small ones are known.
        small_share: share of the training that sees images at two thirds of the size (progressive resizing).
        averaging: time constant of the weights' exponential moving average (EMA), as a share of the training.
        mirror_average: test-time augmentation (TTA): whether a prediction is the mean over an image and its mirror.
        patience: epochs without a better validation accuracy after which training ends; needs validation images.
        weights: what the network starts from: "none" (at random), "default" (those that its makers give) or a file.
        head_share: share of the training in which only the last layer learns, the rest as the weights have it.
        head_learning_rate: the largest learning rate of that time; 0 for `learning_rate`.
    """

    name: str
    image_size: tuple[int, int]
    channels: tuple[int, ...] = (16, 32)
    kernel_size: int = 5
    dropout: float = 0.5
    dropout_place: DropoutPlace = "logits"
    learning_rate: float = 1e-3
    batch_size: int = 100
    epochs: int = 5
    denoise_weight: float = 0.1
    network: str = "two-block"
    optimiser: Optimiser = "adam"
    weight_decay: float = 0.0
    schedule: Schedule = "constant"
    label_smoothing: float = 0.0
    flip: bool = False
    affine: float = 0.0
    colour_jitter: float = 0.0
    erase: float = 0.0
    low_resolution: float = 0.0
    small_share: float = 0.0
    averaging: float = 0.0
    mirror_average: bool = False
    patience: int = 0
    weights: str = NO_WEIGHTS
    head_share: float = 0.0
    head_learning_rate: float = 0.0

    def __post_init__(self) -> None:
        self._require_network()
        self._require_training()
        self._require_methods()

    def _require_network(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            require(value in choices, f"unknown {_words(name)} {value!r}: choose from {', '.join(choices)}")
        parse_network(self.network)
        require_weights(self.network, self.weights)
        blocks = min(self.channels, default=0) >= 1
        require(blocks, f"channels {self.channels}: give at least one block of at least one channel")
        odd = self.kernel_size >= 1 and self.kernel_size % 2 == 1
        require(odd, f"kernel size {self.kernel_size}: give an odd number, so that padding keeps the image's size")
        size, least = f"--image-size {self.image_size[0]}x{self.image_size[1]}", self.least_side
        require(min(self.image_size) >= least, f"{size} is too small: at least {least}x{least}")
        require(max(self.image_size) <= MAX_SIDE, f"{size} is too large: at most {MAX_SIDE} a side")
        require(0 <= self.dropout < 1, f"dropout {self.dropout}: give a probability from 0 to below 1")

    @property
    def least_side(self) -> int:
        """Of an image, in pixels: each of our blocks halves it."""
        return 2 ** len(self.channels) if is_ours(self.network) else LEAST_FOREIGN_SIDE

    def _require_training(self) -> None:
        batch = f"--batch-size {self.batch_size}: batch normalisation needs at least {MIN_BATCH} images"
        require(self.epochs >= 1, f"--epochs {self.epochs}: train for at least 1 epoch")
        require(self.batch_size >= MIN_BATCH, batch)
        require(0 < self.denoise_weight < math.inf, f"--denoise-weight {self.denoise_weight}: give a weight above 0")
        require(0 < self.learning_rate < math.inf, f"--lr {self.learning_rate}: give a learning rate above 0")

    def _require_methods(self) -> None:
        for name in _SHARES:
            value = getattr(self, name)
            require(0 <= value < 1, f"{_words(name)} {value}: give a share from 0 to below 1")
        for name in _AMOUNTS:
            value = getattr(self, name)
            require(0 <= value < math.inf, f"{_words(name)} {value}: give 0 or more")


# The study (cnn-image-classification, 2023) gives the layers, batch 100, 5 epochs and 255 x 342. It leaves open, and
# these entries fix: 16 and 32 channels, 5 x 5 kernels with padding 2, Adam at 1e-3 (the well-known two-layer PyTorch
# tutorial network, whose wording the study follows), where it drops, denoise weight 0.1 (scikit-image's default),
# pixels in [0, 1] and nothing more.
DEMO_RECIPE = "quick"
"""The one that drawings are trained with where none was named: `paper` makes a newcomer wait."""

_PAPER = Recipe("paper", image_size=(255, 342), dropout_place=PAPER_DROPOUT)
# How far a small network gets from scratch in minutes on two cores; `simpsons-tui docs variants` has the figures.
# Chosen on validation images alone (a fifth of the clean training images, near copies together; one seed). The
# optimiser in 16 epochs: SGD 0.786, Muon (at 0.05, what is no kernel by SGD at 0.2) 0.946. In 10 epochs of Muon, with
# twice today's augmentation: learning rate 0.05 0.839, and with the last layer by SGD 0.849; 0.1, also so, 0.890; 0.2
# 0.914, there a weight decay of 0.01 in place of 0.05 0.904, batches of 128 0.799 after 7 epochs where 64 had 0.848,
# and today's augmentation 0.956.
# Of SGD in 60 epochs: that half 0.963, all of it 0.962; AdamW at 3e-3 0.956 where SGD had 0.963 (epoch 50); CutMix
# 0.956; half as many channels again, at twice the time, 0.939 where this had 0.944 (epoch 40). Small images first:
# 0.941 after 30 epochs, against 0.939 with whole ones in 1.4 of the time.
_BEST = Recipe(
    "best",
    image_size=(96, 128),
    network="residual",
    channels=(32, 64, 128, 256),
    kernel_size=3,
    dropout=0.0,
    dropout_place="features",
    batch_size=64,
    epochs=120,
    optimiser="muon",
    learning_rate=0.2,
    weight_decay=0.05,
    schedule="one-cycle",
    label_smoothing=0.1,
    flip=True,
    affine=0.8,
    colour_jitter=0.15,
    erase=0.2,
    low_resolution=0.25,
    small_share=0.7,
    averaging=0.03,
    mirror_average=True,
    patience=20,
)
# For pretrained networks, at the size that two cores train in minutes: the last layer alone first, since its random
# start would spoil the others, then all at a rate that changes them little (Howard and Ruder, ULMFiT, 2018).
_FINETUNE = Recipe(
    "finetune",
    image_size=(128, 160),
    network="mobilenet_v3_large",
    weights=DEFAULT_WEIGHTS,
    dropout=0.0,
    dropout_place="features",
    batch_size=32,
    epochs=10,
    optimiser="adam",
    learning_rate=5e-4,
    weight_decay=0.01,
    schedule="one-cycle",
    label_smoothing=0.1,
    flip=True,
    affine=0.6,
    colour_jitter=0.15,
    erase=0.2,
    head_share=0.2,
    head_learning_rate=5e-3,
)
RECIPES = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            _PAPER,
            # The other reading of the paper's "dropout".
            *(
                replace(_PAPER, name=f"paper-dropout-{place}", dropout_place=place)
                for place in get_args(DropoutPlace)
                if place != PAPER_DROPOUT
            ),
            # A first look: a seventh of the pixels and smaller batches, so that a small set still gets enough steps.
            replace(_PAPER, name="quick", image_size=(96, 128), batch_size=50),
            _BEST,
            _FINETUNE,
        )
    }
)


RENAMED = MappingProxyType({f"paper-dropout-{PAPER_DROPOUT}": "paper"})
"""Other names of recipes, such as files and runs of earlier versions have."""


def get_recipe(name: str) -> Recipe:
    """Look a recipe up by name.

    Raises:
        InputError: there is no recipe of that name.
    """
    try:
        return RECIPES[RENAMED.get(name, name)]
    except KeyError:
        raise InputError(f"unknown recipe {name!r}: choose from {', '.join(RECIPES)}") from None


def entry_of(recipe: Recipe) -> Recipe | None:
    """The program's recipe that this one is or changes, under this one's name; None where it is the user's own."""
    entry = RECIPES.get(RENAMED.get(recipe.name, recipe.name))
    return None if entry is None else replace(entry, name=recipe.name)


def meanings_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """What a recipe's name stands for, and stood for in an earlier version; nothing for a name of the user's own."""
    entry = entry_of(recipe)
    if entry is None:
        return ()
    follows = entry.name in ("paper", "quick")  # a reading of the paper, which has changed
    return (entry, *(replace(entry, dropout_place=place) for place in get_args(DropoutPlace) if follows))


def same_training(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes differ in their name at most."""
    return replace(one, name=other.name) == other


def name_today(recipe: Recipe) -> str:
    """The name of a recipe; where the program once gave it another, for the same training, that of today.

    A run of an earlier version keeps the recipe that it was trained with under the name that it then had, which may
    stand for another training by now.
    """
    if entry_of(recipe) in (None, recipe) and recipe.name not in RENAMED:
        return recipe.name
    return next((name for name, known in RECIPES.items() if same_training(known, recipe)), recipe.name)
