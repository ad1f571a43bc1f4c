"""The networks by name: ours, torchvision's, timm's and the user's own."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from torch import Tensor, nn

from engine.config.networks import (
    DEFAULT_WEIGHTS,
    NO_WEIGHTS,
    OURS,
    OURS_ALONE,
    NetworkName,
    is_ours,
    parse_network,
)
from engine.config.recipes import Recipe, meanings_of
from engine.errors import InputError
from engine.models.classifier import BlockClassifier
from engine.models.foreign import ForeignNetwork, ImageInput, require_logits
from engine.models.pretrained import fetch, file_digest, read_weights, require_file, take_over
from engine.models.random_state import seeded
from engine.models.residual import ResidualNetwork
from engine.models.two_block import TwoBlockNetwork
from engine.reports.results import NetworkInfo
from engine.system.named_code import named_network

Builder = Callable[[Recipe, int, tuple[int, int]], nn.Module]

NETWORKS: MappingProxyType[str, Builder] = MappingProxyType({"two-block": TwoBlockNetwork, "residual": ResidualNetwork})
"""Ours."""


def build_model(recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> nn.Module:
    """The recipe's network with fresh weights, drawn from torch's default generator on the CPU.

    It takes images (N, 3, H, W) in [0, 1] of `image_size` (H, W) and returns logits (N, n_classes).

    Raises:
        InputError: there is no such network, its package is missing, or the user did not name its file.
    """
    name = parse_network(recipe.network)
    if name.source == "ours":
        return NETWORKS[name.name](recipe, n_classes, image_size)
    network, wants = _build_foreign(name, recipe, n_classes, image_size)
    return _adapted(network, wants, recipe, n_classes)


def _build_foreign(
    name: NetworkName, recipe: Recipe, n_classes: int, image_size: tuple[int, int]
) -> tuple[nn.Module, ImageInput]:
    from engine.models import own_file, timm, torchvision

    if name.source == "torchvision":
        torchvision.require_model(name.name)
        return torchvision.build(name.name, n_classes, pretrained=recipe.weights != NO_WEIGHTS)
    if name.source == "timm":
        timm.require_model(name.name)
        return timm.build(name.name, n_classes)
    return own_file.build(named_network(recipe.network), n_classes, image_size)


def _adapted(network: nn.Module, wants: ImageInput, recipe: Recipe, n_classes: int) -> ForeignNetwork:
    shown = shown_name(recipe.network)
    return ForeignNetwork(network, wants, n_classes, shown=shown, mirror_average=recipe.mirror_average)


def shown_name(network: str) -> str:
    """A network's name without the folders of its file."""
    name = parse_network(network)
    return f"{Path(name.file).name}:{name.name}" if name.file else network


def require_network(recipe: Recipe) -> None:
    """Refuse a network or start weights that are not there, before any work; downloads nothing.

    Raises:
        InputError: no such model or file, a package is missing, or the user's own file is of no use.
    """
    from engine.models import own_file, timm, torchvision

    name = parse_network(recipe.network)
    if name.source != "ours":
        _refuse_numbers_of_ours(recipe)
    if name.source == "torchvision":
        torchvision.require_model(name.name)
    elif name.source == "timm":
        timm.require_model(name.name)
    elif name.source == "file":
        own_file.load_function(named_network(recipe.network))
    if recipe.weights not in (NO_WEIGHTS, DEFAULT_WEIGHTS):
        require_file(Path(recipe.weights))


def _refuse_numbers_of_ours(recipe: Recipe) -> None:
    """Refuse to change what the network would not take from the recipe."""
    # A run of an earlier version may have what the name stood for then.
    known = meanings_of(recipe)
    for field in OURS_ALONE if known else ():
        if getattr(recipe, field) not in (getattr(one, field) for one in known):
            words, shown = field.replace("_", " "), shown_name(recipe.network)
            raise InputError(f"{words}: {shown} has its own; only {' and '.join(OURS)} take it from the recipe")


def open_network(
    recipe: Recipe,
    n_classes: int,
    image_size: tuple[int, int],
    *,
    offline: bool,
    tell: Callable[[str], None] = lambda words: None,
) -> NetworkInfo:
    """Make sure that a network can be trained: fetch its weights, build it, and ask it about two images.

    `tell` gets what takes long.

    Raises:
        InputError: it cannot; the message says why.
        DownloadError: its weights could not be fetched.
    """
    require_network(recipe)
    title, path, digest = _start_weights(recipe, offline=offline, tell=tell)
    with seeded(0):
        model, note = start_model(recipe, n_classes, image_size)
    notes = [note] if note else []
    wants = ImageInput()
    code = named_network(recipe.network).file if parse_network(recipe.network).source == "file" else None
    if isinstance(model, ForeignNetwork):
        if doubt := require_logits(model, n_classes, image_size, str(code.path) if code else ""):
            notes.append(doubt)
        wants = model.wants
        if (size := wants.resized(*image_size)) != image_size:
            notes.append(f"images are resized inside the network, to {size[0]}x{size[1]} (bilinear)")
        if recipe.head_share:
            head = f"{model.head.removeprefix('network.')} is its head, which learns first"
            none = "no layer with an output for each class was found: all layers learn from the first step"
            notes.append(head if model.head else none)
    return NetworkInfo(
        name=shown_name(recipe.network),
        parameters=sum(weight.numel() for weight in model.parameters()),
        source_sha256=code.sha256 if code else "",
        weights=title,
        weights_file=str(path or ""),
        weights_sha256=digest,
        mean=wants.mean,
        deviation=wants.deviation,
        notes=tuple(notes),
    )


def _start_weights(recipe: Recipe, *, offline: bool, tell: Callable[[str], None]) -> tuple[str, Path | None, str]:
    """What the start weights are, their file and its SHA-256; the file is fetched where it is not there."""
    from engine.models import timm, torchvision

    name = parse_network(recipe.network)
    if recipe.weights == NO_WEIGHTS:
        return "none: at random", None, ""
    if recipe.weights != DEFAULT_WEIGHTS:
        path = Path(recipe.weights)
        return path.name, path, file_digest(path)
    if name.source == "file":
        return f"what {shown_name(recipe.network)} gives", None, ""
    if name.source == "timm":
        found = timm.pretrained(name.name, offline=offline, tell=tell)
    else:
        found = torchvision.pretrained(name.name)
    return found.title, found.path, fetch(found, offline=offline, tell=tell)


def start_model(recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> tuple[nn.Module, str]:
    """The network as its training begins, and a sentence on what of the weights was left out, or "".

    What the weights do not give is drawn from torch's default generator. Never touches the network.

    Raises:
        InputError: as `build_model`, or the weights are not on this machine or do not fit.
    """
    from engine.models import timm

    path = _weights_here(recipe)
    name = parse_network(recipe.network)
    if path is not None and name.source == "timm" and recipe.weights == DEFAULT_WEIGHTS:
        _, wants = timm.build(name.name, n_classes)
        return _adapted(timm.take_over(name.name, n_classes, path), wants, recipe, n_classes), ""
    model = build_model(recipe, n_classes, image_size)
    if path is None:
        return model, ""
    inner, head = (model.network, model.head) if isinstance(model, ForeignNetwork) else (model, head_of(model))
    return model, take_over(inner, head.removeprefix("network."), _read_once(path, path.stat().st_mtime_ns), path)


def _weights_here(recipe: Recipe) -> Path | None:
    """The file of the start weights, which a study has fetched when it was opened; None where there is none."""
    from engine.models import timm, torchvision

    name = parse_network(recipe.network)
    if recipe.weights == NO_WEIGHTS or (recipe.weights == DEFAULT_WEIGHTS and name.source == "file"):
        return None
    if recipe.weights != DEFAULT_WEIGHTS:
        path = Path(recipe.weights)
    elif name.source == "timm":
        path = timm.pretrained(name.name, offline=True).path
    else:
        path = torchvision.pretrained(name.name).path
    require_file(path)
    return path


@lru_cache(maxsize=1)
def _read_once(path: Path, _changed: int) -> dict[str, Tensor]:
    """Every job of a study starts from the same weights."""
    return read_weights(path)


def head_of(model: nn.Module) -> str:
    """The name of the layer that gives the logits; "" where none was found."""
    if isinstance(model, BlockClassifier):
        return "linear"
    return model.head if isinstance(model, ForeignNetwork) else ""


def adopt_network(network: str, source_sha256: str) -> None:
    """Let a run's own-file network be the file that the user named now, if it is the same source.

    Raises:
        InputError: they named none, or another.
    """
    if not is_ours(network) and parse_network(network).source == "file":
        named_network(network, source_sha256)
