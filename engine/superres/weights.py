"""Weights of NinaSR-B0 x2: the user's file, the official ones or the shipped ones."""

import hashlib
import importlib.resources
import io
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from engine.errors import DownloadError, WeightsError
from engine.reports.results import SuperresWeightsInfo
from engine.superres.upscale import SCALE, SuperresModel
from engine.system.download import download
from engine.system.files import replacing

NETWORK = "NinaSR-B0 x2"
SHIPPED_FILE = "ninasr_b0_x2.safetensors"
MAX_BYTES = 8_000_000
"""No file of these weights is near this size (0.4 MB in fp32): anything larger is something else."""

_SAFETENSORS, _TORCH = (".safetensors",), (".pt", ".pth")

_failed_downloads: dict[str, str] = {}
"""Reasons by address, so that one process asks an unreachable server once and not once a variant."""

Fetch = Callable[[str], bytes]


def load_superres(
    weights: Path | None, *, offline: bool, cache_dir: Path, url: str | None = None, fetch: Fetch | None = None
) -> SuperresModel:
    """Load the super-resolution network with the best weights that can be had.

    In this order: the file that the user names; the official torchSR weights, from torch hub's cache, from ours
    or downloaded into ours; the weights that the project ships.

    Args:
        weights: the user's file, .safetensors or the official .pt; nothing else is tried when given.
        offline: never touch the network.
        cache_dir: the user's cache folder; a downloaded file is kept in its `weights`.
        url: another address of the official weights; None for the one that torchSR names.
        fetch: how an address becomes bytes; None downloads within a deadline of seconds.

    Returns:
        The network on the CPU; its `info` names the source and, in `note`, why a better one was not used.

    Raises:
        WeightsError: the user's file is missing or does not hold these weights.
    """
    if weights is not None:
        data = _read_file(weights)
        description = f"{NETWORK}, weights from {weights}"
        return _make_model(_parse(data, weights), data, source="file", description=description)
    official = str(_untrained().url) if url is None else url
    found, note = _official(official, offline, cache_dir, fetch or partial(download, max_bytes=MAX_BYTES))
    if found is not None:
        data, path = found
        description = f"{NETWORK}, official torchSR weights ({path.name})"
        return _make_model(_parse(data, path), data, source="official", description=description, note=note)
    return _shipped(note)


def _shipped(note: str = "") -> SuperresModel:
    data = (importlib.resources.files("data") / "weights" / SHIPPED_FILE).read_bytes()
    description = f"{NETWORK}, weights shipped with simpsons-tui, trained on its own drawings and free photographs"
    return _make_model(_parse(data, Path(SHIPPED_FILE)), data, source="shipped", description=description, note=note)


def find_superres(
    sha256: str,
    given: Path | None,
    *,
    offline: bool,
    cache_dir: Path,
    url: str | None = None,
    fetch: Fetch | None = None,
) -> SuperresModel:
    """Load the super-resolution network with the very weights that have this digest, wherever they are.

    They are the user's file, the shipped ones, or what `load_superres` finds, which is asked last because it may
    download.

    Raises:
        WeightsError: they are nowhere to be found, or the user's file holds others.
    """
    wanted = f"the run's super-resolution weights (sha256 {sha256[:12]})"
    if given is not None:
        model = load_superres(given, offline=True, cache_dir=cache_dir)
        if model.info.sha256 != sha256:
            raise WeightsError(f"{given} does not hold {wanted}: name their file with --superres-weights")
        return model
    model = _shipped()
    if model.info.sha256 != sha256:
        model = load_superres(None, offline=offline, cache_dir=cache_dir, url=url, fetch=fetch)
    if model.info.sha256 != sha256:
        why = f" ({model.info.note})" if model.info.note else ""
        raise WeightsError(f"{wanted} are not here{why}: name their file with --superres-weights")
    return model


def recall_superres(info: SuperresWeightsInfo, given: Path | None, *, offline: bool, cache_dir: Path) -> SuperresModel:
    """The network that a run used, whose weights are looked for (`find_superres`) when something is enlarged.

    What lies in the pixel cache is found without them.
    """
    return SuperresModel(lambda: find_superres(info.sha256, given, offline=offline, cache_dir=cache_dir).network, info)


def _official(url: str, offline: bool, cache_dir: Path, fetch: Fetch) -> tuple[tuple[bytes, Path] | None, str]:
    """The official weights' bytes and file, or None; and what is to be said about it."""
    name = url.rsplit("/", 1)[-1]
    kept = cache_dir / "weights" / name
    for path in (Path(torch.hub.get_dir()) / "checkpoints" / name, kept):
        try:
            data = _read_file(path)
            _parse(data, path)
        except WeightsError:
            continue  # absent, or something else lies there: as good as absent
        return (data, path), ""
    if offline:
        return None, "official weights not asked for: offline"
    try:
        data = _fetch_once(url, kept, fetch)
    except DownloadError as error:
        return None, f"official weights not reachable: {error}"
    try:
        _keep(data, kept)
    except OSError as error:
        return (data, kept), f"official weights could not be kept in {kept.parent}: {error.strerror}"
    return (data, kept), ""


def _fetch_once(url: str, path: Path, fetch: Fetch) -> bytes:
    """Fetch and validate; a failure is remembered for the life of the process.

    Raises:
        DownloadError: now or before, it could not be fetched or was something else.
    """
    if url in _failed_downloads:
        raise DownloadError(_failed_downloads[url])
    try:
        data = fetch(url)
        _parse(data, path)
    except (DownloadError, WeightsError) as error:
        reason = str(error) if isinstance(error, DownloadError) else "what the server sent is not these weights"
        _failed_downloads[url] = reason
        raise DownloadError(reason) from error
    return data


def _keep(data: bytes, path: Path) -> None:
    """Write a validated file in one piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as stream:
        stream.write(data)


def _read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise WeightsError(f"{path} is not a file: name a .safetensors or .pt file of {NETWORK}")
        if size > MAX_BYTES:
            raise WeightsError(f"{path} has {size:,} bytes: {NETWORK} has less than {MAX_BYTES:,}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WeightsError(f"{path} cannot be read ({reason}): name a .safetensors or .pt file of {NETWORK}") from None


def _parse(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    """The state dictionary in a file's bytes, fit for the network.

    A .pt file is read with `weights_only=True`: no code in it runs.

    Raises:
        WeightsError: these are not weights of NinaSR-B0 x2.
    """
    suffix = path.suffix.lower()
    if suffix not in _SAFETENSORS + _TORCH:
        raise WeightsError(f"{path} is neither .safetensors nor .pt: name a weights file of {NETWORK}")
    try:
        if suffix in _SAFETENSORS:
            state: object = safetensors.torch.load(data)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about how a foreign file was pickled: nothing the user can act on
                state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # the readers raise many classes for what is not theirs
        raise WeightsError(f"{path} cannot be read as a {suffix} file: name a weights file of {NETWORK}") from error
    problem = _misfit(state)
    if problem:
        raise WeightsError(f"{path} does not hold weights of {NETWORK}: {problem}")
    assert isinstance(state, Mapping)
    return {name: tensor.detach().to(torch.float32) for name, tensor in state.items()}


def _misfit(state: object) -> str:
    """What keeps a loaded object from being this network's state; empty where nothing does."""
    if not isinstance(state, Mapping) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        return "it is not a table of tensors"
    expected = _untrained().state_dict()
    for name, tensor in expected.items():
        if name not in state:
            return f"{name} is missing"
        if state[name].shape != tensor.shape:
            return f"{name} has the shape {tuple(state[name].shape)} rather than {tuple(tensor.shape)}"
        if not state[name].is_floating_point() or not bool(torch.isfinite(state[name]).all()):
            return f"{name} holds values that are not finite numbers"
    unexpected = [name for name in state if name not in expected]
    return f"it also holds {unexpected[0]}" if unexpected else ""


def _untrained() -> nn.Module:
    """The network without memory for its weights, which would be filled at random for nothing."""
    from torchsr.models import ninasr_b0  # brings all of torchvision along, which takes longer than the weights

    with torch.device("meta"):
        network: nn.Module = ninasr_b0(scale=SCALE, pretrained=False)
    return network


def _make_model(
    state: dict[str, torch.Tensor], data: bytes, *, source: str, description: str, note: str = ""
) -> SuperresModel:
    info = SuperresWeightsInfo(source, description, hashlib.sha256(data).hexdigest(), note)
    return SuperresModel(lambda: _network(state), info)


def _network(state: dict[str, torch.Tensor]) -> nn.Module:
    network = _untrained()
    network.load_state_dict(state, assign=True)
    return network
