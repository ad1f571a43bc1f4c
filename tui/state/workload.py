"""All stages of a study by their typical cost: how much of it is done, and how long the rest takes.

The costs only weigh the stages against each other until they have been timed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import engine
from engine.events.record import JobKey, StudyRecord
from engine.events.study import Stage
from engine.reports.quality import compared_images
from tui.state.jobs import JobView, StageView


@dataclass(frozen=True)
class WorkPart:
    """One stage of the study.

    Attributes:
        kind: its stage; stages of one kind go at one speed.
        cost: the seconds that it typically takes.
        share: how much of it is done, in [0, 1].
        view: what is known of it, once it has begun.
    """

    kind: Stage
    cost: float
    share: float
    view: StageView | None

    def seconds(self, now: float) -> float:
        """Seconds that it took or has taken by `now`, on the clock of its view."""
        if self.view is None:
            return 0.0
        return self.view.seconds if self.view.seconds is not None else now - self.view.started


def share_done(parts: Sequence[WorkPart]) -> float:
    """How much of all parts is done, in [0, 1]."""
    total = sum(part.cost for part in parts)
    return sum(part.cost * part.share for part in parts) / total if total else 0.0


def seconds_left(parts: Sequence[WorkPart], now: float) -> float | None:
    """Time left for all parts, at `now` on the clock of their views; None until something was timed."""
    spent: dict[Stage, float] = {}
    typical: dict[Stage, float] = {}
    for part in parts:
        view, seconds = part.view, part.seconds(now)
        if view is not None and seconds > 0 and part.share > 0:
            uncached = part.cost * part.share * (1 - view.cached / max(view.total, 1) / part.share)
            if uncached > 0:
                spent[part.kind] = spent.get(part.kind, 0.0) + seconds
                typical[part.kind] = typical.get(part.kind, 0.0) + uncached
    if not spent:
        return None
    overall = sum(spent.values()) / sum(typical.values())
    left = 0.0
    for part in parts:
        view = part.view
        own = view.seconds_left() if view is not None and view.seconds is None else None
        speed = spent[part.kind] / typical[part.kind] if part.kind in spent else overall
        left += own if own is not None else part.cost * (1 - part.share) * speed
    return left


def work_parts(
    record: StudyRecord, jobs: Mapping[JobKey, JobView], common: Mapping[Stage, StageView]
) -> Iterator[WorkPart]:
    """Every stage of a study, begun or not; none until the data set is known."""
    started, dataset, protocol = record.started, record.dataset, record.protocol
    if started is None or dataset is None:
        return
    recipe, variants, images = started.recipe, started.variants, dataset.train + dataset.test
    train, test = dataset.train, dataset.test
    compared = compared_images(variants) * (sum(protocol.test_counts) if protocol is not None else test)
    whole: dict[Stage, int] = {"check": images, "audit": images, "baselines": images, "quality": compared}
    for stage, count in whole.items():
        view = common.get(stage)
        cost = count * engine.typical_seconds(stage, "", recipe, variants)
        yield WorkPart(stage, cost, view.share if view else 0.0, view)
    if protocol is not None:
        train, test = (round(sum(counts) / started.folds) for counts in (protocol.train_counts, protocol.test_counts))
    runs = [(seed, fold) for seed in started.seeds for fold in range(started.folds)]
    for run in runs:
        # Later seeds and folds find the pre-processed images in the cache.
        counts: dict[Stage, int] = {
            "preprocess": images if run == runs[0] else 0,
            "train": train * recipe.epochs,
            "evaluate": test,
        }
        for variant in variants:
            job = jobs.get(JobKey(variant, *run)) or JobView(variant)
            for stage, count in counts.items():
                view = job.stages.get(stage)
                over = job.ended or (view is not None and view.seconds is not None)
                cost = count * engine.typical_seconds(stage, variant, recipe, variants)
                yield WorkPart(stage, cost, 1.0 if over else view.share if view else 0.0, view)
