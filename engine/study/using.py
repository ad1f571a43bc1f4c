"""Using what a run left: opening one of its models, asking it about new images."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import MachineSettings, Precision
from engine.control import StudyControl
from engine.errors import InputError, SimpsonsError, StorageError
from engine.locations import cache_folder
from engine.prediction import ModelOpened, ModelRequest, TakePrediction
from engine.record import JobKey, StudyRecord
from engine.results import JobResult
from engine.runs import load_config, load_record
from engine.runs.layout import WEIGHTS, job_name
from engine.variants import get_variant

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.predicting import TrainedModel


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
    from engine.predicting import find_images

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
    from engine.predicting import read_image as read

    return read(paths, shown)


@dataclass(frozen=True)
class OpenedModel:
    """A model ready for use, what is to be told of it, and the run that it is from."""

    model: "TrainedModel"
    info: ModelOpened
    record: StudyRecord


def open_model(request: ModelRequest) -> OpenedModel:
    """Load a model of a run for this machine.

    Raises:
        StorageError: the folder is no run or is damaged.
        InputError: the run has no such model, its weights cannot be used, or the device is not here.
    """
    from engine.predicting import load_model
    from engine.superres import find_superres
    from engine.training import lower_priority

    record = load_record(request.folder)
    job = choose_job(record, request)
    started, dataset = record.started, record.dataset
    assert started is not None and dataset is not None  # noqa: PT018 - a job has ended
    variant = get_variant(job.variant)
    lower_priority()  # of a screen's thread, which comes first
    machine, notes = _choose_machine(record, request)
    preprocess_machine, superres = machine, None
    if "superres" in variant.steps and record.superres_weights is not None:
        cache_dir = cache_folder(request.cache_dir)
        given = request.superres_weights or _own_weights(request.folder)
        superres = find_superres(record.superres_weights.sha256, given, offline=request.offline, cache_dir=cache_dir)
        preprocess_machine, more = _with_precision(machine, record.superres_precision or "fp32")
        notes += [note for note in more if note not in notes]
    if "crop" in variant.steps:
        notes.append(f"{variant.name} was trained on cropped images; new images have no box and are taken whole")
    model = load_model(
        variant,
        started.recipe,
        len(dataset.classes),
        weights_path(request.folder, job),
        superres=superres,
        machine=machine,
        preprocess_machine=preprocess_machine,
    )
    info = ModelOpened(
        study=started.study,
        folder=str(request.folder),
        variant=job.variant,
        seed=job.seed,
        fold=job.fold,
        classes=dataset.classes,
        image_size=model.image_size,
        device=machine.device,
        device_name=machine.device_name,
        precision=machine.precision,
        images=0,
        notes=tuple(notes),
    )
    return OpenedModel(model, info, record)


def choose_job(record: StudyRecord, request: ModelRequest) -> JobKey:
    """The job whose weights are used: of the variant asked for or the most accurate, the first of the seed and fold.

    Raises:
        InputError: no such job was evaluated; the message says which were.
    """
    done = {key: result for key, result in sorted(record.results.items()) if result.metrics is not None}
    order = record.started.variants if record.started else ()
    variants = [name for name in order if name in {key.variant for key in done}]
    if not variants:
        raise InputError(f"{request.folder}: no variant of this run has been trained and evaluated yet")
    variant = request.variant or max(variants, key=lambda name: _accuracy(record.result(name)))
    if variant not in variants:
        raise InputError(f"{request.folder} has no model of variant {variant!r}: choose from {', '.join(variants)}")
    keys = [key for key in done if key.variant == variant]
    for key in keys:
        if request.seed in (None, key.seed) and request.fold in (None, key.fold):
            return key
    there = ", ".join(f"seed {key.seed} fold {key.fold}" for key in keys)
    raise InputError(f"{request.folder}: {variant} was trained with {there}: choose from these with --seed and --fold")


def weights_path(folder: Path, job: JobKey) -> Path:
    """Where a run keeps the weights of a job."""
    return folder / WEIGHTS / f"{job_name(job)}.safetensors"


def _accuracy(result: JobResult | None) -> float:
    return result.metrics.accuracy if result is not None and result.metrics is not None else -1.0


def _own_weights(folder: Path) -> Path | None:
    """The super-resolution file that the run was given, where it still is."""
    with suppress(SimpsonsError):  # the official weights may be had all the same
        path = load_config(folder).superres_weights
        return path if path is not None and path.is_file() else None
    return None


def _choose_machine(record: StudyRecord, request: ModelRequest) -> tuple[MachineSettings, list[str]]:
    """This machine's device, with the run's precision and memory format, and what differs."""
    from engine.training import choose_machine

    if record.started is None or record.dataset is None or record.machine is None:
        raise StorageError(f"{request.folder}: does not say how it was computed: the run's events are not complete")
    theirs = record.machine
    machine = choose_machine(
        record.started.recipe,
        len(record.dataset.classes),
        device=request.device,
        precision="fp32",
        memory_format="channels_last" if theirs.channels_last else "contiguous",
        threads=None,
        cache_dir=cache_folder(request.cache_dir),
    )
    if (machine.device, machine.device_name) == (theirs.device, theirs.device_name):
        machine = replace(machine, threads=theirs.threads)
    return _with_precision(machine, theirs.precision)


def _with_precision(machine: MachineSettings, precision: Precision) -> tuple[MachineSettings, list[str]]:
    from engine.devices import has_bf16

    if precision == "bf16" and not has_bf16(machine.device):
        note = f"computed in fp32 and not in bf16 as in the run, because {machine.device} has no fast bf16"
        return replace(machine, precision="fp32"), [note]
    return replace(machine, precision=precision), []


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
    from engine.predicting import find_images
    from engine.predicting.onnx_file import OnnxModel, require_packages, write_onnx

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
