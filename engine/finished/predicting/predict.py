"""Using what a run left: opening one of its models, asking it about new images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.model import ModelRequest
from engine.events.control import StudyControl
from engine.events.record import StudyRecord
from engine.finished.predicting.opening import open_model
from engine.reports.prediction import TakePrediction

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def predict_images(
    request: ModelRequest, paths: Sequence[Path], take: TakePrediction, control: StudyControl | None = None
) -> None:
    """Ask a run's model about images, in the calling thread; files, folders and .zip archives.

    `take` gets the model first, then what it says of each image, or why that could not be used, in their order.
    The predictions are those that the study would have made on this machine.

    Raises:
        SimpsonsError: the model cannot be used.
        StudyStopped: `control` asked for it.
    """
    from engine.finished.predicting import find_images

    opened = open_model(request)
    images = list(find_images(paths))
    take(replace(opened.info, images=len(images)))
    for answer in opened.model.predict(images, control or StudyControl()):
        take(answer)


def read_image(paths: Sequence[Path], shown: str) -> "npt.NDArray[np.uint8]":
    """The picture, (H, W, 3) uint8, of an image that was predicted: by the paths that were named, and its own.

    Raises:
        DatasetError: it is not there any more, or cannot be decoded.
    """
    from engine.finished.predicting import read_image as read

    return read(paths, shown)


def export_onnx(folder: Path, variant: str | None, path: Path, *, request: ModelRequest | None = None) -> float:
    """Write a run's model as an ONNX file, once it has been found to compute the same as torch.

    It is compared on random pictures and on images of the run's data set, where those still are.

    Args:
        folder: the run's folder.
        variant: None for the most accurate.
        path: the file to write; one that is there is replaced.
        request: the seed, fold, folders and weights, where the defaults won't do; its folder and variant don't count.

    Returns:
        The largest difference of a logit between ONNX Runtime and torch.

    Raises:
        InputError: the run has no such model, or the packages of the extra "onnx" are missing.
        ExportError: the file would not compute the same, so that none is written, or it cannot be written.
    """
    from engine.finished.predicting import find_images
    from engine.finished.predicting.onnx_file import OnnxModel, require_packages, write_onnx

    require_packages()
    opened = open_model(replace(request or ModelRequest(folder), folder=folder, variant=variant, device="cpu"))
    images = find_images([location]) if (location := _data_location(opened.record)) is not None else iter(())
    started = opened.record.started
    assert started is not None
    about = OnnxModel(opened.model, opened.info, started.recipe, opened.record.superres_weights)
    return write_onnx(about, images, path)


def _data_location(record: StudyRecord) -> Path | None:
    """Where the run's images are, if they still are there."""
    location = Path(record.dataset.location) if record.dataset is not None else None
    return location if location is not None and location.exists() else None
