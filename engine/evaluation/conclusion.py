"""What the numbers say, in sentences that follow from them and claim no more."""

from collections.abc import Mapping, Sequence

from scipy.stats import binomtest

from engine.results import Baseline, DatasetSummary, JobResult, Metrics

Scored = list[tuple[JobResult, Metrics]]

_ORDER = "It crops in the original's pixels and then resizes; the study resized first."


def draw_conclusion(
    dataset: DatasetSummary, results: Sequence[JobResult], baselines: Mapping[str, Baseline]
) -> tuple[str, ...]:
    """Sentences on the best and worst variant, the classes, the commonest confusions and the baselines."""
    scored: Scored = [(result, result.metrics) for result in results if result.metrics is not None]
    if not scored:
        return ("No variant was evaluated, so there is nothing to compare.",)
    sentences = [*_ranking(scored), *_classes(dataset.classes, scored)]
    sentences += [_commonest_confusion(dataset.classes, result.variant, metrics) for result, metrics in scored]
    sentences += [*_boxes(dataset, scored), *_against_baselines(scored, baselines)]
    stopped = [result.variant for result in results if result.status == "stopped"]
    if stopped:
        sentences.append(f"Stopped early, so not comparable with the rest: {', '.join(stopped)}.")
    return tuple(sentences)


def _names(variants: Sequence[str]) -> str:
    return variants[0] if len(variants) == 1 else f"{', '.join(variants[:-1])} and {variants[-1]}"


def _ranking(scored: Scored) -> list[str]:
    complete: Scored = [(result, metrics) for result, metrics in scored if result.status == "done"] or scored
    best = max(metrics.accuracy for _, metrics in complete)
    worst = min(metrics.accuracy for _, metrics in complete)
    low, high = _wilson(complete[0][1], best)
    count = sum(scores.support for scores in complete[0][1].per_class)
    interval = f"with {count} test images its 95 % Wilson interval is {low:.3f} to {high:.3f}"
    if len(complete) == 1:
        return [f"{complete[0][0].variant} reached accuracy {best:.3f}; {interval}."]
    if best == worst:
        return [f"All {len(complete)} variants reached the same accuracy, {best:.3f}; {interval}."]
    best_names = _names([result.variant for result, metrics in complete if metrics.accuracy == best])
    worst_names = _names([result.variant for result, metrics in complete if metrics.accuracy == worst])
    verdict = "reaches into" if worst >= low else "lies below"
    return [
        f"Best accuracy: {best_names} ({best:.3f}); worst: {worst_names} ({worst:.3f}).",
        f"One seed: {interval}; the worst variant's accuracy {verdict} it.",
    ]


def _wilson(metrics: Metrics, accuracy: float) -> tuple[float, float]:
    count = sum(scores.support for scores in metrics.per_class)
    interval = binomtest(round(accuracy * count), count).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _classes(classes: Sequence[str], scored: Scored) -> list[str]:
    recalls = {
        name: sum(metrics.per_class[i].recall for _, metrics in scored) / len(scored)
        for i, name in enumerate(classes)
        if scored[0][1].per_class[i].support
    }
    low, high = min(recalls.values()), max(recalls.values())
    if low == high:
        return [f"Every class was recognised equally often ({low:.2f} of its images)."]
    most = _names([name for name, recall in recalls.items() if recall == low])
    least = _names([name for name, recall in recalls.items() if recall == high])
    over = "" if len(scored) == 1 else f", mean of {len(scored)} variants"
    return [f"Most confused class: {most} ({low:.2f} recognised{over}); least: {least} ({high:.2f})."]


def _commonest_confusion(classes: Sequence[str], variant: str, metrics: Metrics) -> str:
    cells = [
        (count, true, predicted)
        for true, row in enumerate(metrics.confusion_matrix)
        for predicted, count in enumerate(row)
        if true != predicted
    ]
    most = max(count for count, _, _ in cells)
    if most == 0:
        return f"{variant}: no test image was taken for another class."
    pairs = [f"{classes[true]} taken for {classes[predicted]}" for count, true, predicted in cells if count == most]
    more = f" (and {len(pairs) - 1} more as often)" if len(pairs) > 1 else ""
    return f"{variant}: commonest confusion {pairs[0]}, {most} times{more}."


def _boxes(dataset: DatasetSummary, scored: Scored) -> list[str]:
    if not any(result.variant == "bbox" for result, _ in scored):
        return []
    train, test = _share(dataset.boxed_train, dataset.train), _share(dataset.boxed_test, dataset.test)
    sentence = f"bbox: {train} of the training images and {test} of the test images have a box"
    if dataset.boxed_train == 0:
        return [f"{sentence}, so it saw the same pictures as vanilla."]
    if dataset.boxed_test == 0:
        return [
            f"{sentence}: it trained on crops and was tested on whole images, which by itself costs accuracy. {_ORDER}"
        ]
    return [f"{sentence}; images without a box stay whole. {_ORDER}"]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


def _against_baselines(scored: Scored, baselines: Mapping[str, Baseline]) -> list[str]:
    sentences = []
    explanations = {
        "majority": "always naming the commonest training class",
        "thumbnail_1nn": "taking the class of the training image with the nearest thumbnail",
    }
    for name, baseline in baselines.items():
        behind = [result.variant for result, metrics in scored if metrics.accuracy <= baseline.metrics.accuracy]
        verdict = f"not beaten by {_names(behind)}" if behind else "beaten by every variant"
        what = explanations.get(name, name)
        sentences.append(f"Baseline: {what} scores {baseline.metrics.accuracy:.3f}, {verdict}.")
    return sentences
