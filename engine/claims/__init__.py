"""The study's claims held against our figures, and what its leaking test set was worth."""

from engine.claims.judging import judge_claims
from engine.claims.leak import leak_gap

__all__ = ["judge_claims", "leak_gap"]
