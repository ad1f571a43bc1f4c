"""The networks, in one registry."""

from engine.models.layers import SeededDropout
from engine.models.registry import DEFAULT_NETWORK, build_model
from engine.models.two_block import TwoBlockNetwork

__all__ = ["DEFAULT_NETWORK", "SeededDropout", "TwoBlockNetwork", "build_model"]
