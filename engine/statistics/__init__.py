"""Intervals, corrected comparisons, spread over seeds and calibration of a study's scores."""

from engine.statistics.study import compute_statistics

__all__ = ["compute_statistics"]
