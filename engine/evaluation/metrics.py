"""Scores of single-label predictions."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import Metrics

Labels = npt.NDArray[np.int64]


def compute_metrics(labels: Labels, predicted: Labels, classes: Sequence[str]) -> Metrics:
    """Scores of `predicted` against the true `labels`, both (N,) indices into `classes`, N > 0.

    Raises:
        ValueError: there is nothing to score.
    """
    size = len(classes)
    counts = np.bincount(labels * size + predicted, minlength=size * size)
    return metrics_of_matrix(counts.reshape(size, size).tolist(), classes)
