"""The conclusion of a study: sentences that follow from its numbers and claim no more."""

from collections.abc import Mapping, Sequence

from engine.config.variants import CROPPING, PAPER_CROPPING, Variant, find_variant
from engine.evaluation.sentences import (
    accuracy_sentences,
    copy_sentences,
    difference_sentences,
    pipeline_sentences,
    seed_sentences,
    step_sentences,
)
from engine.reports.aggregate import aggregate_results
from engine.reports.audit import AuditReport
from engine.reports.pipelines import PipelineAnalysis
from engine.reports.results import Baseline, DatasetSummary, JobResult, Metrics, ProtocolSummary
from engine.reports.statistics import MOST_IN_PAIRS, StudyStatistics
from engine.reports.wording import listed
from engine.steps.registry import find_step

Scored = list[tuple[JobResult, Metrics]]

_ORDERS = {
    CROPPING: "crops in the original's pixels and then resizes; the paper resized first",
    PAPER_CROPPING: "resizes first and then crops at the pixels that the box has in the original, as the paper did: "
    "not where the character is",
}


def draw_conclusion(
    dataset: DatasetSummary,
    results: Sequence[JobResult],
    baselines: Mapping[str, Baseline],
    *,
    statistics: StudyStatistics | None = None,
    analysis: PipelineAnalysis | None = None,
    audit: AuditReport | None = None,
    protocol: ProtocolSummary | None = None,
) -> tuple[str, ...]:
    """Sentences on what differs, the classes, the commonest confusions, the baselines and what limits all of it.

    `results` may hold several jobs (seeds, folds) of a variant. Without `statistics` nothing is said of differences.
    """
    aggregated = _by_variant(results)
    scored: Scored = [(result, result.metrics) for result in aggregated if result.metrics is not None]
    if not scored:
        return ("No variant was evaluated, so there is nothing to compare.",)
    sentences = [*_leak(audit, protocol), *_ranking(scored, statistics, analysis)]
    sentences += [*_of_one_answer(dataset.classes, scored), *_classes(dataset.classes, scored)]
    named = scored
    if len(scored) > MOST_IN_PAIRS:  # one sentence each would hide the rest
        named = [max(scored, key=lambda entry: entry[1].accuracy)]
    sentences += [_commonest_confusion(dataset.classes, result.variant, metrics) for result, metrics in named]
    sentences += [*_boxes(dataset, protocol, scored), *_against_baselines(scored, baselines)]
    stopped = [result.variant for result in aggregated if result.status == "stopped"]
    if stopped:
        sentences.append(f"Stopped early, so not comparable with the rest: {', '.join(stopped)}.")
    return tuple(sentences)


def _by_variant(results: Sequence[JobResult]) -> list[JobResult]:
    """One result a variant, of its finished jobs where it has any."""
    found = []
    for variant in dict.fromkeys(result.variant for result in results):
        jobs = [result for result in results if result.variant == variant]
        found.append(aggregate_results([job for job in jobs if job.status == "done"] or jobs))
    return found


def _leak(audit: AuditReport | None, protocol: ProtocolSummary | None) -> list[str]:
    if audit is None or not audit.leaks or protocol is None or protocol.name != "official":
        return []
    return [
        f"{audit.leak_sentence}, so the scores say little of new images: "
        "press c on the results screen, or give --protocol clean, to train without those."
    ]


def _ranking(scored: Scored, statistics: StudyStatistics | None, analysis: PipelineAnalysis | None) -> list[str]:
    complete: Scored = [(result, metrics) for result, metrics in scored if result.status == "done"] or scored
    if statistics is None or not statistics.variants:
        scores = ", ".join(f"{result.variant} {metrics.accuracy:.3f}" for result, metrics in complete)
        return [f"Accuracy: {scores}. Whether these differ by more than chance was not computed."]
    return [
        *accuracy_sentences(statistics),
        *difference_sentences(statistics, analysis),
        *step_sentences(statistics),
        *pipeline_sentences(analysis),
        *copy_sentences(statistics),
        *seed_sentences(statistics),
    ]


def _classes(classes: Sequence[str], scored: Scored) -> list[str]:
    recalls = {
        name: sum(metrics.per_class[i].recall for _, metrics in scored) / len(scored)
        for i, name in enumerate(classes)
        if scored[0][1].per_class[i].support
    }
    low, high = min(recalls.values()), max(recalls.values())
    if low == high:
        return [f"Every class was recognised equally often ({low:.2f} of its images)."]
    most = listed([name for name, recall in recalls.items() if recall == low])
    least = listed([name for name, recall in recalls.items() if recall == high])
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


def _of_one_answer(classes: Sequence[str], scored: Scored) -> list[str]:
    """Networks that predict one class whatever they see, by class."""
    found: dict[str, list[str]] = {}
    for result, metrics in scored:
        columns = zip(classes, zip(*metrics.confusion_matrix, strict=True), strict=True)
        predicted = [name for name, column in columns if any(column)]
        if len(predicted) == 1:
            found.setdefault(predicted[0], []).append(result.variant)
    return [
        f"{listed(variants)} predict{'s' if len(variants) == 1 else ''} {name} for every test image, so nothing was "
        "learnt that tells the classes apart."
        for name, variants in found.items()
    ]


def _boxes(dataset: DatasetSummary, protocol: ProtocolSummary | None, scored: Scored) -> list[str]:
    used = {step for result, _ in scored if (variant := find_variant(result.variant)) for step in _box_steps(variant)}
    if not used:
        return []
    name = listed(sorted(used))
    order = "".join(f" {word} {what}." for word, what in _ORDERS.items() if word in used)
    train = _share(dataset.boxed_train, dataset.train)
    if dataset.boxed_train == 0:
        return [f"{name}: {train} of the training images have a box, so it saw the same pictures as vanilla.{order}"]
    kind = protocol.name if protocol is not None else "official"
    if kind == "boxed":
        return [f"{name}: every test image has a box under protocol boxed, which makes this its fair version.{order}"]
    fair = "--protocol boxed is the fair version: it tests on images with a box only, near copies kept together."
    if kind == "grouped":
        return [f"{name}: {train} of the images that are trained and tested on have a box, the rest stay whole; {fair}"]
    if dataset.boxed_test == 0:
        seen = "crops" if used <= _ORDERS.keys() else "what is in the boxes"
        return [
            f"{name}: {train} of the training images have a box and no test image has one: it trained on {seen} and "
            f"was tested on whole images, which by itself costs accuracy; {fair}{order}"
        ]
    test = _share(dataset.boxed_test, dataset.test)
    return [
        f"{name}: {train} of the training images and {test} of the test images have a box; the rest stay whole.{order}"
    ]


def _box_steps(variant: Variant) -> list[str]:
    return [call.step for call in variant.calls if (spec := find_step(call.step)) is not None and spec.uses_box]


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
        who = listed(behind) if 0 < len(behind) <= MOST_IN_PAIRS else f"{len(behind)} of {len(scored)} variants"
        verdict = f"not beaten by {who}" if behind else "beaten by every variant"
        what = explanations.get(name, name)
        sentences.append(f"Baseline: {what} scores {baseline.metrics.accuracy:.3f}, {verdict}.")
    return sentences
