"""The study's claims held against our figures, and what its leaking test set was worth."""

from engine.finished.claims.judging import judge_claims
from engine.finished.claims.leak import leak_gap

__all__ = ["judge_claims", "leak_gap"]
