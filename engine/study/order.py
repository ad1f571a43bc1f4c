"""The order of the parts: check the images, audit them, divide them, choose how to compute, run the jobs, conclude."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.audit import audit_images
from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.dataset import CheckedDataset, Dataset, check_images
from engine.dataset.identity import content_fingerprint
from engine.errors import DownloadError, ExecutionError, InputError, SimpsonsError, StudyStopped, describe_error
from engine.events import study as events
from engine.events.control import StudyControl
from engine.events.record import JobKey
from engine.events.study_json import study_to_json
from engine.executing.executor import Executor
from engine.executing.opening import open_executor
from engine.reports.aggregate import aggregate_baselines
from engine.reports.audit import AuditReport
from engine.reports.results import Baseline, DatasetSummary, Status
from engine.runs import RunFolder
from engine.study.coordinator import Coordinator
from engine.study.estimate import StageTimings
from engine.study.followed import Merger, unended_attempts
from engine.study.images import StudyImages, divide_images, undivided
from engine.study.machine import choose_study_machine, open_superres
from engine.study.measuring import measuring
from engine.study.network import open_study_network
from engine.study.reporting import Reporter
from engine.study.resuming import require_same_data, require_same_division
from engine.study.tracked import tracked_study
from engine.study.workers import WORKER_MODULES, clear_up
from engine.system.locations import cache_folder
from engine.system.version import program_version

if TYPE_CHECKING:
    from engine.study.jobs import JobInputs


class Study:
    """One study from its first event to its last, or from where it was interrupted; `plan` is said at its start."""

    def __init__(
        self,
        config: StudyConfig,
        control: StudyControl,
        reporter: Reporter[RunFolder],
        plan: str = "",
        past: Sequence[events.Event] = (),
    ) -> None:
        """`past` is what the run's stream has already."""
        self._config, self._control, self._reporter = config, control, reporter
        self._cache_dir = cache_folder(config.cache_dir)
        self._timings = StageTimings.load(self._cache_dir)
        self._fingerprint, self._plan, self._past = "", plan, past
        self._done_before = set(reporter.record.results)

    @property
    def _continued(self) -> bool:
        return self._reporter.record.started is not None

    def run(self, dataset: Dataset) -> None:
        """Do it all; the outcome is in the reporter's record, and in the trackers that were asked for.

        Raises:
            SimpsonsError: what was asked for cannot be done, and nothing was; the stream has ended with `StudyFinished`
                all the same.
        """
        status: Status
        continued = self._continued
        self._reporter.track(self._config.log, tracked_study(self._config, self._reporter.folder))
        try:
            self._announce(dataset)
            with measuring(self._reporter):
                open_study_network(self._config, dataset, self._reporter)
                status, reason = self._work(dataset)
        except StudyStopped:
            if self._control.handing_over:
                self._leave()
                return
            status, reason = "stopped", "stopped on request"
        except Exception as error:
            self._reporter.keep_traceback()
            nothing_done = set(self._reporter.record.results) <= self._done_before
            unusable = isinstance(error, InputError | DownloadError | ExecutionError)
            worthless = unusable and nothing_done and not continued
            self._finish("failed", describe_error(error), keep=not worthless)
            if isinstance(error, SimpsonsError) and nothing_done:
                raise
            return
        self._finish(status, reason)

    def _leave(self) -> None:
        """Let another process go on: what is done is kept, and the study has not ended."""
        self._timings.save()
        self._reporter.end_tracking()
        if self._reporter.folder.failure:  # that process did not ask
            self._reporter.notice(self._reporter.folder.failure, "warning")
        self._reporter.folder.close()

    def _announce(self, dataset: Dataset) -> None:
        config = self._config
        if self._continued:
            self._reporter.emit(events.RunResumed(program_version=program_version()))
            return
        self._reporter.emit(
            events.StudyStarted(
                study=self._reporter.folder.study,
                dataset=dataset.summary(),
                variants=config.variants,
                protocol=config.protocol,
                recipe=config.recipe,
                seed=config.seed,
                program_version=program_version(),
                repeats=config.repeats,
                folds=config.folds,
                steps=config.steps,
                folder=str(self._reporter.folder.folder),
            )
        )
        for own in config.steps:
            self._reporter.notice(f"a step of your own: {own.shown}")
        if self._plan:
            self._reporter.notice(self._plan)

    def _work(self, dataset: Dataset) -> tuple[Status, str]:
        execution = self._config.execution
        with contextlib.ExitStack() as stack:
            executor = None
            if not execution.in_process:
                executor = open_executor(execution, WORKER_MODULES, self._control.checkpoint)
                stack.callback(executor.close)
            checked = self._check(dataset)
            images = self._divide(checked, self._audit(checked))
            inputs = self._do_jobs(images, executor)
        from engine.study.quality import measure_quality

        measure_quality(inputs)
        failed = [key.variant for key, result in self._reporter.record.results.items() if result.status == "failed"]
        return ("failed", f"failed: {', '.join(dict.fromkeys(failed))}") if failed else ("done", "")

    def _do_jobs(self, images: StudyImages, executor: Executor | None) -> "JobInputs":
        """Run all jobs, here or by an engine, and measure the baselines; returns what the jobs shared."""
        for key in self._reporter.record.results:  # done; a kill may have come before this
            self._reporter.folder.drop_checkpoint(key)
        jobs = None if executor is None else Coordinator(self._config, images, self._reporter, executor, self._past)
        if jobs is not None and self._config.execution.on != "local":
            machine = jobs.choose_machine()
        else:
            machine = choose_study_machine(self._config, images, self._reporter)
        inputs = self._job_inputs(images, machine)
        try:
            if jobs is not None:
                jobs.run(lambda: self._compute_statistics(images))
            else:
                self._run_jobs(inputs)
        finally:
            if not self._control.handing_over:
                self._measure_baselines(inputs)
        clear_up(self._config, self._reporter.folder.folder)
        return inputs

    def _job_inputs(self, images: StudyImages, machine: MachineSettings) -> "JobInputs":
        from engine.preprocess import PixelCache
        from engine.study.jobs import JobInputs

        superres, preprocess_machine = open_superres(self._config, machine, self._reporter)
        return JobInputs(
            config=self._config,
            images=images,
            machine=machine,
            preprocess_machine=preprocess_machine,
            superres=superres,
            cache=PixelCache(self._cache_dir / "pixels"),
            timings=self._timings,
            reporter=self._reporter,
            control=self._control,
        )

    def _run_jobs(self, inputs: "JobInputs") -> None:
        """All variants with the first seed, then with the next: what there is so far can always be compared.

        Raises:
            StudyStopped: a job was stopped.
        """
        from engine.study.jobs import run_job

        config, folder = self._config, self._reporter.folder
        for left in unended_attempts(folder.folder, self._past):
            Merger(self._reporter).retire(left)
        for seed in config.seeds:
            keys = [JobKey(variant, seed, fold) for fold in range(config.folds) for variant in config.variants]
            waiting = [key for key in keys if key not in self._reporter.record.results]
            try:
                for key in waiting:
                    result = run_job(key, inputs)
                    self._reporter.emit(events.JobFinished(result=result))
                    if result.status == "stopped":
                        raise StudyStopped
                    if result.status == "done":
                        folder.drop_checkpoint(key)
            finally:
                # A kill may have come between the last job and its statistics.
                if (waiting or seed == config.seeds[-1]) and not self._control.handing_over:
                    self._compute_statistics(inputs.images)

    def _compute_statistics(self, images: StudyImages) -> None:
        from engine.statistics import analyse_pipelines, compute_statistics

        results = list(self._reporter.record.results.values())
        if not any(result.metrics for result in results):
            return
        statistics = compute_statistics(
            self._config.variants, results, images.test_groups, len(images.classes), seed=self._config.seed
        )
        self._reporter.tell(events.StatisticsComputed(statistics=statistics))
        analysis = analyse_pipelines(
            self._config.variants, results, images.test_groups, images.classes, seed=self._config.seed
        )
        if analysis is not None:
            self._reporter.tell(events.PipelinesAnalysed(analysis=analysis))

    def _check(self, dataset: Dataset) -> CheckedDataset:
        with self._reporter.stage("check") as stage:
            stage.start(len(dataset.images))
            checked = check_images(
                dataset,
                self._cache_dir,
                control=self._control,
                progress=lambda done, _: stage.progress(done),
                recheck=self._config.recheck,
            )
        self._timings.add("check", "", self._config, stage.fresh, stage.watch.seconds)
        self._fingerprint = content_fingerprint(checked)
        require_same_data(self._reporter.record, self._fingerprint)
        summary = replace(checked.dataset.summary(), fingerprint=self._fingerprint)
        self._reporter.emit(events.DatasetChecked(dataset=summary))
        self._report_data(summary)
        return checked

    def _audit(self, checked: CheckedDataset) -> AuditReport:
        audited = undivided(checked)
        with self._reporter.stage("audit") as stage:
            stage.start(len(audited.images))
            audit = audit_images(
                audited,
                closeness=self._config.closeness,
                control=self._control,
                progress=lambda done, _: stage.progress(done),
            )
        self._timings.add("audit", "", self._config, stage.fresh, stage.watch.seconds)
        self._reporter.tell(events.AuditFinished(audit=audit))
        return audit

    def _divide(self, checked: CheckedDataset, audit: AuditReport) -> StudyImages:
        images, protocol, dataset = divide_images(checked, audit, self._config)
        require_same_division(self._reporter.record, protocol)
        if dataset is not checked.dataset:
            self._reporter.emit(
                events.DatasetChecked(dataset=replace(dataset.summary(), fingerprint=self._fingerprint))
            )
        self._reporter.tell(events.ProtocolApplied(protocol=protocol))
        self._reporter.notice(protocol.sentence)
        if protocol.name == "official" and audit.leaks:
            self._reporter.notice(f"{audit.leak_sentence}: the clean protocol leaves those out", "warning")
        batch, least = self._config.recipe.batch_size, min(protocol.train_counts)
        if batch > least:
            self._reporter.notice(
                f"a batch of {batch} is more than the {least} training images: one batch an epoch", "warning"
            )
        return images

    def _report_data(self, summary: DatasetSummary) -> None:
        notice = self._reporter.notice
        if summary.is_demo:
            notice("demo set: drawings made by this program, not the paper's data", "warning")
        for note in summary.notes:
            notice(note)
        if summary.skipped:
            first = summary.skipped[0]
            notice(f"{len(summary.skipped)} left out, the first: {first.path}: {first.reason}", "warning")

    def _measure_baselines(self, inputs: "JobInputs") -> None:
        """Score the rules that do not learn; after a stop only the one that takes no time.

        They stand beside the results, so a failure here is told and costs none of those.
        """
        from engine.evaluation import majority_baseline

        images = inputs.images
        majority = [
            majority_baseline(images.labels[fold.train], images.labels[fold.test], images.classes)
            for fold in images.folds
        ]
        baselines = [aggregate_baselines(majority)]
        try:
            if not self._control.stop_requested:
                baselines.append(self._nearest_thumbnail(inputs))
        except StudyStopped:
            if self._control.handing_over:
                raise
            # the majority alone, then
        except Exception as error:
            self._reporter.keep_traceback()
            self._reporter.notice(f"the thumbnail baseline could not be measured: {describe_error(error)}", "error")
        self._reporter.emit(events.BaselinesMeasured(baselines=tuple(baselines)))

    def _nearest_thumbnail(self, inputs: "JobInputs") -> Baseline:
        from engine.evaluation import thumbnail_baseline
        from engine.study.jobs import preprocess_variant

        images = inputs.images
        with self._reporter.stage("baselines") as stage, preprocess_variant("vanilla", inputs, stage) as pixels:
            baselines = [
                thumbnail_baseline(
                    pixels,
                    train_rows=fold.train,
                    train_labels=images.labels[fold.train],
                    test_rows=fold.test,
                    test_labels=images.labels[fold.test],
                    classes=images.classes,
                    checkpoint=self._control.checkpoint,
                )
                for fold in images.folds
            ]
        self._timings.add("baselines", "", self._config, len(images.images), stage.watch.seconds)
        return aggregate_baselines(baselines)

    def _finish(self, status: Status, reason: str, *, keep: bool = True) -> None:
        """Conclude and close; `keep` says whether there is anything that the run folder should be kept for."""
        self._timings.save()
        reporter, record = self._reporter, self._reporter.record
        reporter.end_tracking(status)
        results = list(record.results.values())
        conclusion: tuple[str, ...] = ()
        if record.dataset is not None and any(result.metrics for result in results):
            from engine.evaluation import draw_conclusion

            conclusion = draw_conclusion(
                record.dataset,
                results,
                record.baselines,
                statistics=record.statistics,
                analysis=record.analysis,
                audit=record.audit,
                protocol=record.protocol,
            )
        folder = reporter.folder
        if not folder.flush():
            reporter.notice(f"the run folder is not complete: {folder.failure or 'its disk is full'}", "warning")
        where = str(folder.folder) if keep else ""
        finished = events.StudyFinished(status=status, reason=reason, conclusion=conclusion, folder=where)
        if keep:
            # Before the last event: after it nobody goes on with the run, so nothing may be missing.
            folder.write_result(study_to_json(replace(record, finished=finished)))
        reporter.emit(finished)
        (folder.close if keep else folder.discard)()
