"""A search for a recipe's numbers: the order of its parts, from the images to the best trial.

Up to the first trial it is a study: the same check, audit, protocol and choice of how to compute. From there on there
are no test images: they are no part of what is pre-processed, trained on or scored.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.execution import Execution
from engine.config.machine import MachineSettings
from engine.config.search import SECONDS_PER_MINUTE, VALIDATION, TuningConfig, require_limits
from engine.config.study import StudyConfig
from engine.dataset import Dataset
from engine.errors import InputError, StorageError
from engine.events.control import StudyControl
from engine.events.record import StudyRecord
from engine.events.search import NumberRange, TuningFinished, TuningResumed, TuningStarted, trial_name
from engine.events.search_record import SearchSummary, TuningRecord
from engine.events.study import BatchTrained, Emit, Event, StatisticsComputed
from engine.executing.executor import Executor
from engine.executing.opening import open_executor
from engine.reports.results import Status
from engine.runs import RunFolder, find_run, is_live, list_runs, load_config, read_events
from engine.study.coordinator import Coordinator
from engine.study.images import StudyImages
from engine.study.machine import choose_study_machine
from engine.study.network import check_network
from engine.study.opening import open_study_dataset
from engine.study.order import Study
from engine.study.reporting import Reporter, Stopwatch
from engine.study.workers import WORKER_MODULES
from engine.system.locations import tuning_folder
from engine.system.version import program_version
from engine.tracking.feed import require_trackers
from engine.tuning.conclusion import draw_conclusion
from engine.tuning.side_by_side import TRIAL_WORKER, TrialCoordinator
from engine.tuning.space import search_ranges

if TYPE_CHECKING:
    from engine.preprocess import PixelTable
    from engine.tuning.searching import Train


JOURNAL = "optuna.jsonl"
"""The tuner's own memory, in the search's folder."""


def search_space(config: TuningConfig) -> tuple[NumberRange, ...]:
    """What would be searched for, and where.

    Raises:
        InputError: a number that cannot be searched for.
    """
    return search_ranges(config.study.recipe, config.numbers)


def tune(config: TuningConfig, emit: Emit | None = None, control: StudyControl | None = None) -> TuningRecord:
    """Search in the calling thread and return what was found.

    `emit` gets every event as it happens and must return at once; `control` pauses and stops. A trial that fails is
    recorded as failed and the rest goes on.

    Raises:
        SimpsonsError: the input cannot be used.
    """
    search_space(config)
    config.study.require_steps()
    require_trackers(config.study.log)
    check_network(config.study.recipe)
    dataset = open_study_dataset(config.study)
    if config.study.validation_fraction is None and not dataset.validation:
        config = replace(config, study=replace(config.study, validation_fraction=VALIDATION))
    folder = RunFolder.create(tuning_folder(config.study.runs_dir), config.study)
    reporter = SearchReporter(folder, control or StudyControl(), emit)
    Tuning(config, reporter.control, reporter).run(dataset)
    return reporter.search


def resume_tuning(
    folder: Path,
    emit: Emit | None = None,
    control: StudyControl | None = None,
    *,
    trials: int | None = None,
    minutes: float | None = None,
    replay: Emit | None = None,
    execution: Execution | None = None,
) -> TuningRecord:
    """Resume a search that was stopped or interrupted, or one that is done, to higher limits.

    Trials that ended stay, and one without an end begins again with the same numbers. What is tried follows from the
    seed and the trials before, so on the same machine the outcome is that of a search that was never interrupted; only
    where `minutes` end it, that depends on how fast the machine was. `trials` and `minutes` replace the search's
    limits. `replay` gets what the folder holds already, by default `emit`. With `execution` trials are trained there
    from here on.

    Raises:
        SimpsonsError: there is nothing to resume, another process works on it, or its images have changed.
    """
    load_config(folder).require_steps()
    require_trackers(load_config(folder).log)
    run = RunFolder.open_for_resume(folder)
    try:
        reporter = SearchReporter(run, control or StudyControl(), emit)
        past = list(read_events(folder))
        config = _continued_config(TuningRecord.from_events(past), folder, trials, minutes)
        check_network(config.study.recipe, StudyRecord.from_events(past))
        if execution is not None:
            config = replace(config, study=replace(config.study, execution=execution))
            run.keep_choices(execution, config.study.log)
        dataset = open_study_dataset(config.study)
        reporter.replay(past, replay or emit)
    except BaseException:
        run.close()
        raise
    Tuning(config, reporter.control, reporter).run(dataset)
    return reporter.search


def _continued_config(record: TuningRecord, folder: Path, trials: int | None, minutes: float | None) -> TuningConfig:
    started = record.started
    if started is None:
        raise InputError(f"{folder}: the search never began: start a new one")
    if trials is None and minutes is None:
        trials, minutes = record.most_trials, record.minutes
    require_limits(trials, minutes)
    if record.finished is not None and record.finished.status == "done":
        _require_something_left(record, folder, trials, minutes)
    study = load_config(folder)
    return TuningConfig(study, trials, minutes, tuple(entry.name for entry in started.numbers))


def _require_something_left(record: TuningRecord, folder: Path, trials: int | None, minutes: float | None) -> None:
    """Refuse to go on with a search that is done; one whose end was cut off has at least that left."""
    if trials is not None and len(record.ended) >= trials:
        raise InputError(f"{folder}: all {trials} trials are done; give more with --trials to go on")
    if minutes is not None and record.seconds >= SECONDS_PER_MINUTE * minutes:
        raise InputError(f"{folder}: its {minutes:g} minutes are over; give more with --minutes to go on")


def load_search(folder: Path) -> TuningRecord:
    """What a search's folder holds.

    Raises:
        StorageError: it is damaged, or a newer version wrote it.
    """
    return TuningRecord.from_events(read_events(folder))


def list_searches(runs_dir: Path | None = None) -> list[SearchSummary]:
    """All searches, the newest first.

    Raises:
        StorageError: their folder cannot be read.
    """
    return [_summary(run.folder) for run in list_runs(tuning_folder(runs_dir))]


def _summary(folder: Path) -> SearchSummary:
    try:
        record = load_search(folder)
    except StorageError as error:
        return SearchSummary(folder, f"damaged: {error}")
    if is_live(folder):
        return SearchSummary(folder, "running", record)
    return SearchSummary(folder, record.finished.status if record.finished else "interrupted", record)


def find_search(name: str = "", runs_dir: Path | None = None) -> Path:
    """The search that `name` means, as a run is named; for "" the newest that is not done.

    Raises:
        InputError: there is none, or several.
        StorageError: their folder cannot be read.
    """
    if not name:
        for found in list_searches(runs_dir):
            if found.record is not None and found.state in ("stopped", "failed", "interrupted"):
                return found.folder
        raise InputError(f"no search in {tuning_folder(runs_dir)} is unfinished: begin one with 'simpsons-tui tune'")
    folder = find_run(name, tuning_folder(runs_dir))
    if load_search(folder).started is None:
        raise InputError(f"{folder} holds no search")
    return folder


class SearchReporter(Reporter[RunFolder]):
    """A study's reporter that folds the search's events as well; batches are shown and not kept."""

    def __init__(self, folder: RunFolder, control: StudyControl, listener: Emit | None = None) -> None:
        self.search = TuningRecord()
        super().__init__(folder, control, listener)

    def _keep(self, event: Event) -> None:
        if isinstance(event, BatchTrained):
            return
        self.record.apply(event)
        self.search.apply(event)
        self.folder.append(event)

    def replay(self, events: Iterable[Event], listener: Emit | None) -> None:
        """Take in what the folder holds already; `listener` is shown it."""
        past = list(events)
        for event in past:
            self.search.apply(event)
        super().replay(past, listener)


class Tuning(Study):
    """One search from its first event to its last, or from where it was interrupted.

    The parts before the first job, and what a stop or a failure does to the whole, are those of a study.
    """

    _reporter: SearchReporter

    def __init__(self, config: TuningConfig, control: StudyControl, reporter: SearchReporter) -> None:
        super().__init__(config.study, control, reporter)
        self._tuning = config

    @property
    def _continued(self) -> bool:
        return self._reporter.search.started is not None

    def _announce(self, dataset: Dataset) -> None:
        tuning, study = self._tuning, self._config
        version = program_version()
        if self._continued:
            self._reporter.emit(TuningResumed(trials=tuning.trials, minutes=tuning.minutes, program_version=version))
            return
        self._reporter.emit(
            TuningStarted(
                search=self._reporter.folder.study,
                dataset=dataset.summary(),
                variant=study.variants[0],
                protocol=study.protocol,
                recipe=study.recipe,
                seeds=study.seeds,
                validation_fraction=_validation_share(study, dataset),
                numbers=search_space(tuning),
                trials=tuning.trials,
                minutes=tuning.minutes,
                program_version=version,
                folder=str(self._reporter.folder.folder),
            )
        )

    def _work(self, dataset: Dataset) -> tuple[Status, str]:
        from engine.tuning.trials import without_test_images

        with contextlib.ExitStack() as stack:
            executor = None
            if not self._config.execution.in_process:
                executor = open_executor(self._config.execution, (TRIAL_WORKER, *WORKER_MODULES))
                stack.callback(executor.close)
            checked = self._check(dataset)
            images = without_test_images(self._divide(checked, self._audit(checked)))
            if not len(images.folds[0].validation):
                raise InputError(
                    f"no validation image is left: give a share of the training images, as --validation {VALIDATION}"
                )
            train = self._trainer(images, executor, stack)
            try:
                reason = self._search(train, len(images.folds[0].train))
            finally:
                self._compare(images)
        return ("failed", reason) if reason else ("done", "")

    def _trainer(self, images: StudyImages, executor: Executor | None, stack: contextlib.ExitStack) -> "Train":
        """What trains a trial: here, its seeds one after the other, or an engine, side by side."""
        from engine.tuning.trials import TrialTrainer

        config, reporter = self._config, self._reporter
        if executor is not None and config.execution.on != "local":
            Coordinator(config, images, reporter, executor).choose_machine()
            return TrialCoordinator(config, images, reporter, executor, prepared=False).train
        machine = choose_study_machine(config, images, reporter)
        pixels = stack.enter_context(self._pixels(images, machine))
        if executor is not None:
            return TrialCoordinator(config, images, reporter, executor, prepared=True).train
        return TrialTrainer(config, images, pixels, machine, reporter).train

    def _search(self, train: "Train", training_images: int) -> str:
        from engine.training import steps_per_epoch
        from engine.tuning.searching import Search
        from engine.tuning.tuner import Tuner

        reporter, study, folder = self._reporter, self._config, self._reporter.folder
        record = reporter.search
        assert record.started is not None
        ranges = record.started.numbers
        ended = [trial.finished for trial in record.ended if trial.finished is not None]
        watch = Stopwatch(self._control)
        search = Search(
            self._tuning,
            Tuner(folder.folder / JOURNAL, ranges, seed=study.seed, ended=ended, wait=folder.room.wait),
            record,
            names=tuple(entry.name for entry in ranges),
            steps=lambda recipe: study.repeats * recipe.epochs * steps_per_epoch(training_images, recipe.batch_size),
            emit=reporter.emit,
            seconds=lambda: watch.seconds,
        )
        return search.run(train)

    def _pixels(self, images: StudyImages, machine: MachineSettings) -> "PixelTable":
        """The pixels of the training and validation images, the same for all trials."""
        from engine.study.jobs import preprocess_variant

        inputs = self._job_inputs(images, machine)
        (variant,) = self._config.variants
        with self._reporter.stage("preprocess", variant) as stage:
            pixels = preprocess_variant(variant, inputs, stage)
        self._timings.add("preprocess", variant, self._config, stage.fresh, stage.watch.seconds)
        return pixels

    def _compare(self, images: StudyImages) -> None:
        """What the accuracies of the best trial and of the recipe's own bear."""
        from engine.statistics import compute_statistics

        search = self._reporter.search
        chosen = dict.fromkeys(trial_name(trial.number) for trial in (search.best, search.of_recipe) if trial)
        results = [result for key, result in self._reporter.record.results.items() if key.variant in chosen]
        if not results:
            return
        groups = {images.images[row].sample.path: int(images.groups[row]) for row in images.folds[0].validation}
        statistics = compute_statistics(tuple(chosen), results, groups, len(images.classes), seed=self._config.seed)
        self._reporter.tell(StatisticsComputed(statistics=statistics))

    def _finish(self, status: Status, reason: str, *, keep: bool = True) -> None:
        self._timings.save()
        reporter, search = self._reporter, self._reporter.search
        folder = reporter.folder
        if not folder.flush():
            reporter.notice(f"the search's folder is not complete: {folder.failure or 'its disk is full'}", "warning")
        reporter.emit(
            TuningFinished(
                status=status,
                reason=reason,
                best=search.best.number if search.best else None,
                conclusion=draw_conclusion(search, _test_words(self._config)) if search.ended else (),
                folder=str(folder.folder) if keep else "",
            )
        )
        (folder.close if keep else folder.discard)()


def _validation_share(study: StudyConfig, dataset: "Dataset") -> float:
    """The validation images as a share of those and the training images."""
    if study.validation_fraction is not None:
        return study.validation_fraction
    return len(dataset.validation) / (len(dataset.validation) + len(dataset.train))


def _test_words(config: StudyConfig) -> str:
    used = " but to leave out training images that copy one" if config.protocol == "clean" else ""
    return f"The test images were not touched{used}: only a run with the best numbers says what they are worth there."
