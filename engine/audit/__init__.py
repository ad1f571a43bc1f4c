"""Audit of a data set: leakage, near-duplicates, mislabelled and odd images.

`audit_images` compares the fingerprints that `engine.dataset.check_images` took, so nothing is decoded here.
"""

from engine.audit.auditing import audit_images
from engine.audit.near_duplicates import LIMITS, find_near_duplicates

__all__ = ["LIMITS", "audit_images", "find_near_duplicates"]
