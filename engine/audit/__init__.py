"""Looks at the images of a data set for what makes scores on them untrustworthy.

`audit_images` compares the fingerprints that `engine.dataset.check_images` took, so nothing is decoded here.
"""

from engine.audit.auditing import audit_images
from engine.audit.copies import LIMITS, Copies, Limits, find_copies

__all__ = ["LIMITS", "Copies", "Limits", "audit_images", "find_copies"]
