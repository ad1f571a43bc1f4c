"""A trained network as an ONNX file that says what it is, checked with ONNX Runtime against torch.

Needs the optional extra "onnx". The file takes `images` (N, 3, H, W), float32 in [0, 1], for any N, and gives `logits`
and `probabilities` (N, classes), in fp32. The variant's pre-processing is not in it; its metadata says what it is.
"""

import importlib.util
import json
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.errors import InputError, SimpsonsError, describe_error
from engine.events.control import StudyControl
from engine.finished.predicting.images import NewImage
from engine.finished.predicting.model import TrainedModel
from engine.finished.predicting.preparing import Prepared, prepare
from engine.models import predict_logits
from engine.reports.results import SkippedFile
from engine.system.files import replacing
from engine.system.version import program_version
from engine.training.arithmetic import arithmetic

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
INPUT, OUTPUTS = "images", ("logits", "probabilities")

TOLERANCE = 1e-4
"""Largest difference of a logit that is taken for rounding, for each unit of the largest logit (at least 1).

The linear layer adds up to 171,360 products in fp32, in another order than torch.
"""

REAL_IMAGES, RANDOM_IMAGES = 8, 4
_WHITE = 255


class ExportError(SimpsonsError):
    """A model that cannot be exported."""


def require_packages() -> None:
    """Make sure that the optional packages are installed.

    Raises:
        InputError: one is not; the message names the extra.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"exporting to ONNX needs {', '.join(missing)}: install the extra with pip install '.[onnx]' in the "
            "project's folder"
        )


def write_onnx(
    trained: TrainedModel, about: Mapping[str, Any], images: Iterable[NewImage | SkippedFile], path: Path
) -> float:
    """Export a model, compare it with torch, and write the file if it computes the same.

    Args:
        trained: the network, on the CPU.
        about: what the file says of it besides its pre-processing and its input, by name.
        images: pictures to compare on besides random ones; the first usable ones are taken, evenly spread.
        path: the file; one that is there is replaced.

    Returns:
        The largest difference of a logit between ONNX Runtime and torch.

    Raises:
        ExportError: it does not compute the same, or cannot be written.
    """
    network = nn.Module.eval(_WithProbabilities(trained.network)).requires_grad_(False)
    try:
        content = _export(network, trained, _metadata(trained, about))
    except Exception as error:  # the exporter raises many classes for what it cannot write
        raise ExportError(f"this network cannot be written as ONNX ({describe_error(error)})") from error
    largest = max(_differences(content, network, trained, list(_pictures(trained, list(images)))))
    try:
        with replacing(path) as stream:
            stream.write(content)
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror or error})") from None
    return largest


class _WithProbabilities(nn.Module):
    """The network with both of its answers."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and class probabilities (N, classes) of images (N, 3, H, W) in [0, 1]."""
        logits = predict_logits(self.network, images)
        return logits, torch.softmax(logits, dim=1)


def _export(network: nn.Module, trained: TrainedModel, metadata: dict[str, str]) -> bytes:
    import onnx

    example = torch.zeros(2, 3, *trained.image_size)  # two, because an axis of length 1 would be taken for fixed
    with _quiet():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    proto: Any = program.model_proto
    proto.producer_name, proto.producer_version = "simpsons-tui", program_version()
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString()
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own workings."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _metadata(trained: TrainedModel, about: Mapping[str, Any]) -> dict[str, str]:
    """Everything that a user of the file needs, as text."""
    height, width = trained.image_size
    entries = {
        **about,
        "preprocessing": [step.identity() for step in trained.steps],
        "input": f"{INPUT}: float32 (N, 3, {height}, {width}), RGB, pixel / {_WHITE}, pre-processed as said",
        "image_size": [height, width],
        "program": f"simpsons-tui {program_version()}",
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in entries.items()}


def _pictures(trained: TrainedModel, images: list[NewImage | SkippedFile]) -> Iterator[npt.NDArray[np.float32]]:
    """Inputs to compare on: random ones, one alone, and real ones as the variant makes them."""
    generator = np.random.default_rng(0)
    noise = generator.random((RANDOM_IMAGES, 3, *trained.image_size), dtype=np.float32)
    yield noise
    yield noise[:1]
    spread = images[:: max(1, len(images) // REAL_IMAGES)]
    prepared = prepare(spread, trained.steps, trained.preprocess_machine, StudyControl())
    try:
        ready = islice((item.pixels for item in prepared if isinstance(item, Prepared)), REAL_IMAGES)
        if real := list(ready):
            yield np.ascontiguousarray(np.stack(real).transpose(0, 3, 1, 2), np.float32) / np.float32(_WHITE)
    finally:
        prepared.close()


def _differences(
    content: bytes, network: nn.Module, trained: TrainedModel, inputs: list[npt.NDArray[np.float32]]
) -> Iterator[float]:
    """The largest difference of a logit, by input.

    Raises:
        ExportError: one is more than rounding.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for pictures in inputs:
        logits, probabilities = session.run(list(OUTPUTS), {INPUT: pictures})
        with arithmetic(replace(trained.machine, precision="fp32")), torch.inference_mode():
            said = network(torch.from_numpy(pictures))
        expected, expected_shares = (part.numpy() for part in said)
        difference = float(np.abs(logits - expected).max())
        allowed = TOLERANCE * max(1.0, float(np.abs(expected).max()))
        shares = float(np.abs(probabilities - expected_shares).max())
        # Written so that a difference which is no number is refused as well.
        if not (difference <= allowed and shares <= 2 * allowed):
            raise ExportError(
                f"the exported model differs from torch by {difference:.2g} in a logit, more than {allowed:.2g}: "
                "no file was written"
            )
        yield difference
