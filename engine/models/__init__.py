"""The networks, in one registry."""

from engine.models.answers import answers
from engine.models.layers import SeededDropout
from engine.models.registry import NETWORKS, build_model
from engine.models.residual import ResidualNetwork
from engine.models.two_block import TwoBlockNetwork

__all__ = ["NETWORKS", "ResidualNetwork", "SeededDropout", "TwoBlockNetwork", "answers", "build_model"]
