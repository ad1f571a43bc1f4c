"""What all measurements of one run share: sizes, folders, data, and results that others build on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import frames

from engine.dataset import open_dataset

T = TypeVar("T")


@dataclass
class Workplace:
    """One run of the benchmark.

    Attributes:
        folder: for everything that it writes; removed at the end.
        data: where frames come from; None for the demo set.
        quick: smaller sizes and fewer rounds.
    """

    folder: Path
    data: Path | None
    quick: bool
    _known: dict[str, Any] = field(default_factory=dict)

    @property
    def cache_dir(self) -> Path:
        """A cache folder that most measurements share, so that the machine's timings are made once."""
        return self.folder / "cache"

    def data_set(self, count: int) -> Path:
        """A data set of so many training images."""
        source = frames.source_folder(self.data, self.cache_dir)
        return frames.build(source, count, self.folder / f"set-{count}")

    @property
    def classes(self) -> int:
        """Classes of the data."""
        source = frames.source_folder(self.data, self.cache_dir)
        return self.once("classes", lambda: len(open_dataset(source).classes))

    def once(self, name: str, measure: Callable[[], T]) -> T:
        """What `measure` returns, measured when first asked for."""
        if name not in self._known:
            self._known[name] = measure()
        result: T = self._known[name]
        return result

    def size(self, full: int, quick: int) -> int:
        """How much to do."""
        return quick if self.quick else full
