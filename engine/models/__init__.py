"""The networks, in one registry."""

from engine.models.classifier import BlockClassifier, SeededDropout, predict_logits
from engine.models.foreign import ForeignNetwork
from engine.models.random_state import seeded
from engine.models.registry import (
    NETWORKS,
    adopt_network,
    build_model,
    head_of,
    open_network,
    require_network,
    start_model,
)
from engine.models.residual import ResidualNetwork
from engine.models.two_block import TwoBlockNetwork

__all__ = [
    "NETWORKS",
    "BlockClassifier",
    "ForeignNetwork",
    "ResidualNetwork",
    "SeededDropout",
    "TwoBlockNetwork",
    "adopt_network",
    "build_model",
    "head_of",
    "open_network",
    "predict_logits",
    "require_network",
    "seeded",
    "start_model",
]
