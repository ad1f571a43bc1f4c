"""What a data set is once it has been read: samples with their labels and boxes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.dataset.sources import ImageSource
from engine.reports.results import DatasetSummary, SkippedFile

STUDY_CLASSES = (
    "homer_simpson",
    "marge_simpson",
    "bart_simpson",
    "lisa_simpson",
    "krusty_the_clown",
    "apu_nahasapeemapetilon",
)
"""The six characters of the study, the default where the Kaggle archive has more."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright original image, half-open: columns left..right-1, rows top..bottom-1."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class ImageSample:
    """One labelled image.

    Attributes:
        path: unique, printable, with "/" between folders; relative to the data set's root, or
            "archive.zip/inner/name.jpg". For people and reports; files are read through `source`.
        label: index into the data set's classes.
        box: where the character is, or None.
        source: gives the file's bytes.
        group: what the label file says it belongs with (a patient, a video), or "".
    """

    path: str
    label: int
    box: Box | None
    source: ImageSource
    group: str = ""


@dataclass(frozen=True)
class Dataset:
    """Training and test images with labels; the fields mean what they mean in `engine.reports.results.DatasetSummary`.

    Attributes:
        validation: images that the data set itself gives to follow the accuracy by, which do not train.
        notes: without the one about untested classes, which `summary` adds.
        classes_required: whether the classes were asked for by name, so that none may be left out.
        test_given: whether the test images are the data set's own; else they are a part of its images chosen at random,
            which a protocol chooses again once it is known which of them are near copies.
        group_name: what the label file calls the groups of images that belong together ("patient"), or "".
    """

    name: str
    location: str
    layout: str
    is_demo: bool
    classes: tuple[str, ...]
    train: tuple[ImageSample, ...]
    test: tuple[ImageSample, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    classes_required: bool = False
    validation: tuple[ImageSample, ...] = ()
    test_given: bool = True
    group_name: str = ""

    @property
    def images(self) -> tuple[ImageSample, ...]:
        """All images: those that train, that test, that are given for validation."""
        return self.train + self.test + self.validation

    def without_validation(self, note: str) -> "Dataset":
        """The same data set without the images that it gives for validation, which a note says."""
        return replace(self, validation=(), notes=(*self.notes, note))

    def summary(self) -> DatasetSummary:
        """The counts and notes that screens and reports show."""
        test_counts = self._counts(self.test)
        return DatasetSummary(
            name=self.name,
            location=self.location,
            layout=self.layout,
            is_demo=self.is_demo,
            classes=self.classes,
            train_counts=self._counts(self.train),
            test_counts=test_counts,
            validation_counts=self._counts(self.validation) if self.validation else (),
            boxed_train=sum(sample.box is not None for sample in self.train),
            boxed_test=sum(sample.box is not None for sample in self.test),
            skipped=self.skipped,
            notes=self.notes + self._untested(test_counts),
        )

    def without(self, reasons: Mapping[str, str]) -> "Dataset":
        """The same data set without the images whose paths are in `reasons`, which are listed as skipped."""
        if not reasons:
            return self
        return replace(
            self,
            train=tuple(sample for sample in self.train if sample.path not in reasons),
            test=tuple(sample for sample in self.test if sample.path not in reasons),
            validation=tuple(sample for sample in self.validation if sample.path not in reasons),
            skipped=self.skipped + tuple(SkippedFile(path, reason) for path, reason in reasons.items()),
        )

    def _untested(self, test_counts: tuple[int, ...]) -> tuple[str, ...]:
        """Name the classes that no test image can tell anything about."""
        names = [name for name, count in zip(self.classes, test_counts, strict=True) if count == 0]
        if not names:
            return ()
        verbs = "has no test images and stays" if len(names) == 1 else "have no test images and stay"
        return (f"{', '.join(names)} {verbs} out of macro averages",)

    def _counts(self, samples: tuple[ImageSample, ...]) -> tuple[int, ...]:
        counts = Counter(sample.label for sample in samples)
        return tuple(counts[label] for label in range(len(self.classes)))
