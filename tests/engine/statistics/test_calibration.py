import math

import numpy as np
import pytest

from engine.statistics.calibration import BINS, measure_calibration
from engine.statistics.outcomes import collect_outcomes


def calibration_of(job):
    outcomes, _ = collect_outcomes("v", [job], {}, frozenset({0}))
    return measure_calibration(outcomes)


def test_the_error_is_the_weighted_gap_of_the_bins(make_job):
    """Six images at 0.9, of which four are right; four at 0.5, of which three are right."""
    labels = [0] * 10
    said = [0, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    found = calibration_of(make_job("v", labels, said, confidence=[0.9] * 6 + [0.5] * 4))
    assert found.expected_error == pytest.approx(0.6 * abs(4 / 6 - 0.9) + 0.4 * abs(3 / 4 - 0.5))
    filled = [entry for entry in found.bins if entry.count]
    assert [(entry.count, round(entry.confidence, 9)) for entry in filled] == [(4, 0.5), (6, 0.9)]
    assert all(entry.low < entry.confidence <= entry.high for entry in filled)
    assert len(found.bins) == BINS
    assert (found.bins[0].low, found.bins[-1].high) == (0.0, 1.0)
    assert math.isnan(found.bins[0].accuracy)


def test_a_confidence_on_the_edge_belongs_to_the_bin_below(make_job):
    found = calibration_of(make_job("v", [0, 0], [0, 0], confidence=[1.0, 0.6]))
    assert [entry.high for entry in found.bins if entry.count] == pytest.approx([0.6, 1.0])


def test_probabilities_that_are_true_have_little_error(make_job):
    random = np.random.default_rng(0)
    sure = random.uniform(0.4, 1.0, 5000)
    said = (random.random(5000) > sure).astype(int)
    assert calibration_of(make_job("v", [0] * 5000, said.tolist(), confidence=sure.tolist())).expected_error < 0.02


@pytest.mark.parametrize("bad", [[math.nan, math.nan], [math.nan, 0.8]])
def test_probabilities_that_are_no_numbers_are_left_out(make_job, bad):
    found = calibration_of(make_job("v", [0, 0], [0, 0], confidence=bad))
    assert sum(entry.count for entry in found.bins) == np.count_nonzero(~np.isnan(bad))
    assert math.isnan(found.expected_error) == all(map(math.isnan, bad))
