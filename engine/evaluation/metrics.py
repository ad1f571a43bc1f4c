"""Scores of single-label predictions, computed by scikit-learn."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from engine.reports.results import Averages, ClassScores, Metrics

Labels = npt.NDArray[np.int64]


def compute_metrics(labels: Labels, predicted: Labels, classes: Sequence[str]) -> Metrics:
    """Scores of `predicted` against the true `labels`, both (N,) indices into `classes`, N > 0.

    A score that would divide by zero (a class never predicted) is 0, as scikit-learn's zero_division=0 has it. Classes
    without a test image are left out of the macro average. The micro averages run over all classes and so all equal
    the accuracy.

    Raises:
        ValueError: there is nothing to score.
    """
    if len(labels) == 0:
        raise ValueError("no test images to score")
    every = np.arange(len(classes))
    present = np.unique(labels)
    score = partial(precision_recall_fscore_support, labels, predicted, zero_division=0)
    precision, recall, f1, support = score(labels=every)
    kinds = [
        score(labels=present, average="macro"),
        *(score(labels=every, average=kind) for kind in ("weighted", "micro")),
    ]
    averages = [Averages(*(float(kind[i]) for kind in kinds)) for i in range(3)]
    return Metrics(
        accuracy=float(accuracy_score(labels, predicted)),
        precision=averages[0],
        recall=averages[1],
        f1=averages[2],
        per_class=tuple(
            ClassScores(name, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
            for i, name in enumerate(classes)
        ),
        confusion_matrix=tuple(
            tuple(int(count) for count in row) for row in confusion_matrix(labels, predicted, labels=every)
        ),
    )
