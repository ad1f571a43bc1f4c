"""The networks, in one registry."""

from engine.models.classifier import SeededDropout, predict_logits
from engine.models.registry import NETWORKS, build_model
from engine.models.residual import ResidualNetwork
from engine.models.two_block import TwoBlockNetwork

__all__ = ["NETWORKS", "ResidualNetwork", "SeededDropout", "TwoBlockNetwork", "build_model", "predict_logits"]
