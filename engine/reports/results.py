"""Results of a study: data-set summary, metrics, predictions, outcome of a job."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Status = Literal["done", "stopped", "failed"]


@dataclass(frozen=True)
class SkippedFile:
    """A file (or annotation line) that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class DatasetSummary:
    """Counts of a data set as the study uses it.

    Attributes:
        name: the folder's or archive's name, or "demo".
        location: where it was read from.
        layout: "kaggle", "split" (train/ and test/ folders), "flat" (class folders alone), "labels" (a label file) or
            "demo".
        is_demo: whether these are the project's own drawings.
        classes: class names, in label order.
        train_counts, test_counts: images a class, aligned with `classes`.
        validation_counts: images a class that the data itself gives for validation; empty where there are none.
        boxed_train, boxed_test: how many of those images have a bounding box.
        skipped: files left out, with the reason.
        notes: sentences about the data that a reader of the results needs.
        fingerprint: the same for the same image contents, labels, boxes, groups and parts, whatever the paths; empty
            until the images were read.
    """

    name: str
    location: str
    layout: str
    is_demo: bool
    classes: tuple[str, ...]
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    boxed_train: int
    boxed_test: int
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    fingerprint: str = ""
    validation_counts: tuple[int, ...] = ()

    @property
    def train(self) -> int:
        """Number of training images."""
        return sum(self.train_counts)

    @property
    def test(self) -> int:
        """Number of test images."""
        return sum(self.test_counts)

    @property
    def validation(self) -> int:
        """Number of images that the data itself gives for validation."""
        return sum(self.validation_counts)


@dataclass(frozen=True)
class DatasetReading:
    """One way to read a data set.

    Attributes:
        words: what trains, what tests, how many classes and images.
        train, test, val, labels: as `engine.config.study.StudyConfig` names them; none for what is recognised.
    """

    words: str
    train: Path | None = None
    test: Path | None = None
    val: Path | None = None
    labels: Path | None = None


@dataclass(frozen=True)
class ProtocolSummary:
    """Which images train and which test under a protocol.

    Attributes:
        name: key of `engine.config.protocols.PROTOCOLS`.
        sentence: what was done, with the numbers.
        train_counts, validation_counts, test_counts: number of images a fold.
        left_out: training images that take no part, because of copies of test images.
        set_aside: test images that take no part.
        test_fingerprint: the same for the same test images and labels in the same folds; scores with different ones
            cannot be compared.
    """

    name: str
    sentence: str
    train_counts: tuple[int, ...]
    validation_counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    left_out: int = 0
    set_aside: int = 0
    test_fingerprint: str = ""


@dataclass(frozen=True)
class Averages:
    """One score averaged over classes in the three usual ways, each in [0, 1].

    `micro` equals the accuracy whenever each image has one label. Classes without test images are left out of `macro`.
    """

    macro: float
    weighted: float
    micro: float


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of one class, and its number of test images."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Metrics:
    """Scores on the test images.

    `confusion_matrix` has true classes as rows and predicted classes as columns, both in label order.
    """

    accuracy: float
    precision: Averages
    recall: Averages
    f1: Averages
    per_class: tuple[ClassScores, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Prediction:
    """What a model said of one test image; `probabilities` are in label order."""

    path: str
    label: int
    predicted: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Seconds:
    """Wall-clock seconds that each stage of a job took."""

    preprocess: float = 0.0
    train: float = 0.0
    evaluate: float = 0.0


@dataclass(frozen=True)
class JobResult:
    """The outcome of training and evaluating one variant with one seed on one fold.

    `metrics` is None where nothing could be evaluated; `reason` then says why. A stopped job that was evaluated has
    both. `final_loss` is the loss of the last batch.
    """

    variant: str
    seed: int
    fold: int
    status: Status
    reason: str
    metrics: Metrics | None
    final_loss: float | None
    epochs_done: int
    seconds: Seconds
    predictions: Sequence[Prediction] = ()


@dataclass(frozen=True)
class Baseline:
    """Scores of a rule that does not learn ("majority" or "thumbnail_1nn")."""

    name: str
    metrics: Metrics


@dataclass(frozen=True)
class SuperresWeightsInfo:
    """Which super-resolution weights a study used.

    `source` is "file", "official" or "shipped"; `note` says why a better source was not used, if so.
    """

    source: str
    description: str
    sha256: str
    note: str = ""


@dataclass(frozen=True)
class NetworkInfo:
    """Which network a study trained and what it started from.

    Attributes:
        name: as the recipe has it, without the folders of a user's own file.
        parameters: how many numbers are learnt.
        source_sha256: of the user's own file; "" for others.
        weights: what it started from, in words.
        weights_file, weights_sha256: their file; "" where there is none.
        mean, deviation: of each colour, taken off pixels in [0, 1] and divided by before the network.
        notes: what else must be known, as sentences without a full stop.
    """

    name: str
    parameters: int
    source_sha256: str
    weights: str
    weights_file: str
    weights_sha256: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    notes: tuple[str, ...] = ()
