"""The conclusion of a search: sentences that claim no more than its numbers support."""

from engine.events.search import number_words, trial_name
from engine.events.search_record import Trial, TuningRecord
from engine.reports.statistics import Comparison, Interval


def draw_conclusion(record: TuningRecord, test_images: str) -> tuple[str, ...]:
    """Sentences on the best trial, the recipe's own, their difference, and what all of it is worth.

    `test_images` says in a sentence what the test images were used for.
    """
    best, own = record.best, record.of_recipe
    if best is None:
        return ("No trial was trained to its end, so there are no numbers to compare.",)
    sentences = [f"Best is {_title(best)}: {_score(record, best)}, with {number_words(best.values)}."]
    if best is not own:
        sentences.append(
            f"The recipe's own numbers ({number_words(own.values)}): {_score(record, own)}."
            if own is not None
            else "The recipe's own numbers were not trained to their end, so there is nothing to compare with."
        )
    elif (others := len(record.ended) - 1) > 0:
        words = "The other trial did not do" if others == 1 else f"None of the {others} other trials did"
        sentences.append(f"{words} better than the recipe's own numbers.")
    comparison = record.comparison
    if comparison is not None and best is not own:
        sentences.append(_difference_words(comparison, of_best=comparison.first == trial_name(best.number)))
    done = sum(trial.state == "done" for trial in record.ended)
    if done > 1:
        sentences.append(
            f"The best of {len(record.ended)} trials on the same validation images looks better than it is: some of "
            "its lead is luck."
        )
    return (*sentences, test_images)


def _title(trial: Trial) -> str:
    return f"trial {trial.number}" + (", the recipe itself" if trial.is_recipe else "")


def _score(record: TuningRecord, trial: Trial) -> str:
    interval = record.interval(trial)
    within = f" ({_span(interval, signed=False)}, {interval.method})" if interval is not None else ""
    return f"validation accuracy {trial.accuracy:.3f}{within}"


def _span(interval: Interval, *, signed: bool) -> str:
    sign = "+" if signed else ""
    return f"{100 * interval.level:.0f} % interval {interval.low:{sign}.3f} to {interval.high:{sign}.3f}"


def _difference_words(comparison: Comparison, *, of_best: bool) -> str:
    side = 1 if of_best else -1
    ends = sorted(side * end for end in (comparison.interval.low, comparison.interval.high))
    interval = Interval(ends[0], ends[1], comparison.interval.method, comparison.interval.level)
    figures = (
        f"Best less recipe, on the same images: {side * comparison.difference:+.3f} ({_span(interval, signed=True)}, "
        f"{comparison.method} p = {comparison.p_value:.3f})"
    )
    if comparison.significant:
        return f"{figures}: more than chance gives one trial, but this one was chosen from several."
    return f"{figures}: it may be noise."
