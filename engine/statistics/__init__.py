"""What scores bear: intervals, comparisons with a correction for their number, spread over seeds, calibration."""

from engine.statistics.study import compute_statistics

__all__ = ["compute_statistics"]
