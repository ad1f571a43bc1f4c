"""A network's weights as a safetensors file, which cannot run code when it is read."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from engine.errors import WeightsError
from engine.system.files import parse_json, replacing


def save_weights(model: nn.Module, path: Path) -> None:
    """Write all weights and running statistics to `path`; a reader finds the old file or the whole new one.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path) as stream:
        stream.write(weights_to_bytes(model))


def weights_to_bytes(model: nn.Module) -> bytes:
    """The content of a weights file."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    return save(tensors, metadata={"digest": digest_of(tensors)})


def digest_of(tensors: Mapping[str, Tensor], header: Mapping[str, str] | None = None) -> str:
    """SHA-256 of what a file holds: the safetensors format does not notice a bit that was turned round."""
    digest = hashlib.sha256(json.dumps(dict(header or {}), sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_weights(model: nn.Module, path: Path) -> None:
    """Put the weights in `path` into `model`, which must be the same network.

    Raises:
        WeightsError: the file is missing or damaged, is no weights file, or belongs to another network.
    """
    try:
        content = path.read_bytes()
        tensors = load(content)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from None
    except SafetensorError:
        raise WeightsError(
            f"{path}: not a weights file of this program: give one from a run's weights folder"
        ) from None
    header_end = 8 + int.from_bytes(content[:8], "little")
    digest = parse_json(content[8:header_end]).get("__metadata__", {}).get("digest")
    if digest is not None and digest != digest_of(tensors):  # earlier versions wrote none
        raise WeightsError(f"{path}: damaged, its numbers are not those that were written")
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if own != theirs:
        differing = sorted(name for name in own.keys() | theirs.keys() if own.get(name) != theirs.get(name))
        raise WeightsError(f"{path}: weights of another network or image size ({differing[0]} differs)")
    model.load_state_dict(tensors)
