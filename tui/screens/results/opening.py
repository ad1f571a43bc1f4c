"""The screens that open from a study's results."""

from pathlib import Path

from textual.screen import Screen

from engine.config.model import ModelRequest
from engine.events.record import StudyRecord, evaluated_results, study_variants
from tui.looks.palette import run_style
from tui.session.session import Session


class OpeningScreen(Screen[None]):
    """A screen of one study, with the actions that open others about it; it has the keys."""

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__()
        self._session, self._record = session, record
        self._evaluated = evaluated_results(record)

    @property
    def marked_variant(self) -> str:
        """The variant that the cursor is on, "" where it is on none."""
        raise NotImplementedError

    def action_export(self) -> None:
        """Ask for a format and a place, and write it."""
        from tui.screens.results.export import ExportScreen

        self.app.push_screen(ExportScreen(self._session, self._record))

    def action_curves(self) -> None:
        """The curves of the study's training."""
        from tui.screens.history.compared_runs import MarkedRun
        from tui.screens.history.run_comparison import RunCurvesScreen

        started = self._record.started
        if started is not None:
            runs = [MarkedRun(started.study, run_style(0), self._record)]
            self.app.push_screen(RunCurvesScreen(runs, self._session.settings.charts))

    def action_use_model(self) -> None:
        """Predict other images with the marked variant's model."""
        from tui.screens.predict import PredictScreen

        started, config = self._record.started, self._session.config
        if started is None:
            return
        variants = [result.variant for result in self._evaluated]
        marked = self.marked_variant
        request = ModelRequest(
            Path(started.folder),
            marked if marked in variants else None,
            device=config.device,
            offline=config.offline,
            cache_dir=config.cache_dir,
        )
        self.app.push_screen(PredictScreen(self._session, request, variants))

    def action_comparisons(self) -> None:
        """Variants against variants; of very many, each against the plain one."""
        from tui.screens.results.comparisons import ComparisonScreen
        from tui.tables.statistics import gains_replace_pairs

        if gains_replace_pairs(self._record):
            self.action_pipelines()
            return
        self.app.push_screen(ComparisonScreen(self._record))

    def action_effects(self) -> None:
        """Main effects of steps and their interactions."""
        from tui.screens.results.effects import EffectsScreen

        self.app.push_screen(EffectsScreen(self._record))

    def action_pipelines(self) -> None:
        """What orders, strengths and selections of steps do."""
        from tui.screens.results.pipelines import PipelinesScreen

        self.app.push_screen(PipelinesScreen(self._record))

    def action_quality(self) -> None:
        """SSIM and PSNR beside the accuracy."""
        from tui.screens.results.quality import QualityScreen

        self.app.push_screen(QualityScreen(self._record))

    def action_calibration(self) -> None:
        """Reliability charts."""
        from tui.screens.results.calibration import CalibrationScreen

        self.app.push_screen(CalibrationScreen(self._record))

    def action_inside(self) -> None:
        """Look into the networks."""
        from tui.screens.networks.inside import InsideScreen

        if self._evaluated:
            self.app.push_screen(InsideScreen(self._session, self._record))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense for this study now."""
        if action == "use_model":
            started = self._record.started
            return bool(self._evaluated) and started is not None and bool(started.folder)
        if action == "pipelines":
            return self._record.analysis is not None
        if action == "audit":
            return self._record.audit is not None
        if action == "run_clean":
            return self._session.can_run_clean(self._record)
        return super().check_action(action, parameters)

    def action_audit(self) -> None:
        """What the images say of how far the scores can be trusted."""
        from tui.screens.audit import AuditScreen
        from tui.session.audit import AuditRun

        audit, dataset, started = self._record.audit, self._record.dataset, self._record.started
        if audit is None or dataset is None or started is None:
            return
        session, done = self._session, AuditRun(audit.closeness, audit)
        run = session.open_run(self._record)
        self.app.push_screen(AuditScreen(session, done, dataset.name, lambda: run.gallery, is_demo=dataset.is_demo))

    def action_claims(self) -> None:
        """The paper's claims, one by one."""
        from tui.screens.results.claims import ClaimsScreen

        self.app.push_screen(ClaimsScreen(self._session, self._record))

    def action_leak(self) -> None:
        """What training on copies of the test images was worth."""
        from tui.screens.results.leak import LeakScreen

        self.app.push_screen(LeakScreen(self._session, self._record))

    def action_run_clean(self) -> None:
        """Train the same study without the copies."""
        self._session.run_clean(self._record)

    def action_machine(self) -> None:
        """How busy the machine was while the study ran."""
        from tui.screens.machine import MachineScreen

        self.app.push_screen(MachineScreen(lambda: self._record))

    def action_pipeline(self) -> None:
        """The variant of the marked row in full."""
        from tui.screens.pipeline import PipelineScreen

        variants = study_variants(self._record)
        if self.marked_variant in variants:
            self.app.push_screen(PipelineScreen(self.marked_variant, variants))
