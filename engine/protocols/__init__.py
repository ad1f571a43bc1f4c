"""Protocols: which images train, which are watched while training, and which test."""

from engine.protocols.division import Division, Fold, divide, group_numbers

__all__ = ["Division", "Fold", "divide", "group_numbers"]
