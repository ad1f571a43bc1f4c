"""A network's weights as a safetensors file, which cannot run code when it is read."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from engine.errors import WeightsError
from engine.system.files import replacing


def save_weights(model: nn.Module, path: Path) -> None:
    """Write all weights and running statistics to `path`; a reader finds the old file or the whole new one.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path) as stream:
        stream.write(weights_to_bytes(model))


def weights_to_bytes(model: nn.Module) -> bytes:
    """The content of a weights file."""
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()})


def load_weights(model: nn.Module, path: Path) -> None:
    """Put the weights in `path` into `model`, which must be the same network.

    Raises:
        WeightsError: the file is missing, is no weights file, or belongs to another network.
    """
    try:
        tensors = load(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from None
    except SafetensorError:
        raise WeightsError(
            f"{path}: not a weights file of this program: give one from a run's weights folder"
        ) from None
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if own != theirs:
        differing = sorted(name for name in own.keys() | theirs.keys() if own.get(name) != theirs.get(name))
        raise WeightsError(f"{path}: weights of another network or image size ({differing[0]} differs)")
    model.load_state_dict(tensors)
