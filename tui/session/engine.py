"""What the dashboard asks of the engine; tests put a stream of recorded events in its place."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from engine.config.model import ModelRequest
from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.record import StudyRecord
from engine.events.search_record import TuningRecord
from engine.events.study import Emit
from engine.reports.audit import AuditReport
from engine.reports.prediction import TakePrediction
from engine.reports.results import DatasetSummary

if TYPE_CHECKING:
    from textual.app import App

    from engine.events.progress import AuditProgress, ExplanationProgress
    from engine.reports.claims import ClaimsReport
    from engine.reports.estimate import Estimate
    from engine.reports.explanation import ExplanationReport
    from engine.reports.leak import LeakReport
    from engine.reports.pictures import GalleryImage, InsideView, Pixels, VariantPicture
    from engine.reports.resolution import ResolutionReport


class ImageSource(Protocol):
    """The images of a data set or of a finished run (`engine.finished.gallery.Gallery`); safe for several threads."""

    @property
    def identity(self) -> str:
        """Another one for every source: pictures are remembered by it and their path."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order."""

    @property
    def images(self) -> "tuple[GalleryImage, ...]":
        """All images."""

    def image(self, path: str) -> "GalleryImage":
        """What is known of one; raises SimpsonsError."""

    def pixels(self, path: str) -> "Pixels":
        """The picture, (H, W, 3) uint8; raises SimpsonsError."""

    def through(self, path: str, variants: Sequence[str]) -> "Iterator[VariantPicture]":
        """The picture through each variant, as they are done; raises SimpsonsError."""


class Looker(Protocol):
    """Looks into one network of a finished run; used by one thread at a time."""

    def look(self, path: str, label: int) -> "InsideView":
        """One image whose true class is `label`; raises SimpsonsError."""


class Engine(Protocol):
    """The engine's work, each method called in a thread that is not the screen's."""

    def inspect_dataset(self, config: StudyConfig) -> DatasetSummary:
        """Count the images; raises SimpsonsError."""

    def estimate(self, config: StudyConfig, summary: DatasetSummary) -> "Estimate":
        """Time and disk that the study will take."""

    def audit(
        self, config: StudyConfig, control: StudyControl, progress: "Callable[[AuditProgress], None]"
    ) -> AuditReport:
        """Look at the images themselves; raises SimpsonsError, or StudyStopped where `control` was told to stop."""

    def warm_up(self) -> None:
        """Import what the work needs."""

    def run_study(self, config: StudyConfig, emit: Emit, control: StudyControl) -> StudyRecord:
        """Run to the end; raises SimpsonsError for unusable input."""

    def tune(self, config: TuningConfig, emit: Emit, control: StudyControl) -> TuningRecord:
        """Search for a recipe's numbers to the end; raises SimpsonsError for unusable input."""

    def resume_tuning(
        self, folder: Path, emit: Emit, control: StudyControl, trials: int | None, minutes: float | None
    ) -> TuningRecord:
        """Tell what a search came to, and go on with it to its limits or these; raises SimpsonsError."""

    def open_gallery(self, config: StudyConfig) -> ImageSource:
        """The images that a study would use; raises SimpsonsError."""

    def open_run_gallery(self, folder: Path, cache_dir: Path | None) -> ImageSource:
        """The images of a finished run; raises SimpsonsError."""

    def open_explainer(self, folder: Path, variant: str, cache_dir: Path | None) -> Looker:
        """The network of one variant of a finished run; raises SimpsonsError."""

    def stored_explanation(self, folder: Path) -> "ExplanationReport | None":
        """What was measured of a run before."""

    def measure_explanation(
        self,
        folder: Path,
        cache_dir: Path | None,
        progress: "Callable[[ExplanationProgress], None]",
        control: StudyControl,
    ) -> "ExplanationReport":
        """What its networks lose without parts of the picture; raises SimpsonsError, StudyStopped."""

    def stored_resolution(self, folder: Path) -> "ResolutionReport | None":
        """What was measured of a run before, perhaps of some variants only."""

    def measure_resolution(
        self,
        folder: Path,
        cache_dir: Path | None,
        progress: "Callable[[ExplanationProgress], None]",
        control: StudyControl,
    ) -> "ResolutionReport":
        """How its networks' accuracy falls with the images' size; raises SimpsonsError, StudyStopped."""

    def resume_study(self, folder: Path, emit: Emit, control: StudyControl) -> StudyRecord:
        """Tell what a run came to, and go on with it to the end; raises SimpsonsError where it cannot be."""

    def load_config(self, folder: Path) -> StudyConfig:
        """What a run's study was asked to do; raises SimpsonsError."""

    def judge_study(self, record: StudyRecord, runs_dir: Path) -> "ClaimsReport":
        """The study's claims against a run and its counterpart; raises SimpsonsError."""

    def leak_of_study(self, record: StudyRecord, runs_dir: Path) -> "LeakReport | None":
        """A run and its counterpart side by side, None where there is none; raises SimpsonsError."""

    def predict_images(
        self, request: ModelRequest, paths: Sequence[Path], take: TakePrediction, control: StudyControl
    ) -> None:
        """What a run's model says of images, as it comes; raises SimpsonsError, or StudyStopped."""

    def read_image(self, paths: Sequence[Path], shown: str) -> "Pixels":
        """The picture of an image that was predicted, (H, W, 3) uint8; raises SimpsonsError."""


class LocalEngine:
    """The engine of this process. It is imported by the first call, after the first frame is drawn."""

    def inspect_dataset(self, config: StudyConfig) -> DatasetSummary:
        """See `engine.study.opening.inspect_dataset`."""
        from engine import inspect_dataset

        return inspect_dataset(config)

    def estimate(self, config: StudyConfig, summary: DatasetSummary) -> "Estimate":
        """See `engine.study.estimate`."""
        from engine import estimate

        return estimate(config, summary)

    def audit(
        self, config: StudyConfig, control: StudyControl, progress: "Callable[[AuditProgress], None]"
    ) -> AuditReport:
        """See `engine.study.auditing.audit_dataset`."""
        from engine import audit_dataset

        return audit_dataset(config, control, progress)

    def warm_up(self) -> None:
        """See `engine.study.running.warm_up`."""
        from engine import warm_up

        warm_up()

    def run_study(self, config: StudyConfig, emit: Emit, control: StudyControl) -> StudyRecord:
        """See `engine.study.running.run_study`."""
        from engine import run_study

        return run_study(config, emit, control)

    def tune(self, config: TuningConfig, emit: Emit, control: StudyControl) -> TuningRecord:
        """See `engine.tuning.order.tune`."""
        from engine import tune

        return tune(config, emit, control)

    def resume_tuning(
        self, folder: Path, emit: Emit, control: StudyControl, trials: int | None, minutes: float | None
    ) -> TuningRecord:
        """See `engine.tuning.order.resume_tuning`."""
        from engine import resume_tuning

        return resume_tuning(folder, emit, control, trials=trials, minutes=minutes)

    def open_gallery(self, config: StudyConfig) -> ImageSource:
        """See `engine.finished.gallery.open_gallery`."""
        from engine import open_gallery

        return open_gallery(config)

    def open_run_gallery(self, folder: Path, cache_dir: Path | None) -> ImageSource:
        """See `engine.finished.run.FinishedRun.gallery`."""
        from engine import open_run

        return open_run(folder, cache_dir).gallery

    def open_explainer(self, folder: Path, variant: str, cache_dir: Path | None) -> Looker:
        """See `engine.finished.explain.explainer.open_explainer`."""
        from engine import open_explainer, open_run

        return open_explainer(open_run(folder, cache_dir), variant)

    def stored_explanation(self, folder: Path) -> "ExplanationReport | None":
        """See `engine.finished.explain.ablation.stored_explanation`."""
        from engine import open_run, stored_explanation

        return stored_explanation(open_run(folder))

    def measure_explanation(
        self,
        folder: Path,
        cache_dir: Path | None,
        progress: "Callable[[ExplanationProgress], None]",
        control: StudyControl,
    ) -> "ExplanationReport":
        """See `engine.finished.explain.ablation.measure_explanation`."""
        from engine import measure_explanation, open_run

        return measure_explanation(open_run(folder, cache_dir), progress=progress, control=control)

    def stored_resolution(self, folder: Path) -> "ResolutionReport | None":
        """See `engine.finished.explain.resolution.stored_resolution`."""
        from engine import open_run, stored_resolution

        return stored_resolution(open_run(folder))

    def measure_resolution(
        self,
        folder: Path,
        cache_dir: Path | None,
        progress: "Callable[[ExplanationProgress], None]",
        control: StudyControl,
    ) -> "ResolutionReport":
        """See `engine.finished.explain.resolution.measure_resolution`."""
        from engine import measure_resolution, open_run

        return measure_resolution(open_run(folder, cache_dir), progress=progress, control=control)

    def resume_study(self, folder: Path, emit: Emit, control: StudyControl) -> StudyRecord:
        """See `engine.study.running.resume_study`."""
        from engine import resume_study

        return resume_study(folder, emit, control)

    def load_config(self, folder: Path) -> StudyConfig:
        """See `engine.runs.load_config`."""
        from engine import load_config

        return load_config(folder)

    def judge_study(self, record: StudyRecord, runs_dir: Path) -> "ClaimsReport":
        """See `engine.finished.claims.counterpart.judge_study`."""
        from engine import judge_study, open_run
        from engine.events.record import run_folder

        return judge_study(record, open_run(run_folder(record), record=record, runs_dir=runs_dir).counterpart)

    def leak_of_study(self, record: StudyRecord, runs_dir: Path) -> "LeakReport | None":
        """See `engine.finished.claims.counterpart.leak_of_study`."""
        from engine import leak_of_study, open_run
        from engine.events.record import run_folder

        return leak_of_study(record, open_run(run_folder(record), record=record, runs_dir=runs_dir).counterpart)

    def predict_images(
        self, request: ModelRequest, paths: Sequence[Path], take: TakePrediction, control: StudyControl
    ) -> None:
        """See `engine.finished.predicting.predict.predict_images`."""
        from engine import predict_images

        predict_images(request, paths, take, control)

    def read_image(self, paths: Sequence[Path], shown: str) -> "Pixels":
        """See `engine.finished.predicting.images.read_image`."""
        from engine import read_image

        return read_image(paths, shown)


def engine_of(app: "App[object]") -> Engine:
    """The engine that an app asks; one that names none asks the engine of this process."""
    return cast(Engine, getattr(app, "engine", None) or LocalEngine())


@runtime_checkable
class StudyHost(Protocol):
    """An app that can start studies and knows where the others lie."""

    engine: Engine

    def can_run_clean(self, record: StudyRecord) -> bool:
        """Whether the same study can be trained under the clean protocol now."""

    def run_clean(self, record: StudyRecord) -> None:
        """Train the same study under the clean protocol."""

    def runs_dir_of(self, record: StudyRecord) -> Path:
        """The folder of runs that a study lies in."""
