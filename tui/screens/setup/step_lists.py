"""The two lists of the builder: all steps there are, and those of the pipeline with their parameters."""

from dataclasses import dataclass

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.config.grammar import describe_values
from engine.config.recipes import Recipe
from engine.steps.registry import find_step, known_steps
from engine.steps.spec import Parameter
from tui.looks import formatting
from tui.screens.setup.draft import SWEEP, Draft, DraftStep

_NAME_WIDTH = 14
_PARAMETER_WIDTH = 10


class StepList(OptionList):
    """All registered steps, or those whose name or summary holds a text."""

    def __init__(self) -> None:
        super().__init__(id="steps", compact=True, markup=False)

    @property
    def marked(self) -> str | None:
        """The name of the marked step."""
        option = self.highlighted_option
        return option.id if option is not None else None

    def show(self, filter_text: str) -> None:
        """List the steps that fit, those first whose name does."""
        wanted = filter_text.casefold()
        found = [spec for spec in known_steps() if wanted in f"{spec.name} {spec.summary}".casefold()]
        self.set_options(
            Option(
                Text.assemble((formatting.left(spec.name, _NAME_WIDTH), "bold"), (spec.summary, "dim")), id=spec.name
            )
            for spec in sorted(found, key=lambda spec: wanted not in spec.name)
        )
        self.highlighted = 0 if found else None


def step_words(name: str) -> str:
    """A step with what can be set, as it is called in an expression, and what it does."""
    spec = find_step(name)
    assert spec is not None  # it is listed
    parameters = ", ".join(parameter.name for parameter in spec.parameters)
    return f"{spec.name}({parameters}): {spec.summary}" if parameters else f"{spec.name}: {spec.summary}"


@dataclass(frozen=True)
class Row:
    """A line of the pipeline: a step by its place, or a parameter of it."""

    place: int
    step: DraftStep
    parameter: Parameter | None = None

    def line(self, recipe: Recipe) -> Text:
        """The step with its number, or the parameter with its value; a written value stands out."""
        if self.parameter is None:
            name = formatting.left(self.step.name, _NAME_WIDTH)
            return Text.assemble((f"{self.place + 1} ", "dim"), (name, "bold"), (self.step.spec.summary, "dim"))
        text = self.step.text(self.parameter, recipe)
        written = self.parameter.name in dict(self.step.written)
        many = f"  {text.count(SWEEP) + 1} values" if SWEEP in text else ""
        return Text.assemble(
            (f"    {self.parameter.name:<{_PARAMETER_WIDTH}}", "dim"),
            (f"◂ {text} ▸", "bold yellow" if written else ""),
            (many, "yellow"),
        )

    def words(self) -> str:
        """What the keys do here, and what the parameter means."""
        if self.parameter is None:
            return "← → earlier, later   - out   o all orders   u all subsets"
        values = describe_values(self.parameter)
        meaning = f"{self.parameter.meaning}; {values}" if self.parameter.meaning else values
        return f"{self.parameter.name}: {meaning}"


class PipelineList(OptionList):
    """The steps in the order in which they are applied, each with its parameters below it."""

    def __init__(self) -> None:
        super().__init__(id="pipeline", compact=True, markup=False)
        self._rows: list[Row] = []

    @property
    def marked(self) -> Row | None:
        """The marked line."""
        return self._rows[self.highlighted] if self.highlighted is not None else None

    def show(self, draft: Draft, recipe: Recipe, mark: int | str | None = None) -> None:
        """Show another pipeline; `mark` is the place or name of the step to mark, None for the line marked before."""
        before = self.highlighted or 0
        self._rows = [
            Row(place, step, parameter)
            for place, step in enumerate(draft.steps)
            for parameter in (None, *step.spec.parameters)
        ]
        self.set_options(Option(row.line(recipe)) for row in self._rows)
        if mark is not None:
            found = (line for line, row in enumerate(self._rows) if mark in (row.place, row.step.name))
            before = next(found, before)
        self.highlighted = min(before, len(self._rows) - 1) if self._rows else None
