"""Results of jobs made from right and wrong answers."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from engine.evaluation import compute_metrics
from engine.reports.results import JobResult, Prediction, Seconds

MakeJob = Callable[..., JobResult]


@pytest.fixture
def make_job() -> MakeJob:
    """A finished job from true and predicted classes; image i is t/i.jpg."""

    def make(
        variant: str,
        labels: Sequence[int],
        predicted: Sequence[int],
        *,
        seed: int = 0,
        fold: int = 0,
        status: str = "done",
        n_classes: int = 3,
        first: int = 0,
        confidence: float | Sequence[float] = 0.7,
    ) -> JobResult:
        sure = np.broadcast_to(np.asarray(confidence, dtype=float), (len(labels),))
        images = tuple(
            Prediction(
                f"t/{first + i}.jpg",
                label,
                said,
                tuple(s if c == said else (1 - s) / (n_classes - 1) for c in range(n_classes)),
            )
            for i, (label, said, s) in enumerate(zip(labels, predicted, sure.tolist(), strict=True))
        )
        classes = [f"class {c}" for c in range(n_classes)]
        metrics = compute_metrics(np.array(labels), np.array(predicted), classes)
        return JobResult(variant, seed, fold, status, "", metrics, 0.5, 5, Seconds(), images)  # type: ignore[arg-type]

    return make
