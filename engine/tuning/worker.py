"""A process that trains one trial of a search with one seed: `python -m engine.tuning.worker RUN ATTEMPT`.

It does as a study's worker (`engine.study.worker`) but for what the job is: the trial's numbers stand in the search's
stream, and the score is on the validation images. Whether a trial is given up is not decided here.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.events.record import JobKey
from engine.events.search import trial_name, with_numbers
from engine.events.search_record import TuningRecord
from engine.reports.results import JobResult, Seconds
from engine.runs import read_events
from engine.study import worker
from engine.study.jobs import JobInputs, preprocess_variant
from engine.training import steps_per_epoch
from engine.tuning.searching import TrialFailed, TrialPlan
from engine.tuning.trials import TrialTrainer


def train_seed(run: Path, key: JobKey, inputs: JobInputs) -> JobResult:
    """Train the trial that is the job's variant; a failure is its result.

    Raises:
        StudyStopped: a stop was asked for.
    """
    config, images, reporter = inputs.config, inputs.images, inputs.reporter
    search = TuningRecord.from_events(read_events(run))
    trial = next(trial for trial in search.trials.values() if trial_name(trial.number) == key.variant)
    recipe = with_numbers(config.recipe, trial.values)
    (variant,), (fold,) = config.variants, images.folds
    with reporter.stage("preprocess", *key) as stage:
        pixels = preprocess_variant(variant, inputs, stage)
    trials = TrialTrainer(config, images, pixels, inputs.machine, reporter)
    try:
        with pixels, reporter.stage("train", *key) as stage:
            stage.start(recipe.epochs * steps_per_epoch(len(fold.train), recipe.batch_size))
            _, result = trials.train_seed(TrialPlan(trial.number, recipe, lambda *_: False), 0, key.seed)
    except TrialFailed as failure:
        return JobResult(
            **key._asdict(),
            status="failed",
            reason=str(failure),
            metrics=None,
            final_loss=None,
            epochs_done=0,
            seconds=Seconds(),
        )
    return result


def main(arguments: Sequence[str]) -> int:
    """Do an attempt's task."""
    return worker.main(arguments, train_seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
