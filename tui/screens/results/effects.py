"""What each step does whatever else is done, and whether steps add up: effects, their intervals, all accuracies."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from engine.reports.statistics import FactorialAnalysis
from tui.looks.keys import bind
from tui.screens.results.statistics import StatisticsScreen
from tui.tables.effects import (
    accuracy_chart,
    effect_chart,
    effect_sentences,
    effects_legend,
    effects_title,
    factorials,
    missing_words,
    set_words,
)
from tui.tables.statistics import leak_warning


class EffectsPart(Static):
    """One complete set of combinations, as wide as its place."""

    def __init__(self, analysis: FactorialAnalysis) -> None:
        super().__init__()
        self._analysis = analysis

    def on_resize(self) -> None:
        """Draw for the new width."""
        analysis, width = self._analysis, self.content_size.width
        sentences = zip(effect_sentences(analysis), analysis.effects, strict=True)
        parts = [
            Text(set_words(analysis), "bold underline"),
            *effect_chart(analysis, width),
            Text(),
            *(Text(f"• {sentence}", "bold" if effect.significant else "") for sentence, effect in sentences),
            Text(),
            *accuracy_chart(analysis, width),
            Text(),
            Text(effects_legend(analysis), "dim"),
        ]
        self.update(Text("\n").join(parts))


class EffectsScreen(StatisticsScreen):
    """The effects of every complete set; without one, which variants to add."""

    BINDING_GROUP_TITLE = "Effects"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("effects.results", "f", "app.pop_screen", "Results", "Back to the results", show=False),
        bind("effects.back", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
    ]

    def heading(self) -> str:
        """Protocol, test, correction, number of images."""
        return effects_title(self._record)

    def page(self) -> Iterable[Widget]:
        """The sets, or what is missing."""
        found = factorials(self._record)
        if not found:
            yield Static(missing_words(self._record), id="missing")
            return
        for analysis in found:
            yield EffectsPart(analysis)
        if leak := leak_warning(self._record):
            yield Static(Text(f"! {leak}: an effect here may be none on new images", "bold"))
