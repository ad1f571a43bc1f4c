"""All stages of a study by their typical cost: how much of it is done, and how long the rest takes.

The costs only weigh the stages against each other until they have been timed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.config.variants import find_variant
from engine.events.record import JobKey, StudyRecord
from engine.events.study import Stage
from tui.state.jobs import JobView, StageView

# Rough seconds an image and megapixel on two cores, only to weigh stages against each other until they
# have been timed; the study's own timings take over as it goes.
_PREPROCESS_COST = {"crop": 0.03, "resize": 0.03, "denoise": 0.25, "superres": 2.0, "shrink": 0.03}
_TRAIN_COST = 0.16
_EVALUATE_COST = 0.06
_COMMON_COSTS: dict[Stage, float] = {"check": 0.02, "audit": 0.005, "baselines": 0.02}


@dataclass(frozen=True)
class WorkPart:
    """One stage of the study.

    Attributes:
        kind: its stage; stages of one kind go at one speed.
        cost: the typical cost, in the unit of the table of costs.
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
) -> list[WorkPart]:
    """Every stage of a study, begun or not; none until the data set is known."""
    if record.started is None or record.dataset is None:
        return []
    return [*_common_parts(record, common), *_job_parts(record, jobs)]


def _common_parts(record: StudyRecord, common: Mapping[Stage, StageView]) -> Iterator[WorkPart]:
    dataset = record.dataset
    if dataset is None:
        return
    for stage, unit in _COMMON_COSTS.items():
        view = common.get(stage)
        cost = (dataset.train + dataset.test) * unit * _megapixels(record)
        yield WorkPart(stage, cost, view.share if view else 0.0, view)


def _job_parts(record: StudyRecord, jobs: Mapping[JobKey, JobView]) -> Iterator[WorkPart]:
    started, dataset = record.started, record.dataset
    if started is None or dataset is None:
        return
    train, test = dataset.train, dataset.test
    if (protocol := record.protocol) is not None:
        train, test = (round(sum(counts) / started.folds) for counts in (protocol.train_counts, protocol.test_counts))
    keys = [
        JobKey(variant, seed, fold)
        for seed in started.seeds
        for fold in range(started.folds)
        for variant in started.variants
    ]
    for place, key in enumerate(keys):
        known = find_variant(key.variant)
        steps, scale = (known.steps, known.scale) if known else (("resize",), 1)
        # Later seeds and folds find the pre-processed images in the cache.
        prepared = (dataset.train + dataset.test) * sum(_PREPROCESS_COST.get(step, 0.0) for step in steps)
        costs: dict[Stage, float] = {
            "preprocess": prepared if place < len(started.variants) else 0.0,
            "train": train * started.recipe.epochs * _TRAIN_COST * scale**2,
            "evaluate": test * _EVALUATE_COST * scale**2,
        }
        job = jobs.get(key) or JobView(key.variant)
        for stage, cost in costs.items():
            view = job.stages.get(stage)
            over = job.ended or (view is not None and view.seconds is not None)
            yield WorkPart(stage, cost * _megapixels(record), 1.0 if over else view.share if view else 0.0, view)


def _megapixels(record: StudyRecord) -> float:
    height, width = record.started.recipe.image_size if record.started is not None else (0, 0)
    return height * width / 1e6
