"""Expected calibration error."""

import numpy as np

from engine.reports.statistics import Calibration, ReliabilityBin
from engine.statistics.outcomes import Outcomes

BINS = 15
"""Of equal width over [0, 1], as in the paper below."""


def measure_calibration(outcomes: Outcomes) -> Calibration:
    """Expected calibration error over the probability of the predicted class, of all seeds together.

    Predictions are sorted into `BINS` bins (low, high] by confidence; the error is the mean over predictions of
    |share right - mean confidence| of their bin. Predictions whose probability is not a number are left out; without
    any other the error is NaN. Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 3.
    """
    known = np.isfinite(outcomes.confidence)
    confidence, right = outcomes.confidence[known], outcomes.right[known]
    edges = np.linspace(0.0, 1.0, BINS + 1)
    places = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(places, confidence, minlength=BINS) / counts
        share_right = np.bincount(places, right.astype(np.float64), minlength=BINS) / counts
    used = counts > 0
    gaps = np.abs(share_right - mean_confidence)[used]
    error = float(np.average(gaps, weights=counts[used])) if used.any() else float("nan")
    bins = tuple(
        ReliabilityBin(
            float(edges[i]), float(edges[i + 1]), int(counts[i]), float(mean_confidence[i]), float(share_right[i])
        )
        for i in range(BINS)
    )
    return Calibration(error, bins)
