"""Official against clean on the same test images: what the copies among the training images were worth."""

from engine.config.recipes import name_today, same_training
from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.finished.claims.evidence import Evidence, difference_words
from engine.reports.leak import Estimate, LeakReport, LeakRow
from engine.statistics.scores import Metric, paired_difference, unpaired_interval


def leak_gap(official: StudyRecord, clean: StudyRecord) -> LeakReport:
    """The gap between both protocols, a variant.

    Both models were tested on the same images, so the gap is paired: Newcombe's interval for the accuracies of one
    seed, else a bootstrap over groups of copies and seeds (`engine.statistics.scores.paired_difference`). Where
    predictions of single images were not kept, the two confusion matrices are drawn apart, which is wider.

    Raises:
        InputError: the two cannot be set side by side; the message says why.
    """
    one, other = Evidence(official), Evidence(clean)
    _require_alike(one, other)
    variants = [name for name in one.results if name in other.results]
    if not variants:
        raise InputError(f"studies {one.study} and {other.study} have no variant in common that both ran to the end")
    rows = tuple(_row(variant, one, other) for variant in variants)
    left_out = clean.protocol.left_out if clean.protocol else 0
    return LeakReport(
        official_study=one.study,
        clean_study=other.study,
        official_train=_trained_on(one),
        clean_train=_trained_on(other),
        left_out=left_out,
        test_images=one.images(variants[0]),
        seeds=one.seeds,
        rows=rows,
        sentences=(*map(_sentence, rows), *_notes(one, left_out)),
    )


def _trained_on(evidence: Evidence) -> int:
    protocol = evidence.record.protocol
    return protocol.train_counts[0] if protocol and protocol.train_counts else evidence.train


# ---------------------------------------------------------------- what must be the same


def _require_alike(official: Evidence, clean: Evidence) -> None:
    first, second = official.record.started, clean.record.started
    if first is None or second is None:
        raise InputError("a study that has not begun cannot be compared")
    for evidence, started, protocol in ((official, first, "official"), (clean, second, "clean")):
        if started.protocol != protocol:
            raise InputError(
                f"study {evidence.study} is of the {started.protocol} protocol: "
                "the leak is the gap between an official and a clean study"
            )
    names = f"studies {official.study} and {clean.study}"
    seeds = "; ".join(", ".join(map(str, evidence.seeds)) or "none" for evidence in (official, clean))
    weights = [one.sha256 for evidence in (official, clean) if (one := evidence.record.superres_weights) is not None]
    if not same_test_images(official.record, clean.record):
        raise InputError(f"{names} were not tested on the same images, so their gap says nothing of copies")
    if not same_training(first.recipe, second.recipe):
        recipes = ", ".join(name_today(one.recipe) for one in (first, second))
        raise InputError(f"{names} have other recipes ({recipes}): run both with one")
    if official.seeds != clean.seeds:
        raise InputError(f"{names} have other seeds ({seeds}): run both with the same")
    if len(set(weights)) > 1:
        raise InputError(f"{names} have other super-resolution weights: run both with --superres-weights and one file")


def same_test_images(first: StudyRecord, second: StudyRecord) -> bool:
    """Whether two studies were tested on the same images: by fingerprint, else by the paths of their predictions."""
    prints = [record.protocol.test_fingerprint if record.protocol else "" for record in (first, second)]
    if all(prints):
        return prints[0] == prints[1]
    tested = [
        {(one.path, one.label) for result in record.results.values() for one in result.predictions}
        for record in (first, second)
    ]
    return bool(tested[0]) and tested[0] == tested[1]


# ---------------------------------------------------------------- the gaps


def _row(variant: str, official: Evidence, clean: Evidence) -> LeakRow:
    metrics: tuple[Metric, ...] = ("accuracy", "f1")
    estimates = (
        (
            *(Estimate(one.value(variant, metric), one.interval(variant, metric)) for one in (official, clean)),
            _gap(variant, official, clean, metric),
        )
        for metric in metrics
    )
    return LeakRow(variant, *(estimate for three in estimates for estimate in three))


def _gap(variant: str, official: Evidence, clean: Evidence, metric: Metric) -> Estimate:
    # One study's groups of near-duplicates for both: images are aligned by group.
    one, other = official.resampled.get(variant), clean.resample(variant, official.copies)
    if one is not None and other is not None and (paired := paired_difference(one, other, metric)):
        return Estimate(paired.value, paired.interval)
    first, second = (evidence.metrics(variant).confusion_matrix for evidence in (official, clean))
    value = official.value(variant, metric) - clean.value(variant, metric)
    images = official.images(variant), clean.images(variant)
    return Estimate(value, unpaired_interval(first, second, images, metric))


# ---------------------------------------------------------------- in words


def _sentence(row: LeakRow) -> str:
    gap = row.accuracy_gap
    words = difference_words(gap, "accuracy")
    if gap.interval.low > 0:
        return f"{row.variant}: the copies were worth {words}."
    if gap.interval.high < 0:
        return f"{row.variant}: it did better without the copies, {words}."
    return f"{row.variant}: no gap that these test images can show, {words}."


def _notes(official: Evidence, left_out: int) -> list[str]:
    notes = ["The clean study also trains on fewer images, which is a part of the gap."]
    if not left_out:
        notes = ["The clean protocol left nothing out here: a gap would be chance, or another machine's arithmetic."]
    if len(official.seeds) == 1:
        notes.append("One seed: the intervals tell of the images, not of other seeds.")
    return notes
