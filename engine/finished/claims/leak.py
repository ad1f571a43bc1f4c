"""Official against clean on the same test images: what the copies among the training images were worth."""

from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.finished.claims.evidence import METRIC_WORDS, Evidence
from engine.finished.claims.scoring import Metric, copies_of, outcomes_of, paired_difference, unpaired_difference
from engine.finished.claims.verdicts import signed_span
from engine.reports.leak import Estimate, LeakReport, LeakRow


def leak_gap(official: StudyRecord, clean: StudyRecord) -> LeakReport:
    """The gap between both protocols, a variant.

    Both models were tested on the same images, so the gap is paired: Newcombe's interval for the accuracies of one
    seed, else a bootstrap over groups of copies and seeds (`engine.finished.claims.scoring.paired_difference`). Where
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
    protocol = clean.protocol
    left_out = protocol.left_out if protocol else 0
    return LeakReport(
        official_study=one.study,
        clean_study=other.study,
        official_train=_trained_on(one),
        clean_train=_trained_on(other),
        left_out=left_out,
        test_images=one.images(variants[0]),
        seeds=one.seeds,
        rows=rows,
        sentences=(*_sentences(rows), *_notes(one, left_out)),
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
    if not same_test_images(official.record, clean.record):
        raise InputError(f"{names} were not tested on the same images, so their gap says nothing of copies")
    if first.recipe != second.recipe:
        raise InputError(f"{names} have other recipes ({first.recipe.name}, {second.recipe.name}): run both with one")
    if official.seeds != clean.seeds:
        raise InputError(
            f"{names} have other seeds ({_list(official.seeds)}; {_list(clean.seeds)}): run both with the same"
        )
    weights = [evidence.record.superres_weights for evidence in (official, clean)]
    if weights[0] is not None and weights[1] is not None and weights[0].sha256 != weights[1].sha256:
        raise InputError(f"{names} have other super-resolution weights: run both with --superres-weights and one file")


def _list(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds)) or "none"


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
    def estimate(evidence: Evidence, metric: Metric) -> Estimate:
        return Estimate(evidence.value(variant, metric), evidence.interval(variant, metric))

    return LeakRow(
        variant,
        estimate(official, "accuracy"),
        estimate(clean, "accuracy"),
        _gap(variant, official, clean, "accuracy"),
        estimate(official, "f1"),
        estimate(clean, "f1"),
        _gap(variant, official, clean, "f1"),
    )


def _gap(variant: str, official: Evidence, clean: Evidence, metric: Metric) -> Estimate:
    copies = copies_of(official.record)
    one, other = (outcomes_of(variant, evidence.record.jobs(variant), copies) for evidence in (official, clean))
    if one is not None and other is not None:
        paired = paired_difference(one, other, official.classes, metric)
        if paired is not None:
            return Estimate(paired.value, paired.interval)
    matrices = [evidence.metrics(variant).confusion_matrix for evidence in (official, clean)]
    images = official.images(variant), clean.images(variant)
    value = official.value(variant, metric) - clean.value(variant, metric)
    return Estimate(value, unpaired_difference(matrices[0], matrices[1], images, metric))


# ---------------------------------------------------------------- in words


def _sentences(rows: tuple[LeakRow, ...]) -> list[str]:
    return [_sentence(row) for row in rows]


def _sentence(row: LeakRow) -> str:
    gap = row.accuracy_gap
    words = f"{METRIC_WORDS['accuracy']} {gap.value:+.3f} {signed_span(gap.interval)}"
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
