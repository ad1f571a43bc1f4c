"""The builder of the set-up: steps are picked, ordered and set, and the result is seen on an image of the data."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.reports.results import DatasetSummary
from tui.looks.keys import bind, key
from tui.screens.setup.draft import Draft, DraftStep, Selection, read_draft
from tui.screens.setup.outcome import Outcome, outcome_of, outcome_words
from tui.screens.setup.preview import Preview
from tui.screens.setup.step_lists import PipelineList, Row, StepList, step_words
from tui.session.session import Session
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from engine.reports.estimate import Estimate


class BuilderScreen(Screen[tuple[str, ...] | None]):
    """Answers with the names of variants for the study, or None."""

    BINDING_GROUP_TITLE = "Build variants"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind(
            "builder.add", "enter,space", "add", "Add", "Take the step in; type a value of the parameter", display="⏎"
        ),
        bind("builder.remove", "minus,delete", "remove", "Out", "Take the step out; reset the parameter", display="-"),
        bind("builder.left", "left", "change(-1)", "Less", "Apply the step earlier; a smaller value", show=False),
        bind("builder.right", "right", "change(1)", "More", "Apply the step later; a larger value", show=False),
        bind("builder.sweep", "v", "sweep", "Sweep", "One more value of the parameter, a variant for each"),
        bind(
            "builder.orders", "o", "select('orders')", "Orders", "Every selection of the steps in every order, or one"
        ),
        bind("builder.subsets", "u", "select('subsets')", "Subsets", "Every selection in this order, or one"),
        bind("builder.filter", "slash", "filter", "Filter", "List the steps that hold a text", display="/"),
        bind("builder.type", "e", "type", "Type", "Write the expression"),
        bind("builder.next", "n", "image(1)", "Image", "The next image", show=False),
        bind("builder.previous", "p", "image(-1)", "Image back", "The image before", show=False),
        bind("builder.large", "f", "large", "Large", "The pictures alone, or all", show=False),
        bind("builder.take", "a", "take", "Take", "Add the variants to the study"),
        bind("builder.leave", "escape", "leave", "Back", "Leave the line; close and change nothing", display="esc"),
    ]
    AUTO_FOCUS = "#steps"
    DEFAULT_CSS = """
    BuilderScreen {
        & #building { height: 1fr; }
        & #steps-panel { width: 2fr; height: 100%; }
        & #right { width: 3fr; height: 100%; }
        & #pipeline-panel { height: 1fr; }
        & Preview { height: 1fr; }
        & OptionList {
            height: 1fr; border: none; padding: 0; background: $background;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size: 1 1;
        }
        & OptionList > .option-list--option-highlighted { text-style: none; color: $foreground; background: $surface; }
        & OptionList:focus > .option-list--option-highlighted { color: $foreground; background: $primary 35%; }
        & #filter, & #value { display: none; }
        & #meaning { height: auto; max-height: 2; color: $foreground 60%; }
        & #line { height: 1; padding: 0 1; }
        & #line > Static { width: 12; color: $foreground 60%; }
        & #expression { width: 1fr; }
        & #outcome { height: 3; padding: 0 1; }
        &.-tall Preview { height: 2fr; }
        &.-large #steps-panel, &.-large #pipeline-panel { display: none; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012 - Textual's declaration

    def __init__(
        self,
        session: Session,
        config: StudyConfig,
        chosen: tuple[str, ...],
        summary: Callable[[], DatasetSummary | None],
    ) -> None:
        """`chosen` are the study's variants so far; `summary` gives the data set once it is read."""
        super().__init__()
        self._session, self._config, self._chosen, self._summary = session, config, chosen, summary
        self.draft: Draft | None = Draft()
        self.outcome = Outcome()
        self._estimate: Estimate | None = None
        self._refused = ""

    def compose(self) -> ComposeResult:
        """The steps, the pipeline over its pictures, the expression and what it comes to."""
        with Horizontal(id="building"):
            with Vertical(id="steps-panel", classes="panel") as panel:
                panel.border_title = "steps"
                yield _line_to_type("filter", "part of a name or summary")
                yield StepList()
            with Vertical(id="right"):
                with Vertical(id="pipeline-panel", classes="panel") as panel:
                    panel.border_title = "pipeline"
                    yield PipelineList()
                    yield _line_to_type("value", "a value, or several as 0.1|0.2")
                    yield Static(id="meaning", markup=False)
                yield Preview(self._session, self._config)
        with Horizontal(id="line"):
            yield Static("expression")
            write = key("builder.type", "e")
            yield _line_to_type("expression", f"{write}: write one, as bbox+orders(denoise,clahe)")
        yield Static(id="outcome")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with all steps and an empty pipeline."""
        self.query_one(StepList).show("")
        self._show()

    # ------------------------------------------------------------------ what is made of it

    @property
    def _recipe(self) -> Recipe:
        return self._config.recipe

    @property
    def _expression(self) -> Input:
        return self.query_one("#expression", Input)

    @property
    def _row(self) -> Row | None:
        """The line of the pipeline that keys work on."""
        return self.query_one(PipelineList).marked if isinstance(self.focused, PipelineList) else None

    def _change(self, change: Callable[[Draft], Draft], mark: int | str | None = None) -> None:
        """Go on with a changed pipeline, or say why it makes no sense; one that was written by hand stays."""
        if self.draft is None:
            self._refused = "what is written below cannot be taken apart into steps: change it there"
            self._show()
            return
        try:
            draft = change(self.draft)
        except InputError as error:
            self._refused = str(error)
            self._show()
            return
        self.draft = draft
        self.query_one(PipelineList).show(draft, self._recipe, mark)
        with self.prevent(Input.Changed):
            self._expression.value = draft.expression
        self._evaluate(draft.expression)

    @on(Input.Changed, "#expression")
    def _written(self, event: Input.Changed) -> None:
        """Follow what is typed; where it is a pipeline, the list shows it."""
        self._evaluate(event.value.strip())
        if not self.outcome.problem:
            self.draft = read_draft(event.value)
            self.query_one(PipelineList).show(self.draft or Draft(), self._recipe)
            self._preview()

    def _evaluate(self, expression: str) -> None:
        """Find the variants that an expression stands for, and what they cost."""
        self.outcome = outcome_of(expression, self._chosen, self._config) if expression else Outcome()
        self._refused, self._estimate = "", None
        self._session.background.forget(self, "estimate")
        self._preview()
        if self.outcome.new and (summary := self._summary()) is not None:
            config, engine = self._config, self._session.engine
            variants = (*self._chosen, *self.outcome.new)

            def estimate() -> "Estimate":
                return engine.estimate(replace(config, variants=variants), summary)

            self._session.background.run(self, "estimate", estimate, self._estimated, courtesy=True)
        self._show()

    def _estimated(self, estimate: "Estimate") -> None:
        self._estimate = estimate
        self._show()

    def _preview(self) -> None:
        """One of the variants as pictures: the pipeline with the values set last, or the last of those written."""
        if self.outcome.names:
            last = self.outcome.names[-1]
            self.query_one(Preview).show(self.draft.example if self.draft is not None else last)

    @on(OptionList.OptionHighlighted)
    @on(events.DescendantFocus)
    def _show(self) -> None:
        row, step = self._row, self.query_one(StepList).marked
        words = row.words() if row is not None else step_words(step) if step is not None else ""
        self.query_one("#meaning", Static).update(words)
        self.query_one("#pipeline-panel").border_subtitle = self.draft.selection if self.draft is not None else ""
        outcome = replace(self.outcome, problem=self._refused or self.outcome.problem)
        self.query_one("#outcome", Static).update(outcome_words(outcome, self._estimate, len(self._chosen)))

    # ------------------------------------------------------------------ the pipeline

    @on(OptionList.OptionSelected)
    def action_add(self) -> None:
        """Take the marked step in, or type a value of the marked parameter."""
        if isinstance(self.focused, PipelineList):
            if self._row is not None and self._row.parameter is not None:
                self._open("value", self._row.step.text(self._row.parameter, self._recipe))
            return
        name = self.query_one(StepList).marked
        if name is None:
            return
        if self.draft is None:
            self._expression.value += f"+{name}"
        else:
            self._change(lambda draft: draft.with_step(name), name)

    def action_remove(self) -> None:
        """Take the marked step out, or the marked parameter back to what it usually is."""
        row = self._row
        if row is not None and row.parameter is None:
            self._change(lambda draft: draft.without(row.place))
        elif row is not None and (parameter := row.parameter) is not None:
            self._set_step(
                row, lambda step: step.with_text(parameter, step.usual(parameter, self._recipe), self._recipe)
            )

    def action_change(self, direction: int) -> None:
        """Apply the marked step earlier or later, or give its parameter the next value."""
        row = self._row
        if row is not None and row.parameter is None:
            self._change(lambda draft: draft.moved(row.place, direction), row.place + direction)
        elif row is not None and (parameter := row.parameter) is not None:
            self._set_step(row, lambda step: step.stepped(parameter, direction, self._recipe))

    def action_sweep(self) -> None:
        """One more value of the marked parameter."""
        row = self._row
        if row is not None and (parameter := row.parameter) is not None:
            self._set_step(row, lambda step: step.swept(parameter, self._recipe))

    def _set_step(self, row: Row, change: Callable[[DraftStep], DraftStep]) -> None:
        self._change(lambda draft: draft.with_changed(row.place, change(row.step)))

    def action_select(self, selection: Selection) -> None:
        """Every selection of the steps, or the one pipeline again."""
        self._change(lambda draft: replace(draft, selection="" if draft.selection == selection else selection))

    # ------------------------------------------------------------------ lines to type in

    def _open(self, name: str, text: str) -> None:
        field = self.query_one(f"#{name}", Input)
        field.display = True
        field.value = text
        field.cursor_position = len(text)
        self.set_focus(field)  # at once: the next keys are for it

    def action_filter(self) -> None:
        """Ask which steps to list."""
        self._open("filter", self.query_one("#filter", Input).value)

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self.query_one(StepList).show(event.value.strip())

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.set_focus(self.query_one(StepList))

    @on(Input.Changed, "#value")
    def _value_typed(self, event: Input.Changed) -> None:
        self._refused = ""
        row = self.query_one(PipelineList).marked
        if row is not None and row.parameter is not None and event.value and event.input.display:
            try:
                row.step.with_text(row.parameter, event.value, self._recipe)
            except InputError as error:
                self._refused = str(error)
        self._show()

    @on(Input.Submitted, "#value")
    def _value_done(self, event: Input.Submitted) -> None:
        row = self.query_one(PipelineList).marked
        if row is not None and (parameter := row.parameter) is not None:
            self._set_step(row, lambda step: step.with_text(parameter, event.value.strip(), self._recipe))
        if not self._refused:
            self._close(event.input)

    @on(Input.Blurred, "#value")
    def _value_left(self, event: Input.Blurred) -> None:
        event.input.display = False  # what it belongs to may be another line when it is come back to

    def _close(self, field: Input) -> None:
        if field.id != "expression":
            field.display = False
        self.set_focus(self.query_one(StepList if field.id == "filter" else PipelineList))

    def action_type(self) -> None:
        """Go to the expression."""
        self.set_focus(self._expression)

    # ------------------------------------------------------------------ the rest

    def action_image(self, step: int) -> None:
        """The next or previous image."""
        self.query_one(Preview).turn(step)

    def action_large(self) -> None:
        """The pictures alone, or everything again."""
        self.toggle_class("-large")

    @on(Input.Submitted, "#expression")
    def action_take(self) -> None:
        """Answer with the variants, where there are new ones."""
        if self.outcome.new and self.is_current:  # a key pressed twice is handled twice
            self.dismiss(self.outcome.new)

    def action_leave(self) -> None:
        """Leave the line that is typed in, or list all steps again, or all parts; else leave the screen."""
        field = self.focused if isinstance(self.focused, Input) else self.query_one("#filter", Input)
        if field.id == "filter":
            field.value = ""
        if field.has_focus or field.display:
            self._refused = ""
            self._close(field)
            self._show()
        elif self.has_class("-large"):
            self.remove_class("-large")
        elif self.is_current:
            self.dismiss(None)


def _line_to_type(name: str, placeholder: str) -> Input:
    field = Input(id=name, placeholder=placeholder, compact=True, select_on_focus=False)
    field.cursor_blink = False
    return field
