"""Set-up: the data set, the variants, the recipe, and what the study will cost. Drawn before torch is imported."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from engine.audit_report import Closeness
from engine.config import DIVIDES_TRAINING_IMAGES, PROTOCOLS, RECIPES, Recipe, StudyConfig
from engine.errors import SimpsonsError
from engine.results import DatasetSummary
from engine.run_summary import RunSummary
from engine.variants import STUDY_VARIANTS, VARIANTS
from tui import formatting
from tui.audit_run import AuditRun
from tui.bindings import SETUP
from tui.feed import in_background
from tui.palette import variant_style
from tui.tables.audit import headline, is_grave
from tui.widgets.dataset_panel import LABEL_WIDTH, ClassBars, dataset_lines
from tui.widgets.top_line import PROGRAM, TopLine, dataset_label, demo_label, load_text

if TYPE_CHECKING:
    from engine.study import Estimate
    from tui.app import DashboardApp

_NAME_WIDTH = 14
_ROOMY = 100
"""Columns from which the long words fit."""

_TALL = 30
"""Lines from which there is room to say what a protocol is."""


_AUDIT_LOOK_SECONDS = 0.5
"""How often a running audit is asked how far it is."""


class SetupScreen(Screen[None]):
    """Choose what to study; Enter starts."""

    BINDINGS: ClassVar[list[BindingType]] = list(SETUP)
    AUTO_FOCUS = "#variants"

    class DatasetRead(Message):
        """The data set was read, or can't be."""

        def __init__(self, turn: int, summary: DatasetSummary | None, error: str) -> None:
            super().__init__()
            self.turn, self.summary, self.error = turn, summary, error

    class Estimated(Message):
        """The time is known."""

        def __init__(self, turn: int, estimate: "Estimate | None") -> None:
            super().__init__()
            self.turn, self.estimate = turn, estimate

    class AuditEnded(Message):
        """The images were looked at, or can't be."""

        def __init__(self, run: AuditRun) -> None:
            super().__init__()
            self.run = run

    def __init__(self, config: StudyConfig) -> None:
        super().__init__()
        self.config = config
        self.audit: AuditRun | None = None
        self._audits: dict[Closeness, AuditRun] = {}
        self.chosen = set(config.variants)
        self.summary: DatasetSummary | None = None
        self.dataset_error = ""
        self.start_asked = False
        self.problem = ""
        self.estimate: Estimate | None = None
        self.live: list[RunSummary] = []
        self.interrupted: list[RunSummary] = []
        self._turn = 0
        self._estimate_turn = 0

    @property
    def dashboard(self) -> "DashboardApp":
        """The app, by its own type."""
        return cast("DashboardApp", self.app)

    # ------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """The data on the left, what is done with it on the right."""
        yield TopLine(id="top")
        with Horizontal(id="setup"):
            with VerticalScroll(id="data", classes="panel") as data:
                data.border_title = "data set"
                yield Static(id="dataset")
                yield Static(id="audit")
                yield ClassBars(id="bars")
                yield Static(id="remarks")
            with VerticalScroll(id="choices", can_focus=False):
                with Vertical(id="variants-panel", classes="panel") as panel:
                    panel.border_title = "variants"
                    yield OptionList(*self._options(), id="variants", compact=True, markup=False)
                with Vertical(id="recipe-panel", classes="panel") as panel:
                    panel.border_title = "recipe"
                    yield Static(id="recipe")
                with Vertical(id="plan-panel", classes="panel") as panel:
                    panel.border_title = "study"
                    yield Static(id="plan")
        yield Static(id="runs")
        yield Static(id="problem")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Read the data set behind the first frame."""
        self.call_after_refresh(self.read_dataset)
        self.set_interval(_AUDIT_LOOK_SECONDS, self._look_at_audit)
        self.show()

    def on_screen_resume(self) -> None:
        """Another study may have timed the machine meanwhile, and have read the images."""
        self.begin_audit()
        self.show()
        self._ask_estimate()
        self.call_after_refresh(self.dashboard.desk.look_around, self.show_runs)

    # ------------------------------------------------------------------ background work

    def read_dataset(self) -> None:
        """Count the images in a thread; the last call's answer counts."""
        self._turn += 1
        turn, config = self._turn, self.config
        self.summary, self.dataset_error, self.estimate = None, "", None
        self.stop_audit()
        self.audit = None
        self._audits.clear()
        self.show()

        def work() -> None:
            summary, error = None, ""
            try:
                summary = self.dashboard.engine.inspect_dataset(config)
            except SimpsonsError as failure:
                error = str(failure)
            except Exception as failure:  # a mistake of ours must not leave the screen waiting
                error = f"the data set could not be read: {type(failure).__name__}: {failure}"
            self._tell(self.DatasetRead(turn, summary, error))

        in_background("read data set", work)

    @on(DatasetRead)
    def _dataset_read(self, message: DatasetRead) -> None:
        if message.turn != self._turn:
            return
        self.summary, self.dataset_error = message.summary, message.error
        self.problem = ""
        self.begin_audit()
        self.show()
        self._ask_estimate()
        asked, self.start_asked = self.start_asked, False
        if asked:
            self.action_start()

    def _ask_estimate(self) -> None:
        self._estimate_turn += 1
        turn, summary = self._estimate_turn, self.summary
        self.estimate = None
        if summary is None or not self.chosen:
            self._show_plan()
            return
        config = self.study_config()

        def work() -> None:
            # An estimate is a courtesy: without it the study can start all the same.
            with suppress(Exception):
                self._tell(self.Estimated(turn, self.dashboard.engine.estimate(config, summary)))

        in_background("estimate", work)

    @on(Estimated)
    def _estimated(self, message: Estimated) -> None:
        if message.turn == self._estimate_turn:
            self.estimate = message.estimate
            self._show_plan()

    def begin_audit(self) -> None:
        """Look at the images, once it is known which they are and the libraries no longer need the processor."""
        if self.summary is not None and self.dashboard.warm and self.dashboard.screen is self:
            self.audit_with(self.config.closeness)

    def audit_with(self, closeness: Closeness) -> AuditRun:
        """The audit of these images with these limits: the known one, the one under way, or a new one.

        The study that is started from here uses the same limits.
        """
        self.config = replace(self.config, closeness=closeness)
        run = self._audits.get(closeness)
        if run is None or run.stopped:
            self.stop_audit()
            run = self._audits[closeness] = AuditRun(closeness)
            run.start(self.dashboard.engine, self.config, lambda ended: self._tell(self.AuditEnded(ended)))
        self.audit = run
        return run

    def stop_audit(self) -> None:
        """End an audit that is under way."""
        if self.audit is not None and self.audit.running:
            self.audit.stop()

    @on(AuditEnded)
    def _audit_ended(self, message: AuditEnded) -> None:
        if message.run is self.audit:
            self._show_audit()

    def _look_at_audit(self) -> None:
        if self.audit is not None and self.audit.running and self.is_current:
            self._show_audit()

    def _tell(self, message: Message) -> None:
        # The loop is closed where the user left while the thread worked.
        with suppress(RuntimeError):
            self.post_message(message)

    # ------------------------------------------------------------------ drawing

    def study_config(self) -> StudyConfig:
        """What stands on the screen; at least one variant must be chosen."""
        return replace(self.config, variants=tuple(name for name in VARIANTS if name in self.chosen))

    def show(self) -> None:
        """Draw all parts; small, and only after a key or an answer."""
        if not self.is_mounted:
            return
        self.show_top()
        self._show_dataset()
        self._show_variants()
        self.query_one("#recipe", Static).update(self._recipe_text())
        self._show_plan()
        runs = self.query_one("#runs", Static)
        runs.update(runs_words(self.live, self.interrupted))
        runs.display = bool(self.live or self.interrupted)
        problem = self.dataset_error or self.problem
        hint = "   press d to name another" if self.dataset_error else ""
        self.query_one("#problem", Static).update(Text.assemble((problem, "bold red"), (hint, "dim")))
        self.query_one("#problem").display = bool(problem)

    def show_runs(self, runs: list[RunSummary]) -> None:
        """Say which studies other processes run, and which were interrupted."""
        self.live = [run for run in runs if run.live]
        self.interrupted = [run for run in runs if not run.live]
        self.show()
        self.refresh_bindings()

    def show_top(self) -> None:
        """The first line, with the load of the machine."""
        demo = self.config.data is None and self.summary is None
        short = self.size.width < _ROOMY
        name = demo_label(short=short) if demo else dataset_label(self.summary, short=short)
        left = [Text(PROGRAM, "bold"), name, Text("set-up", "dim")]
        self.query_one(TopLine).show_parts(left, [load_text(self.dashboard.load)])

    def _show_dataset(self) -> None:
        width = max(20, self.query_one("#data").size.width - 2)
        source = str(self.config.data) if self.config.data else "the demo set"
        if self.summary is None:
            waiting = (
                Text(f"reading {source} ...", "dim")
                if not self.dataset_error
                else Text.assemble(
                    (self.dataset_error, "red"),
                    "\n\nPress d to name another folder or .zip; README's 'data' tells the layouts.",
                )
            )
            self.query_one("#dataset", Static).update(waiting)
        else:
            self.query_one("#dataset", Static).update(dataset_lines(self.summary, width))
        self._show_audit()
        self.query_one(ClassBars).show_summary(self.summary, dark=self.dashboard.dark_ground)
        remarks = _remarks(self.summary) if self.summary else Text()
        self.query_one("#remarks", Static).update(remarks)

    def _show_audit(self) -> None:
        line = self.query_one("#audit", Static)
        line.display = self.summary is not None
        line.update(_audit_words(self.audit) if self.summary is not None else "")

    def _options(self) -> list[Option]:
        return [Option(self._variant_text(index, name), id=name) for index, name in enumerate(VARIANTS, start=1)]

    def _variant_text(self, index: int, name: str) -> Text:
        style = variant_style(name)
        taken = name in self.chosen
        return Text.assemble(
            ("[x] " if taken else "[ ] ", "bold" if taken else "dim"),
            (f"{index} ", "dim"),
            (f"{style.marker} ", style.colour(dark=self.dashboard.dark_ground)),
            (name.ljust(_NAME_WIDTH), "bold" if taken else "dim"),
            (VARIANTS[name].summary, "dim"),
            no_wrap=True,
            overflow="ellipsis",
        )

    def _show_variants(self) -> None:
        options = self.query_one("#variants", OptionList)
        for index, name in enumerate(VARIANTS, start=1):
            options.replace_option_prompt(name, self._variant_text(index, name))

    def _recipe_text(self) -> Text:
        recipe, base = self.config.recipe, RECIPES.get(self.config.recipe.name)
        height, width = recipe.image_size
        rows = (
            ("epochs", f"{recipe.epochs}", "epochs"),
            ("batch size", f"{recipe.batch_size}", "batch_size"),
            ("learning rate", f"{recipe.learning_rate:g}", "learning_rate"),
            ("image size", f"{height} x {width}", "image_size"),
            ("seed", f"{self.config.seed}", ""),
        )
        edited = base is not None and recipe != base
        parts = [
            Text.assemble(
                (recipe.name, "bold"), (" (edited)" if edited else "", "yellow"), "  ", (_place(recipe), "dim")
            )
        ]
        for name, value, field in rows:
            changed = bool(field) and base is not None and getattr(recipe, field) != getattr(base, field)
            parts.append(
                Text.assemble((name.ljust(_NAME_WIDTH), "dim"), (value.rjust(10), "bold yellow" if changed else ""))
            )
        return Text("\n").join(parts)

    def _show_plan(self) -> None:
        self.query_one("#plan", Static).update(self._plan_text())

    def _plan_text(self) -> Text:
        libraries = Text("libraries ready", "green") if self.dashboard.warm else Text("loading libraries ...", "dim")
        if not self.chosen:
            return Text.assemble(
                ("no variant chosen: press 1 to 5, or a for the study's four", "yellow"), "\n", libraries
            )
        protocol = self._protocol_text()
        if self.estimate is None:
            known = "time: not known yet" if self.summary is None else "time: reckoning ..."
            return Text.assemble(protocol, (known, "dim"), "\n\n", libraries)
        estimate = self.estimate
        enough = estimate.disk_bytes < estimate.free_bytes
        disk = f"{formatting.size(estimate.disk_bytes)} of {formatting.size(estimate.free_bytes)} free"
        return Text.assemble(
            protocol,
            ("time".ljust(_NAME_WIDTH), "dim"),
            (formatting.duration(estimate.seconds).rjust(10), "bold"),
            (f"\n{'':{_NAME_WIDTH}}{estimate.basis}\n", "dim"),
            ("cache".ljust(_NAME_WIDTH), "dim"),
            (f"{disk}\n" if enough else f"{disk}: not enough\n", "" if enough else "bold red"),
            libraries,
            ("   Enter starts", "bold") if self.summary else "",
        )

    def _protocol_text(self) -> Text:
        """The protocol in words, and how often each variant is trained."""
        config = self.config
        jobs = f", {config.repeats} seeds" if config.repeats > 1 else ""
        jobs += f", {config.folds} folds" if config.folds > 1 else ""
        jobs += f", {config.validation_fraction:.0%} watched" if config.validation_fraction else ""
        return Text.assemble(
            ("protocol".ljust(_NAME_WIDTH), "dim"),
            (config.protocol.rjust(10), "bold" if config.protocol == "official" else "bold yellow"),
            f"{jobs}\n",
            (f"{PROTOCOLS[config.protocol]}\n" if self.size.height >= _TALL else "", "dim"),
        )

    # ------------------------------------------------------------------ keys

    def action_toggle_variant(self, number: int) -> None:
        """Take a variant in or out."""
        name = list(VARIANTS)[number - 1]
        self.chosen ^= {name}
        self._changed()

    def action_toggle_marked(self) -> None:
        """Take the marked variant in or out."""
        marked = self.query_one("#variants", OptionList).highlighted
        if marked is not None:
            self.action_toggle_variant(marked + 1)

    @on(OptionList.OptionSelected, "#variants")
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.action_toggle_variant(event.option_index + 1)

    def action_all(self) -> None:
        """The study's four variants, or none where they are all chosen."""
        self.chosen = set() if self.chosen >= set(STUDY_VARIANTS) else self.chosen | set(STUDY_VARIANTS)
        self._changed()

    def action_recipe(self) -> None:
        """Go on to the next recipe; changes to the last one are dropped."""
        names = list(RECIPES)
        index = names.index(self.config.recipe.name) if self.config.recipe.name in names else -1
        self.config = replace(self.config, recipe=RECIPES[names[(index + 1) % len(names)]])
        self._changed()

    def action_protocol(self) -> None:
        """Go on to the next protocol; folds are kept only where it has any."""
        names = list(PROTOCOLS)
        protocol = names[(names.index(self.config.protocol) + 1) % len(names)]
        folds = self.config.folds if protocol in DIVIDES_TRAINING_IMAGES else 1
        self.config = replace(self.config, protocol=protocol, folds=folds)
        self._changed()

    def action_edit(self) -> None:
        """Open the recipe's numbers."""
        from tui.screens.options import OptionsScreen

        self.app.push_screen(OptionsScreen(self.config), self._edited)

    def _edited(self, config: StudyConfig | None) -> None:
        if config is not None:
            self.config = config
            self._changed()

    def action_data(self) -> None:
        """Ask for another path."""
        from tui.screens.options import DataScreen

        self.app.push_screen(DataScreen(self.config.data), self._data_named)

    def _data_named(self, answer: str | None) -> None:
        if answer is not None:
            self.config = replace(self.config, data=Path(answer).expanduser() if answer else None)
            self.problem = ""
            self.start_asked = False
            self.read_dataset()

    def action_browse(self) -> None:
        """Look at the images."""
        if self.summary is None:
            self.problem = "the images can be looked at as soon as the data set is read"
            self.show()
            return
        from tui.screens.browse import BrowseScreen

        config = self.study_config() if self.chosen else self.config
        open_images = partial(self.dashboard.engine.open_gallery, config)
        audit = self.audit.report if self.audit is not None else None
        self.app.push_screen(BrowseScreen(open_images, config.variants, name=self.summary.name, audit=audit))

    def action_audit(self) -> None:
        """Open the audit of these images."""
        if self.summary is None:
            self.problem = "the audit begins as soon as the data set is read"
            self.show()
            return
        from tui.screens.audit import AuditScreen

        run = self.audit_with(self.config.closeness)
        name = demo_label(short=True).plain if self.summary.is_demo else self.summary.name
        open_images = partial(self.dashboard.engine.open_gallery, self.config)
        self.app.push_screen(
            AuditScreen(run, name, is_demo=self.summary.is_demo, again=self.audit_with, open_images=open_images)
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "watch":
            return bool(self.live)
        return super().check_action(action, parameters)

    def action_watch(self) -> None:
        """Watch the newest of the studies that other processes run."""
        if self.live:
            self.dashboard.desk.watch(self.live[0].folder)

    def action_start(self) -> None:
        """Begin the study, or say what is missing."""
        if self.dataset_error:
            return
        if self.summary is None:
            self.start_asked = True
            self.problem = "the study starts as soon as the data set is read"
        elif not self.chosen:
            self.problem = "no variant chosen: press 1 to 5, or a for the study's four"
        else:
            self.problem = ""
            self.dashboard.start_study(self.study_config())
        self.show()

    def _changed(self) -> None:
        self.problem = ""
        self.show()
        self._ask_estimate()


def runs_words(live: Sequence[RunSummary], interrupted: Sequence[RunSummary]) -> Text:
    """What other processes do or left undone, and which key leads there."""
    parts = []
    if live:
        many = f"{len(live)} studies run in other processes: press w to watch the newest, h for all"
        one = "1 study runs in another process: press w to watch it"
        parts.append(Text(one if len(live) == 1 else many, "bold green"))
    if interrupted:
        count = "1 study was" if len(interrupted) == 1 else f"{len(interrupted)} studies were"
        parts.append(Text(f"{count} interrupted: press h, then r on it, to go on", "yellow"))
    return Text("   ").join(parts)


def _place(recipe: Recipe) -> str:
    names = list(RECIPES)
    return f"{names.index(recipe.name) + 1} of {len(names)}, r: next" if recipe.name in names else ""


def _audit_words(run: AuditRun | None) -> Table:
    """What the audit found or how far it is, and how to see more."""
    more = Text("u: details", "bold")
    if run is None or run.stopped:
        words, style, more = "not yet", "dim", Text("u: begin", "dim")
    elif run.error:
        words, style = run.error, "red"
    elif run.report is None:
        words, style, more = run.progress_words(), "dim", Text()
    else:
        words, style = headline(run.report), "bold yellow" if is_grave(run.report) else ""
    grid = Table.grid(padding=0)
    grid.add_column(width=LABEL_WIDTH, no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_row(Text("audit", "dim"), Text(words, style))
    grid.add_row("", more)
    return grid


def _remarks(summary: DatasetSummary) -> Text:
    lines = [Text(note) for note in summary.notes]
    if summary.skipped:
        lines.append(Text(f"{len(summary.skipped)} left out:", "yellow"))
        lines += [Text(f"  {item.path}: {item.reason}", "dim") for item in summary.skipped]
    return Text("\n").join([Text(), *lines]) if lines else Text()
