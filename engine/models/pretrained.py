"""Files of weights that a network starts from: where they are, fetching them, reading them, taking them over."""

import hashlib
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from engine.errors import DownloadError, InputError, WeightsError
from engine.system.download import download_file

_AUXILIARY = re.compile(r"(AuxLogits|aux1|aux2)\.")
"""Heads of GoogLeNet and Inception that only their first training used."""

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "network.")
"""What data-parallel training, and this program, put before every name."""

_COUNTER = ".num_batches_tracked"
"""Of batch norm; weights of old versions of torch have none."""


@dataclass(frozen=True)
class Pretrained:
    """A file of weights that makers of a network give.

    Attributes:
        title: what they are.
        path: where the file is, or will be.
        url: where it is from.
        sha256: the beginning of its digest; "" where that is not known.
    """

    title: str
    path: Path
    url: str
    sha256: str = ""


def hub_file(url: str) -> Path:
    """Where torch keeps a downloaded file."""
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]


def fetch(weights: Pretrained, *, offline: bool, tell: Callable[[str], None]) -> str:
    """Have the file on disk, and return its SHA-256; `tell` is told where it is fetched.

    Raises:
        WeightsError: it is not there and the network must not be touched, or it is another file.
        DownloadError: it could not be fetched whole, or is not what it should be.
    """
    path = weights.path
    if not path.is_file():
        if offline:
            raise WeightsError(
                f"--offline: {weights.title} are not on this machine: fetch {weights.url} elsewhere, "
                f"and put it at {path}"
            )
        tell(f"fetching {weights.title} from {weights.url}")
        try:
            download_file(weights.url, path, sha256=weights.sha256)
        except DownloadError as error:
            raise DownloadError(
                f"{weights.title} could not be fetched from {weights.url} ({error}): try again, put the file at "
                f"{path}, or give --weights none"
            ) from None
    digest = file_digest(path)
    if not digest.startswith(weights.sha256):
        raise WeightsError(f"{path}: not {weights.title} (its SHA-256 begins with {digest[:8]}): remove it")
    return digest


def file_digest(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"--weights {path}: cannot be read ({error.strerror or error})") from None


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors in a .safetensors or .pth file, by name. No code in it is run.

    Raises:
        WeightsError: it cannot be read, or holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            state: object = safetensors.torch.load_file(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about how a foreign file was pickled: nothing the user can act on
                state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"--weights {path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # the readers raise many classes for what is not theirs
        raise WeightsError(f"--weights {path}: no {path.suffix} file of tensors alone") from error
    for wrapper in _WRAPPERS:
        if isinstance(state, Mapping) and isinstance(state.get(wrapper), Mapping):
            state = state[wrapper]
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"--weights {path}: holds no table of tensors")
    tensors: dict[str, Tensor] = {str(name): value for name, value in state.items()}
    for prefix in _PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def take_over(model: nn.Module, head: str, tensors: Mapping[str, Tensor], path: Path) -> str:
    """Put weights into a network; its last layer `head` stays as it is where the file's has another shape.

    Returns:
        A sentence on what was left out, or "".

    Raises:
        WeightsError: they are another network's; the message names the first weight that differs.
    """
    own = model.state_dict()
    of_head = {name for name in own if head and name.startswith(f"{head}.")}
    other_head = any(name not in tensors or tensors[name].shape != own[name].shape for name in of_head)
    wanted = [name for name in own if not (other_head and name in of_head)]
    for name in wanted:
        if name in tensors and tensors[name].shape != own[name].shape:
            shapes = f"{tuple(tensors[name].shape)} rather than {tuple(own[name].shape)}"
            raise WeightsError(f"--weights {path}: weights of another network: {name} has the shape {shapes}")
        if name not in tensors and not name.endswith(_COUNTER):
            raise WeightsError(f"--weights {path}: weights of another network: {name} is missing")
    for name in tensors:
        if name not in own and not _AUXILIARY.match(name) and not (other_head and name.startswith(f"{head}.")):
            raise WeightsError(f"--weights {path}: weights of another network: it also holds {name}")
    model.load_state_dict({name: tensors.get(name, own[name]) if name in wanted else own[name] for name in own})
    return f"the last layer ({head}) begins at random: the weights have other classes" if other_head else ""


def require_file(path: Path) -> None:
    """Refuse weights that are no file.

    Raises:
        InputError: there is none.
    """
    if not path.is_file():
        raise InputError(f"--weights {path}: there is no such file")
