"""Using what a run left: opening one of its models, asking it about new images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.config.model import ModelRequest
from engine.config.variants import get_variant
from engine.events.codec import to_jsonable
from engine.events.control import StudyControl
from engine.finished.predicting.opening import open_model
from engine.finished.run import FinishedRun
from engine.reports.prediction import TakePrediction


def predict_images(
    request: ModelRequest, paths: Sequence[Path], take: TakePrediction, control: StudyControl | None = None
) -> None:
    """Ask a run's model about images, in the calling thread; files, folders and archives.

    `take` gets the model first, then what it says of each image, or why that could not be used, in their order.
    The predictions are those that the study would have made on this machine.

    Raises:
        SimpsonsError: the model cannot be used.
        StudyStopped: `control` asked for it.
    """
    from engine.finished.predicting.images import find_images

    model, info = open_model(FinishedRun(request.folder), request)
    images = list(find_images(paths))
    take(replace(info, images=len(images)))
    for answer in model.predict(images, control or StudyControl()):
        take(answer)


def export_onnx(request: ModelRequest, path: Path) -> float:
    """Write a run's model as an ONNX file, once it has been found to compute the same as torch.

    It is compared on random pictures and on images of the run's data set, where those still are.

    Args:
        request: whose model; its device does not count, the file is made on the CPU.
        path: the file to write; one that is there is replaced.

    Returns:
        The largest difference of a logit between ONNX Runtime and torch.

    Raises:
        InputError: the run has no such model, or the packages of the extra "onnx" are missing.
        ExportError: the file would not compute the same, so that none is written, or it cannot be written.
    """
    from engine.finished.predicting.images import find_images
    from engine.finished.predicting.onnx_file import require_packages, write_onnx

    require_packages()
    run = FinishedRun(request.folder)
    model, info = open_model(run, replace(request, device="cpu"))
    dataset = run.record.dataset
    images = find_images([Path(dataset.location)] if dataset and Path(dataset.location).exists() else [])
    about = {name: getattr(info, name) for name in ("classes", "variant", "study", "seed", "fold")}
    about["recipe"] = to_jsonable(run.started.recipe)
    if run.record.network is not None:
        about["network"] = to_jsonable(run.record.network)
    if "superres" in get_variant(info.variant).steps:
        about["superres_weights"] = to_jsonable(run.record.superres_weights)
    return write_onnx(model, about, images, path)
