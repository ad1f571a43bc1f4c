"""Set-up: the data set, the variants, the recipe, and what the study will cost. Drawn before torch is imported."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import OptionList, Static

from engine.config.protocols import Closeness
from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.reports.results import DatasetReading, DatasetSummary
from engine.reports.run_summary import RunSummary
from tui.screens.setup import words
from tui.screens.setup.choices import VariantChoice, with_next_protocol, with_next_recipe
from tui.screens.setup.dataset_panel import DatasetPanel
from tui.screens.setup.keys import SETUP_KEYS
from tui.screens.setup.variant_list import VariantList
from tui.session.audit import AuditRun
from tui.session.preparation import Preparation
from tui.session.search import TuningWish, wish_from
from tui.session.session import Session
from tui.widgets.key_line import KeyLine
from tui.widgets.machine_meter import LoadRead
from tui.widgets.top_line import TopLine, demo_label, load_text

_ROOMY = 100
"""Columns from which the long words fit."""
_TALL = 30
"""Lines from which there is room to say what a protocol is."""


class SetupScreen(Screen[None]):
    """Choose what to study; Enter starts."""

    BINDING_GROUP_TITLE = "Set-up"
    BINDINGS = SETUP_KEYS
    AUTO_FOCUS = "#variants"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (_TALL, "-tall")]
        self.session = session
        self.config = session.config
        self.choice = VariantChoice(session.config.variants)
        self.known = Preparation(session, self)
        self.start_asked, self.problem = False, ""
        self.live, self.interrupted = list[RunSummary](), list[RunSummary]()

    # ------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """The data on the left, what is done with it on the right."""
        yield TopLine(id="top")
        with Horizontal(id="setup"):
            yield DatasetPanel(self.session, self.known)
            with VerticalScroll(id="choices", can_focus=False):
                with Vertical(id="variants-panel", classes="panel"):
                    yield VariantList(id="variants")
                with Vertical(id="recipe-panel", classes="panel") as panel:
                    panel.border_title = "recipe"
                    yield Static(id="recipe")
                with Vertical(id="plan-panel", classes="panel") as panel:
                    panel.border_title = "study"
                    yield Static(id="plan")
        yield Static(id="whole")
        yield Static(id="runs")
        yield Static(id="problem")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the data set behind the first frame."""
        self.call_after_refresh(self.read_dataset)
        self.call_after_refresh(self.known.warm_up, self._look_again)
        self.show()

    def on_screen_resume(self) -> None:
        """Another study may have timed the machine meanwhile, and have read the images."""
        self._look_again()
        self._ask_estimate()
        self.call_after_refresh(self.session.look_around, self, self.show_runs)

    # ------------------------------------------------------------------ background work

    @property
    def summary(self) -> DatasetSummary | None:
        """The data set, once it is read."""
        return self.known.summary

    def _look_again(self) -> None:
        self.begin_audit()
        self.show()

    def read_dataset(self) -> None:
        """Count the images in a thread."""
        self.known.read(self.config, self._dataset_read)
        self.show()

    def _dataset_read(self) -> None:
        self.problem = ""
        self._look_again()
        self._ask_estimate()
        asked, self.start_asked = self.start_asked, False
        if asked:
            self.action_start()

    def _ask_estimate(self) -> None:
        self.known.reckon(self._wished(), self._show_plan)
        self._show_plan()

    def begin_audit(self) -> None:
        """Look at the images, once it is known which they are and the libraries no longer need the processor."""
        if self.summary is not None and self.session.warm and self.app.screen is self:
            self.audit_with(self.config.closeness)

    def audit_with(self, closeness: Closeness) -> AuditRun:
        """The audit of these images with these limits, which the study that is started from here uses too."""
        self.config = replace(self.config, closeness=closeness)
        run = self.session.audits.of(self.config)
        self.query_one(DatasetPanel).show_audit()
        return run

    # ------------------------------------------------------------------ drawing

    def study_config(self) -> StudyConfig:
        """What stands on the screen; InputError where no variant is chosen, or two that do the same."""
        return replace(self.config, variants=self.choice.names)

    def _wished(self) -> StudyConfig | None:
        """The same; None, and the reason on the screen, where it makes no study."""
        if not self.choice.chosen:
            return None
        try:
            return self.study_config()
        except InputError as error:
            self._refuse(str(error).removeprefix("--variants: "))
            return None

    @on(Resize)
    @on(VariantList.Relaid)
    def show(self) -> None:
        """Draw all parts; small, and only after a key, an answer or another size."""
        if not self.is_mounted:
            return
        self.show_top()
        self.query_one(DatasetPanel).show(self.config.data)
        self._show_variants()
        self.query_one("#recipe", Static).update(words.recipe_words(self.config, roomy=self.size.height >= _TALL))
        self._show_plan()
        if self.session.warm:  # the first frame waits neither for pictures nor for what draws them
            from tui.screens.setup.pictures import show_pictures

            show_pictures(self, self.session, self.config, self.choice.names, self.summary)
        runs = self.query_one("#runs", Static)
        runs.update(words.runs_words(self.live, self.interrupted))
        runs.display = bool(self.live or self.interrupted)
        problem = self.query_one("#problem", Static)
        problem.update(words.problem_words(self.known.error, self.problem))
        problem.display = bool(self.known.error or self.problem)

    @on(OptionList.OptionHighlighted, "#variants")
    def _show_variants(self) -> None:
        """Draw the list, and the marked variant in a line of its own where names do not fit."""
        listed, chosen, variants = self.choice.listed, self.choice.chosen, self.query_one(VariantList)
        panel = self.query_one("#variants-panel")
        panel.border_title, panel.border_subtitle = f"variants: {len(chosen)} of {len(listed)}", words.variants_hint()
        variants.show_chosen(listed, chosen)
        self.set_class(max(map(len, listed)) >= variants.room, "-cut")
        self.query_one("#whole", Static).update(words.whole_words(variants.marked or listed[0]))

    def show_runs(self, runs: list[RunSummary]) -> None:
        """Say which studies other processes run, and which were interrupted."""
        self.live = [run for run in runs if run.live]
        self.interrupted = [run for run in runs if not run.live]
        self.show()
        self.refresh_bindings()

    @on(LoadRead)
    def show_top(self) -> None:
        """The first line, with the load of the machine."""
        left = words.top_words(self.config, self.summary, short=self.size.width < _ROOMY)
        self.query_one(TopLine).show_parts(left, [load_text(self.session.load)])

    def _show_plan(self) -> None:
        plan = words.plan_words(
            self.config,
            self.known,
            chosen=bool(self.choice.chosen),
            warm=self.session.warm,
            roomy=self.size.height >= _TALL,
        )
        self.query_one("#plan", Static).update(plan)

    # ------------------------------------------------------------------ keys

    def action_toggle_variant(self, number: int) -> None:
        """Take a variant in or out."""
        self.action_choose("marked", self.choice.listed[number - 1])

    @on(OptionList.OptionSelected, "#variants")
    def _toggle_marked(self) -> None:
        self.action_choose("marked")

    def action_choose(self, what: str, name: str = "") -> None:
        """Take variants in or out, or off the list: see `VariantChoice.choose`."""
        if self.choice.choose(what, name or self.query_one(VariantList).marked or ""):
            self._changed()

    def action_build(self) -> None:
        """Build variants from steps."""
        from tui.screens.setup.builder import BuilderScreen

        builder = BuilderScreen(self.session, self.config, self.choice.names, lambda: self.summary)
        self.app.push_screen(builder, self._built)

    def _built(self, names: tuple[str, ...] | None) -> None:
        if names:
            self.choice.add(names)
            self._changed()
            self.query_one(VariantList).highlighted = self.choice.listed.index(names[0])

    def action_recipe(self) -> None:
        """The next recipe; changes to the last one are dropped."""
        self.config = with_next_recipe(self.config)
        self._changed()

    def action_protocol(self) -> None:
        """The next protocol; folds are kept only where it has any."""
        self.config = with_next_protocol(self.config)
        self._changed()

    def action_edit(self) -> None:
        """Open the recipe's numbers."""
        from tui.screens.setup.options import OptionsScreen

        self.app.push_screen(OptionsScreen(self.config), self._edited)

    def _edited(self, config: StudyConfig | None) -> None:
        if config is not None:
            self.config = config
            self._changed()

    def action_save(self) -> None:
        """Write the study as a file."""
        from tui.screens.setup.save import SaveScreen

        self.app.push_screen(SaveScreen(self._wished() or self.config))

    def action_tune(self) -> None:
        """Search for better numbers of the recipe, with the first of the chosen variants."""
        try:
            wish = wish_from(self._wished() or self.config)
        except InputError as error:
            self._refuse(str(error))
        else:
            self.open_tuning(wish)

    def open_tuning(self, wish: TuningWish) -> None:
        """The screen of a search; what it found can be taken here."""
        from tui.screens.tuning.screen import TuningScreen

        self.app.push_screen(TuningScreen(self.session, wish), self.take_recipe)

    def take_recipe(self, recipe: Recipe | None) -> None:
        """Use the numbers that a search found."""
        self._edited(replace(self.config, recipe=recipe) if recipe is not None else None)

    def action_data(self) -> None:
        """Ask for another path."""
        from tui.screens.setup.options import DataScreen

        self.app.push_screen(DataScreen(str(self.config.data or "")), self._data_named)

    def _data_named(self, answer: str | None) -> None:
        if answer is not None:
            data = Path(answer).expanduser() if answer else None
            self.config = replace(self.config, data=data, train=None, test=None, val=None, labels=None)
            self.problem, self.start_asked = "", False
            self.read_dataset()

    def action_reading(self) -> None:
        """Ask what trains and what tests."""
        from tui.screens.setup.readings import ReadingsScreen

        if self.config.data is None:
            self._refuse("the demo set has one layout: name other data first")
            return
        self.app.push_screen(ReadingsScreen(self.session, self.config), self._reading_chosen)

    def _reading_chosen(self, reading: DatasetReading | None) -> None:
        if reading is not None:
            self.config = replace(self.config, **{n: getattr(reading, n) for n in ("train", "test", "val", "labels")})
            self.problem = ""
            self.read_dataset()

    def action_browse(self) -> None:
        """Look at the images."""
        if self.summary is None:
            self._refuse("the images can be looked at as soon as the data set is read")
            return
        from tui.screens.images.browse import BrowseScreen

        session, name, audit = self.session, self.summary.name, self.session.audits.current
        config = self._wished() or self.config
        report = audit.report if audit is not None else None
        open_images = partial(session.engine.open_gallery, config)
        self.app.push_screen(BrowseScreen(session, open_images, config.variants, name=name, audit=report))

    def action_audit(self) -> None:
        """Open the audit of these images."""
        if self.summary is None:
            self._refuse("the audit begins as soon as the data set is read")
            return
        from tui.screens.audit import AuditScreen

        session, run, is_demo = self.session, self.audit_with(self.config.closeness), self.summary.is_demo
        name = demo_label(short=True).plain if is_demo else self.summary.name
        open_images = partial(session.engine.open_gallery, self.config)
        self.app.push_screen(AuditScreen(session, run, name, open_images, is_demo=is_demo, again=self.audit_with))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "watch":
            return bool(self.live)
        if action == "toggle_variant":
            return cast(int, parameters[0]) <= len(self.choice.listed)
        if action == "choose" and parameters[0] in ("drop", "clear"):
            return self.choice.has_added
        return super().check_action(action, parameters)

    def action_watch(self) -> None:
        """Watch the newest of the studies that other processes run."""
        self.session.watch(self.live[0].folder)

    def action_start(self) -> None:
        """Begin the study, or say what is missing."""
        if self.known.error:
            return
        if self.summary is None:
            self.start_asked = True
            self._refuse("the study starts as soon as the data set is read")
        elif not self.choice.chosen:
            self._refuse(words.no_variant())
        elif (config := self._wished()) is not None:
            self._refuse("")
            self.session.start_study(config)

    def _refuse(self, problem: str) -> None:
        """Say why something cannot be done; "" for nothing."""
        self.problem = problem
        self.show()

    def _changed(self) -> None:
        self._refuse("")
        self._ask_estimate()
