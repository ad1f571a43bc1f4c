"""Opens the data set of a study."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.study import StudyConfig
from engine.reports.results import DatasetReading, DatasetSummary
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from engine.dataset import Dataset
    from engine.dataset.readings import Part, Reading

MOST_READINGS = 12


def inspect_dataset(config: StudyConfig) -> DatasetSummary:
    """What the study would use, from names and image headers; makes the demo set where no data is named.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
    """
    return open_study_dataset(config).summary()


def dataset_readings(config: StudyConfig) -> tuple[DatasetReading, ...]:
    """The ways to read a study's data, that of nobody's choice first; for the demo set none.

    Raises:
        SimpsonsError: there is no data.
    """
    from engine.dataset.labelled import find_label_files, takes_labels
    from engine.dataset.readings import find_readings
    from engine.dataset.tree import printable, read_tree

    if config.data is None:
        return ()
    tree = read_tree(config.data)
    found = find_readings(tree)
    named = [
        DatasetReading(_reading_words(reading), *map(_named, (reading.train, reading.test, reading.validation)))
        for reading in found[:MOST_READINGS]
    ]
    files = find_label_files(tree)
    labelled = [DatasetReading(f"{printable(file.path)} gives the labels", labels=Path(file.path)) for file in files]
    if takes_labels(found, files):
        every = DatasetReading(f"{', '.join(printable(file.path) for file in files)} gives the labels")
        return (every, *(labelled if len(labelled) > 1 else ()), *named)
    # What is read without a word needs no names.
    return (*(DatasetReading(reading.words) for reading in named[:1]), *named[1:], *labelled)


def _named(part: "Part | None") -> Path | None:
    return None if part is None else Path(part.parent.path)


def _reading_words(reading: "Reading") -> str:
    from engine.dataset.tree import printable

    parts = []
    for part, does in ((reading.train, "trains"), (reading.test, "tests"), (reading.validation, "validates")):
        if part is not None:
            name = f"{printable(part.parent.path)}/" if part.parent.path else "the whole"
            classes = f", {len(part.classes)} classes" if part is reading.train else ""
            parts.append(f"{name} {does} ({part.images:,} images{classes})")
    if reading.test is None:
        parts.append("a part of it tests")
    return "; ".join(parts)


def open_study_dataset(config: StudyConfig) -> "Dataset":
    """The data set of a study, from names and image headers; makes the demo set where no data is named.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
    """
    from engine.dataset import open_dataset
    from engine.dataset.labels import ColumnNames

    if config.data is None:
        from engine.demo import ensure_demo

        path = ensure_demo(cache_folder(config.cache_dir))
    else:
        path = config.data
    dataset = open_dataset(
        path,
        train=config.train,
        test=config.test,
        validation=config.val,
        labels=config.labels,
        columns=ColumnNames(config.path_column, config.label_column, config.group_column),
        classes=config.classes,
        sample=config.sample,
        test_fraction=config.test_fraction,
        seed=config.seed,
    )
    if dataset.validation and config.validation_fraction is not None:
        dataset = dataset.without_validation(
            f"the data's {len(dataset.validation)} validation images are not used: --validation "
            f"{config.validation_fraction:g}"
        )
    return replace(dataset, name="demo", layout="demo", is_demo=True) if config.data is None else dataset
