"""All stages of a study by their typical cost: how much of it is done, and how long the rest takes.

The costs only weigh the stages against each other until they have been timed.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import engine
from engine.events.record import JobKey, StudyRecord
from engine.events.study import Stage
from engine.reports.quality import compared_images
from tui.state.jobs import JobView, StageView


class WorkPart(NamedTuple):
    """One stage of the study.

    Attributes:
        kind: its stage; stages of one kind go at one speed.
        cost: the seconds that it typically takes.
        share: how much of it is done, in [0, 1].
        view: what is known of it, once it has begun.
        job: whose stage it is; None for the whole study's.
    """

    kind: Stage
    cost: float
    share: float
    view: StageView | None
    job: JobKey | None = None

    def seconds(self, now: float) -> float:
        """Seconds that it took or has taken by `now`, on the clock of its view."""
        if self.view is None:
            return 0.0
        return self.view.seconds if self.view.seconds is not None else now - self.view.started


def share_done(parts: Sequence[WorkPart], at_once: int = 1) -> float:
    """How much of all parts is done, in [0, 1], where so many jobs run at once."""
    weights = [part.cost / (1 if part.job is None else at_once) for part in parts]
    total = sum(weights)
    return sum(weight * part.share for weight, part in zip(weights, parts, strict=True)) / total if total else 0.0


def seconds_left(parts: Sequence[WorkPart], now: float, at_once: int = 1) -> float | None:
    """Time left for all parts, at `now` on the clock of their views; None until something was timed.

    Jobs that run go on, `at_once` in all; each of the others begins where one ends, in the order of the parts.
    """
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
    left: dict[JobKey | None, float] = {None: 0.0}
    running: set[JobKey | None] = set()
    for part in parts:
        view = part.view
        own = view.seconds_left() if view is not None and view.seconds is None else None
        speed = spent[part.kind] / typical[part.kind] if part.kind in spent else overall
        seconds = own if own is not None else part.cost * (1 - part.share) * speed
        left[part.job] = left.get(part.job, 0.0) + seconds
        if view is not None and view.seconds is None:
            running.add(part.job)
    common = left.pop(None)
    workers = [0.0] * max(at_once, len(running - {None}), 1)
    for job in sorted(left, key=lambda job: job not in running):
        heapq.heapreplace(workers, workers[0] + left[job])
    return common + max(workers)


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
    counts: dict[Stage, int] = {"preprocess": images, "train": train * recipe.epochs, "evaluate": test}
    costs = [
        (variant, stage, count * engine.typical_seconds(stage, variant, recipe, variants))
        for variant in variants
        for stage, count in counts.items()
    ]
    runs = [(seed, fold) for seed in started.seeds for fold in range(started.folds)]
    for run in runs:
        for variant, stage, whole_cost in costs:
            key = JobKey(variant, *run)
            job = jobs.get(key)
            view = job.stages.get(stage) if job is not None else None
            over = (job is not None and job.ended) or (view is not None and view.seconds is not None)
            # Later seeds and folds find the pre-processed images in the cache.
            cost = 0.0 if stage == "preprocess" and run != runs[0] else whole_cost
            yield WorkPart(stage, cost, 1.0 if over else view.share if view else 0.0, view, key)
