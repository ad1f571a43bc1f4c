"""Counting what smaller images cost: right answers at every size, beside those for the images as they are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.dataset import CheckedImage
from engine.reports.resolution import NOTABLE_LOSS, Ladder, NativeSizes, Part, ResolutionReport, Shrunk
from engine.statistics.proportions import newcombe_interval, wilson_interval

Labels = npt.NDArray[np.int64]
Right = npt.NDArray[np.bool_]

_LOW, _MEDIAN, _HIGH = 5, 50, 95
"""Percentiles that tell how sizes are spread."""

_ALIKE = 1.1
"""Images whose median sizes differ by a smaller factor than this are called about equally large."""

PART_WORDS: dict[Part, str] = {"training": "training images", "test": "test images", "held out": "held-out images"}


def longer_sides(images: Sequence[CheckedImage]) -> Labels:
    """The longer side of each image in pixels (N,)."""
    return np.array([max(image.fingerprint.size) for image in images], dtype=np.int64)


def native_sizes(part: Part, longer: Labels) -> NativeSizes:
    """How the longer sides of N > 0 images are spread."""
    low, median, high = (float(value) for value in np.percentile(longer, (_LOW, _MEDIAN, _HIGH)))
    return NativeSizes(part, len(longer), low, median, high, int(longer.max()))


def count_ladder(variant: str, part: Part, longer: Labels, sizes: Sequence[int], right: Right) -> Ladder:
    """Compare answers for the same N > 0 images as they are and shrunk.

    Args:
        variant: whose answers.
        part: which images.
        longer: the images' longer sides (N,).
        sizes: that the images were shrunk to, from the largest; K of them.
        right: (N, 1 + K) which answers are right: for the image as it is, then shrunk to each size. Where a size is
            not smaller than the image, that answer is the one for the image as it is.
    """
    as_they_are, images = right[:, 0], len(longer)
    steps = []
    for place, size in enumerate(sizes, start=1):
        shrunk = longer > size
        if shrunk.any():
            now = np.where(shrunk, right[:, place], as_they_are)
            steps.append(_step(size, int(shrunk.sum()), as_they_are, now))
    known = int(as_they_are.sum())
    return Ladder(variant, part, images, int(longer.max()), known, wilson_interval(known, images), tuple(steps))


def _step(size: int, shrunk: int, before: Right, now: Right) -> Shrunk:
    cells = (now & before, now & ~before, ~now & before, ~now & ~before)
    both, gained, lost, neither = (int(cell.sum()) for cell in cells)
    right = both + gained
    return Shrunk(
        size=size,
        shrunk=shrunk,
        right=right,
        interval=wilson_interval(right, len(now)),
        lost=lost,
        gained=gained,
        difference=(gained - lost) / len(now),
        difference_interval=newcombe_interval(both, gained, lost, neither),
    )


# ---------------------------------------------------------------- in words


def resolution_answers(report: ResolutionReport) -> tuple[str, ...]:
    """Sentences that follow from the figures: the sizes, then what each variant loses."""
    answers = _sizes(report)
    for variant in report.variants:
        for part in report.parts:
            ladder = report.ladder(variant, part)
            if ladder is not None:
                answers.append(_losses(ladder))
        answers += _at_test_size(report, variant)
    return tuple(answers)


def _sizes(report: ResolutionReport) -> list[str]:
    training, test = report.native("training"), report.native("test")
    if training is None or test is None:
        return []
    factor = training.median / test.median
    spread = f"(longer side, median; 90 % have {_range(test)} and {_range(training)})"
    figures = f"{test.median:.0f} against {training.median:.0f} pixels {spread}"
    if 1 / _ALIKE < factor < _ALIKE:
        return [f"Test and training images are about equally large: {figures}."]
    if factor > 1:
        return [f"The test images have {1 / factor:.2f} of the training images' size: {figures}."]
    return [f"The test images are {1 / factor:.2f} times as large as the training images: {figures}."]


def _range(sizes: NativeSizes) -> str:
    return f"{sizes.low:.0f} to {sizes.high:.0f}"


def _losses(ladder: Ladder) -> str:
    start = f"{ladder.variant}, {ladder.images} {PART_WORDS[ladder.part]}: {ladder.accuracy:.3f} as they are"
    points = f"{100 * NOTABLE_LOSS:.0f} points"
    if not ladder.steps:
        return f"{start}; no size is smaller than any of them."
    first, sure = ladder.first_notable, ladder.first_surely_notable
    if first is None:
        last = ladder.steps[-1]
        return f"{start}; no size loses more than {points}, the smallest, {last.size} px, {_difference(last)}."
    words = f"{start}; {first.size} px is the first size that loses more than {points}, {_difference(first)}"
    if sure is None:
        return f"{words}; no size does so beyond the uncertainty of these images."
    if sure == first:
        return f"{words}, beyond the uncertainty of these images."
    return f"{words}; beyond the uncertainty of these images {sure.size} px does, {_difference(sure)}."


def _at_test_size(report: ResolutionReport, variant: str) -> list[str]:
    """What larger images lose where they become about as small as the test images."""
    held_out, test = report.ladder(variant, "held out"), report.native("test")
    if held_out is None or test is None or not held_out.steps:
        return []
    nearest = min(held_out.steps, key=lambda step: abs(np.log(step.size / test.median)))
    return [
        f"{variant}: shrunk to {nearest.size} px, about as small as the test images, the held-out images change by "
        f"{_difference(nearest)}."
    ]


def _difference(step: Shrunk) -> str:
    interval = step.difference_interval
    return f"{_points(step.difference)} points [{_points(interval.low)}, {_points(interval.high)}]"


def _points(share: float) -> str:
    points = round(100 * share, 1)
    return f"{points:+.1f}".replace("-", "−") if points else "0.0"
