"""Opens the data set of a study."""

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.config.study import StudyConfig
from engine.reports.results import DatasetSummary
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from engine.dataset import Dataset


def inspect_dataset(config: StudyConfig) -> DatasetSummary:
    """What the study would use, from names and image headers; makes the demo set where no data is named.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
    """
    return open_study_dataset(config).summary()


def open_study_dataset(config: StudyConfig) -> "Dataset":
    """The data set of a study, from names and image headers; makes the demo set where no data is named.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
    """
    from engine.dataset import open_dataset

    if config.data is None:
        from engine.demo import ensure_demo

        path = ensure_demo(cache_folder(config.cache_dir))
    else:
        path = config.data
    dataset = open_dataset(
        path, classes=config.classes, sample=config.sample, test_fraction=config.test_fraction, seed=config.seed
    )
    return replace(dataset, name="demo", layout="demo", is_demo=True) if config.data is None else dataset
