"""Whether the scores of two studies can be compared."""

from engine.events.record import StudyRecord, protocol_name


def why_incomparable(first: StudyRecord, second: StudyRecord) -> str:
    """In a sentence why scores of the two must not be compared; "" where they may be.

    They must have been tested on the same images and labels, under the same protocol, and, where both used
    super-resolution, with the same weights for it.
    """
    if first.started is None or second.started is None:
        return "one of the two has not begun"
    protocols = protocol_name(first), protocol_name(second)
    if protocols[0] != protocols[1]:
        return f"they follow different protocols: {protocols[0]} and {protocols[1]}"
    tests = _tested_on(first, second)
    if not all(tests):
        return "it is not known whether they were tested on the same images: one was made by an older version"
    if tests[0] != tests[1]:
        return "they were tested on different images"
    weights = [record.superres_weights.sha256 for record in (first, second) if record.superres_weights]
    if len(set(weights)) > 1:
        return "their images were super-resolved with different weights"
    return ""


def _tested_on(first: StudyRecord, second: StudyRecord) -> tuple[str, str]:
    """What identifies the test images of each: of the protocol, else of the whole data set ("" where not known)."""
    if first.protocol and second.protocol and first.protocol.test_fingerprint and second.protocol.test_fingerprint:
        return first.protocol.test_fingerprint, second.protocol.test_fingerprint
    one, other = (record.dataset.fingerprint if record.dataset else "" for record in (first, second))
    return one, other
