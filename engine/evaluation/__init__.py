"""Metrics, baselines and the conclusion of a study."""

from engine.evaluation.baselines import majority_baseline, thumbnail_baseline
from engine.evaluation.conclusion import draw_conclusion
from engine.evaluation.metrics import compute_metrics

__all__ = ["compute_metrics", "draw_conclusion", "majority_baseline", "thumbnail_baseline"]
