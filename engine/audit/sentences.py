"""Findings of an audit in sentences, the gravest first, and its blind spots."""

from collections.abc import Iterator, Sequence

from engine.config.protocols import Closeness
from engine.reports.audit import AuditReport, CopyPair, SizeSummary

_CLOSE_BITS = 4
"""Bits of the hash within which a scaled or re-encoded picture stays (see `near_duplicates.LIMITS`)."""

_RESOLUTION_RATIO = 1.25
"""Ratio of the parts' median sizes from which on one of them is said to be of another resolution."""

_IMBALANCE_RATIO = 1.5
"""Ratio of the largest to the smallest class from which on the classes are said to be out of balance."""

_BOXED_GAP = 0.1
"""Difference of the parts' shares of images with a box from which on they are said to differ."""

_NAMED = 3


def findings(report: AuditReport) -> tuple[str, ...]:
    """One sentence a finding, the gravest first; what was looked for and not found is said too."""
    by_groups_alone = report.group_leaking_test and not report.leaking_test
    leaks = (_given_groups, _leaks) if by_groups_alone else (_leaks, _given_groups)
    return tuple(
        sentence
        for part in (*leaks, _labels, _boxes, _resolution, _copies_within, _balance, _files)
        for sentence in part(report)
    )


def _leaks(report: AuditReport) -> Iterator[str]:
    if not report.test:
        return
    if not report.leaking_test:
        yield f"none of the {report.test:,} test images is a copy of a training image, as far as this audit sees"
        return
    yield report.copy_sentence + _how_close([pair for pair in report.pairs if pair.crosses_parts])
    together = "are copies of them or of their copies" if report.leaking_train > 1 else "is a copy of them"
    yield (
        f"{_of(report.leaking_train, report.train, 'training image')} {together}: the clean protocol leaves these out"
    )


def _given_groups(report: AuditReport) -> Iterator[str]:
    if not report.group_name:
        return
    if report.group_leaking_test:
        yield report.group_sentence
        share = "share one" if report.group_leaking_train > 1 else "shares one"
        yield (
            f"{_of(report.group_leaking_train, report.train, 'training image')} {share} with test images: the clean "
            "protocol leaves these out"
        )
    elif report.test:
        yield f"no {report.group_name} has images in both training and test images"


def _how_close(pairs: Sequence[CopyPair]) -> str:
    """How sure that is, from one pair a test image."""
    exact = sum(pair.kind == "exact" for pair in pairs)
    close = sum(pair.hash_distance <= _CLOSE_BITS for pair in pairs)
    words = []
    if exact:
        words.append(f"{exact} pixel for pixel")
    if exact < close < len(pairs):
        words.append(f"{close} within {_CLOSE_BITS} of the hash's 64 bits")
    return f" ({', '.join(words)})" if words else ""


def _labels(report: AuditReport) -> Iterator[str]:
    odd = [pair for pair in report.pairs if pair.crosses_classes]
    if not odd:
        return
    first = odd[0]
    what = "one pair of copies has" if len(odd) == 1 else f"{len(odd):,} pairs of copies have"
    yield (
        f"{what} two labels, such as {first.first.path} ({first.first.class_name}) and "
        f"{first.second.path} ({first.second.class_name}): a label is wrong, or the picture shows both"
    )


def _boxes(report: AuditReport) -> Iterator[str]:
    boxed_train, boxed_test = sum(report.boxed_train_counts), sum(report.boxed_test_counts)
    if not (boxed_train or boxed_test):
        yield "no image has a bounding box: cropping changes nothing"
        return
    train = _share_words(boxed_train, report.train, "training")
    if not report.test:
        yield f"{train} have a bounding box"
        return
    test = _share_words(boxed_test, report.test, "test")
    gap = abs(boxed_train / max(1, report.train) - boxed_test / report.test)
    consequence = ": what crops trains on another kind of picture than it is tested on" if gap > _BOXED_GAP else ""
    yield f"{train} and {test} have a bounding box{consequence}"


def _share_words(part: int, whole: int, name: str) -> str:
    if part == 0:
        return f"no {name} image"
    return f"{part:,} of {whole:,} {name} images ({_percent(part, whole)})"


def _resolution(report: AuditReport) -> Iterator[str]:
    by_part = {summary.part: summary for summary in report.sizes}
    if len(by_part) < len(("train", "test")):
        return
    train, test = by_part["train"], by_part["test"]
    ratio = (_median_area(train) / _median_area(test)) ** 0.5
    if max(ratio, 1 / ratio) < _RESOLUTION_RATIO:
        return
    smaller, times = ("smaller", ratio) if ratio > 1 else ("larger", 1 / ratio)
    yield (
        f"test images are {times:.1f} times {smaller} than training images ({_median(test)} against {_median(train)} "
        "pixels, medians): what was learnt from one sharpness is tested on another"
    )


def _median_area(summary: SizeSummary) -> int:
    return max(1, summary.height[1] * summary.width[1])


def _median(summary: SizeSummary) -> str:
    return f"{summary.height[1]} x {summary.width[1]}"


def _copies_within(report: AuditReport) -> Iterator[str]:
    if report.copied_train:
        what = "copies another training image" if report.copied_train == 1 else "copy another training image"
        yield (
            f"{_of(report.copied_train, report.train, 'training image')} {what}: "
            "a random split would put copies on both sides"
        )
    if report.copied_test:
        what = "copies another test image" if report.copied_test == 1 else "copy another test image"
        yield f"{_of(report.copied_test, report.test, 'test image')} {what}: they count more than once"


def _balance(report: AuditReport) -> Iterator[str]:
    counts = dict(zip(report.classes, report.train_counts, strict=True))
    if len(counts) < 2:  # noqa: PLR2004 - nothing to compare
        return
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[least] and counts[most] / counts[least] >= _IMBALANCE_RATIO:
        yield (
            f"{most} has {counts[most] / counts[least]:.1f} times as many training images as {least} "
            f"({counts[most]:,} and {counts[least]:,})"
        )
    untested = [name for name, count in zip(report.classes, report.test_counts, strict=True) if not count]
    if untested and report.test:
        yield f"{_names(untested)} {'has' if len(untested) == 1 else 'have'} no test image"


def _files(report: AuditReport) -> Iterator[str]:
    for files, one, many in (
        (report.unreadable, "file or annotation was left out", "files or annotations were left out"),
        (report.odd, "file is not what its name says", "files are not what their names say"),
    ):
        if files:
            first = files[0]
            what = f"1 {one}" if len(files) == 1 else f"{len(files):,} {many}, such as"
            join = ":" if len(files) == 1 else ""
            yield f"{what}{join} {first.path} ({first.reason})"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more classes" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _of(part: int, whole: int, name: str) -> str:
    return f"{part:,} of {whole:,} {name}s ({_percent(part, whole)})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def blind_spots(closeness: Closeness) -> tuple[str, ...]:
    """What copies these limits miss, as `tests/benchmarks/planted_copies.py` measured it."""
    featureless = "pictures without features (one colour, almost black) count as copies only where all pixels are equal"
    if closeness == "near":
        return (
            "the same scene a second later, where anything moved: the scene setting finds most of those",
            "copies that are shifted, cropped or turned: by 2 to 5 % about three in four are found, beyond that few",
            "mirrored copies, and copies of which an eighth or more is covered, as by a caption",
            featureless,
        )
    return (
        "the same scene from another angle or with another zoom, or after most of it has changed",
        "copies that are shifted by 5 % or cropped by 10 %: about half are found, beyond that few",
        "mirrored copies, and copies of which an eighth or more is covered, as by a caption",
        "which of the pairs only look alike: these limits are loose, so look at the pairs",
        featureless,
    )
