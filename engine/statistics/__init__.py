"""Intervals, corrected comparisons, effects of steps and calibration of a study's scores."""

from engine.statistics.pipelines import analyse_pipelines
from engine.statistics.study_statistics import compute_statistics

__all__ = ["analyse_pipelines", "compute_statistics"]
