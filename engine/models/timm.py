"""The models of the package timm (the optional extra "timm"), as "timm:NAME"."""

import difflib
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from engine.errors import DownloadError, InputError, WeightsError, describe_error
from engine.models.foreign import ImageInput
from engine.models.pretrained import Pretrained, hub_file

_INSTALL = "pip install timm"
_SECONDS = 20
"""How long its hub may be silent."""


def _timm() -> Any:
    """The package.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec("timm") is None:
        raise InputError(f"--network timm:NAME: timm is not installed: {_INSTALL}")
    return importlib.import_module("timm")


def require_model(name: str) -> None:
    """Refuse a name that timm does not have.

    Raises:
        InputError: the package is missing, or the name is unknown; the message names the nearest.
    """
    timm = _timm()
    known = timm.list_models()
    if name.partition(".")[0] not in known:
        nearest = difflib.get_close_matches(name, known, n=3)
        hint = f": did you mean {', '.join(nearest)}?" if nearest else f": {len(known)} names are in timm.list_models()"
        raise InputError(f"--network timm:{name}: timm {timm.__version__} has no such model{hint}")


def build(name: str, n_classes: int) -> tuple[nn.Module, ImageInput]:
    """A model with fresh weights, and what its pretrained weights want their images to be.

    Raises:
        InputError: timm cannot build it.
    """
    try:
        network: nn.Module = _timm().create_model(name, pretrained=False, num_classes=n_classes)
    except Exception as error:
        raise InputError(f"--network timm:{name}: cannot be built ({describe_error(error)})") from error
    wants = network.pretrained_cfg
    assert isinstance(wants, dict)
    _, height, width = wants["input_size"]
    size = (height, width) if wants.get("fixed_input_size") else None
    _, *least = wants.get("min_input_size") or (0, 1, 1)
    return network, ImageInput(tuple(wants["mean"]), tuple(wants["std"]), size, max(least))


def pretrained(name: str, *, offline: bool, tell: Callable[[str], None] = lambda words: None) -> Pretrained:
    """The file of its pretrained weights, fetched by the hub's own client where that is where they are.

    Raises:
        InputError: there are none.
        WeightsError: they are not here and the network must not be touched.
        DownloadError: they could not be fetched.
    """
    found = _timm().get_pretrained_cfg(name)
    if found is None or not (found.hf_hub_id or found.url):
        raise InputError(f"--weights default: timm has none for {name}: give none or a file")
    title = f"timm {name}" + (f".{found.tag}" if found.tag and "." not in name else "")
    if not found.hf_hub_id:
        return Pretrained(title, hub_file(found.url), found.url)
    place = f"https://huggingface.co/{found.hf_hub_id}"
    if not offline:
        tell(f"fetching {title} from {place} where they are not on this machine")
    return Pretrained(title, _from_hub(title, found.hf_hub_id, place, offline=offline), place)


def _from_hub(title: str, repository: str, place: str, *, offline: bool) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise InputError(f"--weights default: huggingface_hub is not installed: {_INSTALL}") from None
    try:
        return Path(hf_hub_download(repository, "model.safetensors", etag_timeout=_SECONDS, local_files_only=offline))
    except Exception as error:  # of its many classes none is ours
        why = describe_error(error)
        if offline:
            raise WeightsError(
                f"--offline: {title} are not on this machine: fetch model.safetensors of {place} elsewhere and give it "
                "with --weights FILE"
            ) from None
        raise DownloadError(
            f"{title} could not be fetched from {place} ({why}): try again, or give --weights FILE or none"
        ) from None


def take_over(name: str, n_classes: int, path: Path) -> nn.Module:
    """The model with pretrained weights, renamed as this version of it needs, and a fresh last layer.

    Raises:
        WeightsError: they do not fit.
    """
    try:
        network: nn.Module = _timm().create_model(
            name, pretrained=True, num_classes=n_classes, pretrained_cfg_overlay={"file": str(path)}
        )
    except Exception as error:
        raise WeightsError(f"{path}: not the weights of timm:{name} ({describe_error(error)})") from error
    return network
