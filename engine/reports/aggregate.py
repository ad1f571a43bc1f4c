"""Several jobs of one variant (seeds, folds) as one result, and scores from a confusion matrix alone."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple

from engine.reports.results import Averages, Baseline, ClassScores, JobResult, Metrics, Prediction, Seconds, Status

Matrix = Sequence[Sequence[int]]


def aggregate_results(results: Sequence[JobResult]) -> JobResult:
    """The results of one variant's jobs as one.

    The folds of a seed are one test set: their confusion matrices are added up, and the seed's scores are those of the
    sum. Scores of several seeds are their mean, beside the sum of all matrices. A seed that lacks folds which another
    has was tested on other images, and its scores do not count. Predictions are those of the first seed that counts, of
    all its folds. Seconds are added up; the final loss is a mean. The status is the worst of all; its reason is of the
    first job that has it.
    """
    if len(results) == 1:
        return results[0]
    first = results[0]
    evaluated = _of_fullest_seeds([(result, result.metrics) for result in results if result.metrics is not None])
    losses = [result.final_loss for result in results if result.final_loss is not None]
    worst = next((result for status in _WORST_FIRST for result in results if result.status == status), first)
    return JobResult(
        variant=first.variant,
        seed=first.seed,
        fold=first.fold,
        status=worst.status,
        reason=f"seed {worst.seed}, fold {worst.fold}: {worst.reason}" if worst.reason else "",
        metrics=_mean_over_seeds(evaluated) if evaluated else None,
        final_loss=sum(losses) / len(losses) if losses else None,
        epochs_done=min(result.epochs_done for result in results),
        seconds=Seconds(
            *(sum(column) for column in zip(*(astuple(result.seconds) for result in results), strict=True))
        ),
        predictions=_of_first_seed([result for result, _ in evaluated]),
    )


_WORST_FIRST: tuple[Status, ...] = ("failed", "stopped")


def aggregate_baselines(baselines: Sequence[Baseline]) -> Baseline:
    """One baseline's scores on several folds as one: those of the sum of the confusion matrices."""
    if len(baselines) == 1:
        return baselines[0]
    return Baseline(baselines[0].name, _add_up([baseline.metrics for baseline in baselines]))


def _of_fullest_seeds(evaluated: list[tuple[JobResult, Metrics]]) -> list[tuple[JobResult, Metrics]]:
    folds = Counter(result.seed for result, _ in evaluated)
    most = max(folds.values(), default=0)
    return [(result, metrics) for result, metrics in evaluated if folds[result.seed] == most]


def _of_first_seed(results: Sequence[JobResult]) -> tuple[Prediction, ...]:
    return tuple(
        prediction for result in results if result.seed == results[0].seed for prediction in result.predictions
    )


def _mean_over_seeds(evaluated: Sequence[tuple[JobResult, Metrics]]) -> Metrics:
    seeds = dict.fromkeys(result.seed for result, _ in evaluated)
    by_seed = [_add_up([metrics for result, metrics in evaluated if result.seed == seed]) for seed in seeds]
    if len(by_seed) == 1:
        return by_seed[0]

    def averages(name: str) -> Averages:
        entries: list[Averages] = [getattr(metrics, name) for metrics in by_seed]
        return Averages(
            *(_mean([getattr(entry, kind) for entry in entries]) for kind in ("macro", "weighted", "micro"))
        )

    total = _add_up(by_seed)
    return Metrics(
        accuracy=_mean([metrics.accuracy for metrics in by_seed]),
        precision=averages("precision"),
        recall=averages("recall"),
        f1=averages("f1"),
        per_class=tuple(
            ClassScores(
                scores[0].name,
                _mean([entry.precision for entry in scores]),
                _mean([entry.recall for entry in scores]),
                _mean([entry.f1 for entry in scores]),
                # Every seed is tested on the same images.
                scores[0].support,
            )
            for scores in zip(*(metrics.per_class for metrics in by_seed), strict=True)
        ),
        confusion_matrix=total.confusion_matrix,
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _add_up(metrics: Sequence[Metrics]) -> Metrics:
    names = [scores.name for scores in metrics[0].per_class]
    size = range(len(names))
    total = [[sum(entry.confusion_matrix[row][column] for entry in metrics) for column in size] for row in size]
    return metrics_of_matrix(total, names)


def metrics_of_matrix(matrix: Matrix, classes: Sequence[str]) -> Metrics:
    """The scores of a confusion matrix (rows true, columns predicted), as `engine.evaluation.compute_metrics` has them.

    A score that would divide by zero is 0; classes without a test image are left out of the macro average. Sums are
    rounded once, so that the last bit may differ from scikit-learn's: what runs show of several jobs must not change.

    Raises:
        ValueError: the matrix counts no image.
    """
    support = [sum(row) for row in matrix]
    predicted = [sum(row[column] for row in matrix) for column in range(len(matrix))]
    correct = [matrix[label][label] for label in range(len(matrix))]
    images = sum(support)
    if images == 0:
        raise ValueError("no test images to score")
    precision = [_ratio(hits, count) for hits, count in zip(correct, predicted, strict=True)]
    recall = [_ratio(hits, count) for hits, count in zip(correct, support, strict=True)]
    f1 = [_ratio(2 * hits, count + named) for hits, count, named in zip(correct, support, predicted, strict=True)]
    accuracy = sum(correct) / images

    def averages(scores: Sequence[float]) -> Averages:
        present = [score for score, count in zip(scores, support, strict=True) if count]
        weighted = math.fsum(score * count for score, count in zip(scores, support, strict=True)) / images
        return Averages(macro=math.fsum(present) / len(present), weighted=weighted, micro=accuracy)

    return Metrics(
        accuracy=accuracy,
        precision=averages(precision),
        recall=averages(recall),
        f1=averages(f1),
        per_class=tuple(
            ClassScores(name, precision[label], recall[label], f1[label], support[label])
            for label, name in enumerate(classes)
        ),
        confusion_matrix=tuple(tuple(row) for row in matrix),
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
