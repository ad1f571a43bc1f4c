"""Readings of a paper's open choices against its published numbers, from finished runs."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.config.protocols import Protocol
from engine.config.recipes import Recipe, name_today, same_training
from engine.errors import SimpsonsError, require
from engine.events.record import StudyRecord
from engine.finished.claims.evidence import METRIC_WORDS, NO_FIGURE, Evidence
from engine.finished.claims.file import ClaimsFile, load_claims
from engine.finished.claims.reading import PaperReading
from engine.finished.claims.scores import Above, Below, Equals, Score
from engine.finished.claims.verdicts import TOO_WIDE, span
from engine.reports.reconstruction import FittedNumber, FittedReading, PublishedNumber, Reconstruction
from engine.reports.statistics import Interval
from engine.runs import list_runs, load_config, load_record
from engine.system.locations import runs_folder

_SIGNS: dict[type[Score], str] = {Equals: "=", Below: "<", Above: ">"}


def reconstruct(
    folders: Sequence[Path] = (),
    runs_dir: Path | None = None,
    file: Path | None = None,
    protocol: Protocol = "official",
) -> Reconstruction:
    """Hold every reading of a paper against the numbers that it publishes.

    A number is excluded where no value of our 95 % interval is the number as it was rounded, or lies on its side of the
    bound. A paper publishes one training, so of several seeds the interval goes from the lowest end of a seed's own to
    the highest. What falls short of a number on fewer training images does not exclude it. Of several runs of a reading
    the one with the most seeds counts, then the newest.

    Args:
        folders: the finished runs to look at; where none is named, all of `runs_dir` that can be read.
        runs_dir: the folder of runs; None for the user's.
        file: the paper's claims and readings; None for the study that the program repeats.
        protocol: of the runs that count; those of other protocols, images and recipes are passed over.

    Raises:
        InputError: the file cannot be used, or has no number or no reading.
        StorageError: a run that was named cannot be read.
    """
    paper = load_claims(file)
    numbers = _numbers(paper)
    recipes = [reading.applied(paper.recipe) for reading in paper.readings]
    records = map(load_record, folders) if folders else _finished_records(recipes, runs_folder(runs_dir), protocol)
    found = [Evidence(record, paper) for record in records]
    reasons = [_why_not(evidence, recipes, protocol) for evidence in found]
    runs = [evidence for evidence, reason in zip(found, reasons, strict=True) if not reason]
    return Reconstruction(
        paper=paper.name,
        protocol=protocol,
        variants=tuple(dict.fromkeys(claim.variant for claim in numbers)),
        numbers=tuple(
            PublishedNumber(
                claim.key,
                claim.variant,
                " ".join(filter(None, (METRIC_WORDS[claim.metric], claim.of_class))),
                f"{_SIGNS[type(claim)]} {claim.number:.{claim.decimals}f}",
            )
            for claim in numbers
        ),
        readings=tuple(_fit(*pair, numbers, runs) for pair in zip(paper.readings, recipes, strict=True)),
        passed_over=tuple(
            f"{folder.name}: {reason}" for folder, reason in zip(folders, reasons, strict=False) if reason
        ),
    )


def _why_not(run: Evidence, recipes: Sequence[Recipe], protocol: Protocol) -> str:
    """Why a run is none of a reading; "" where it is one."""
    started = run.record.started
    if started is None or not run.results:
        return "no variant was run to the end"
    if started.protocol != protocol:
        return f"of the {started.protocol} protocol"
    if not any(same_training(started.recipe, one) for one in recipes):
        return f"its recipe ({name_today(started.recipe)}) is none of the readings"
    return run.other_images


def _finished_records(recipes: Sequence[Recipe], runs_dir: Path, protocol: Protocol) -> Iterator[StudyRecord]:
    """Of the runs that may be one of the readings; what cannot be read is passed over."""
    for run in list_runs(runs_dir):
        with suppress(SimpsonsError, OSError):
            # The description is small, the events may be long: most runs are told apart by the first alone.
            config = load_config(run.folder)
            if config.protocol == protocol and any(same_training(config.recipe, one) for one in recipes):
                yield load_record(run.folder)


def recipes_to_try(report: Reconstruction, file: Path | None = None) -> list[Recipe]:
    """The recipes of the readings that no run has tried yet, named by the readings.

    Raises:
        InputError: the file cannot be used.
    """
    paper = load_claims(file)
    missing = {reading.key for reading in report.readings if not reading.study}
    return [
        replace(reading.applied(paper.recipe), name=reading.key) for reading in paper.readings if reading.key in missing
    ]


def _numbers(paper: ClaimsFile) -> list[Score]:
    numbers = [claim for claim in paper.claims if isinstance(claim, Score)]
    require(bool(numbers), f"{paper.name}: none of its claims states the score of a variant")
    require(bool(paper.readings), f"{paper.name}: its file has no [[reading]]: write one for each way to read it")
    return numbers


def _fit(reading: PaperReading, recipe: Recipe, numbers: Sequence[Score], runs: Sequence[Evidence]) -> FittedReading:
    tried = [run for run in runs if run.record.started and same_training(run.record.started.recipe, recipe)]
    best = max(tried, key=lambda run: len(run.seeds), default=None)
    trainings = _trainings(best) if best else []
    return FittedReading(
        key=reading.key,
        statement=reading.statement,
        changes=reading.changes,
        study=best.study if best else "",
        seeds=best.seeds if best else (),
        numbers=tuple(_fit_number(number, best, trainings) for number in numbers),
        remark=best.part_of_data if best else "",
    )


def _trainings(run: Evidence) -> list[Evidence]:
    """Each seed of a run as a run of its own."""
    if len(run.seeds) == 1:
        return [run]
    results = [{key: one for key, one in run.record.results.items() if key.seed == seed} for seed in run.seeds]
    return [Evidence(replace(run.record, results=own, statistics=None), run.paper) for own in results]


def _fit_number(number: Score, run: Evidence | None, trainings: Sequence[Evidence]) -> FittedNumber:
    if run is None or (missing := _missing(number, run)):
        return FittedNumber(NO_FIGURE, "can't be told", "not run yet" if run is None else missing)
    asked = (number.variant, number.metric, number.of_class)
    intervals = [one.interval(*asked) for one in trainings if number.variant in one.results]
    reach = Interval(min(one.low for one in intervals), max(one.high for one in intervals), "ends of the seeds' own")
    figure = f"{run.value(*asked):.3f} {span(reach)}"
    widest = max(intervals, key=lambda one: one.high - one.low)
    if widest.high - widest.low > TOO_WIDE:
        return FittedNumber(figure, "can't be told", f"too few images: {span(widest)} agrees with too much")
    if _leaves_possible(number, reach):
        return FittedNumber(figure, "compatible", "")
    wanted = number.training_images or 0
    if run.train < wanted and not run.has_amount(wanted) and reach.high < number.number:
        return FittedNumber(figure, "can't be told", f"less, of {run.train:,} training images in place of {wanted:,}")
    return FittedNumber(figure, "excluded", "")


def _missing(number: Score, run: Evidence) -> str:
    if number.variant not in run.results:
        return f"{number.variant} was not run to the end"
    there = not number.of_class or number.of_class.casefold() in run.places
    return "" if there else f"there is no class {number.of_class}"


def _leaves_possible(claim: Score, interval: Interval) -> bool:
    number: float = claim.number
    if isinstance(claim, Below):
        return interval.low < number
    if isinstance(claim, Above):
        return interval.high > number
    rounded: float = 0.5 / 10**claim.decimals
    return interval.low <= number + rounded and interval.high >= number - rounded
