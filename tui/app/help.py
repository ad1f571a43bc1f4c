"""Every key, from the table that binds them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.looks.keys import EVERYWHERE, EVERYWHERE_NAME
from tui.screens.history.history import HISTORY
from tui.screens.history.run_comparison import RUN_CURVES, RUN_TABLES
from tui.screens.images.browse import BROWSE
from tui.screens.images.cell import CELL
from tui.screens.images.side_by_side import SIDE_BY_SIDE
from tui.screens.networks.ablation import MEASURED
from tui.screens.networks.inside import INSIDE
from tui.screens.networks.resolution import RESOLUTION
from tui.screens.predict import PREDICT
from tui.screens.setup.combine import COMBINE
from tui.screens.setup.screen import SETUP
from tui.screens.training.screen import TRAINING
from tui.screens.tuning.screen import TUNING

_KEY_WIDTH, _NAME_WIDTH = 14, 13


class HelpScreen(ModalScreen[None]):
    """A list that scrolls; the screen below comes first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", tooltip="Back to the screen", key_display="esc")
    ]

    def __init__(self, screen: type) -> None:
        super().__init__()
        self._first = section_of(screen)

    def compose(self) -> ComposeResult:
        """The sections, the present screen's first."""
        with VerticalScroll(classes="dialog help") as box:
            box.border_title = "keys"
            box.border_subtitle = "esc closes"
            yield Static(self._text())

    def _text(self) -> Group:
        table = dict(sections())
        order = [name for name in (self._first, EVERYWHERE_NAME) if name in table]
        order += [name for name in table if name not in order]
        parts: list[Text | Table] = []
        for name in order:
            parts += [Text(name, "bold"), self._section(table[name]), Text()]
        return Group(*parts[:-1])

    def _section(self, bindings: Sequence[Binding]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold cyan", no_wrap=True, min_width=_KEY_WIDTH)
        grid.add_column(no_wrap=True, min_width=_NAME_WIDTH)
        grid.add_column(style="dim", ratio=1)
        for binding in bindings:
            keys = " ".join(self.app.get_key_display(part) for part in Binding.make_bindings([binding]))
            grid.add_row(f"  {keys}", binding.description, binding.tooltip)
        return grid


def sections() -> Mapping[str, tuple[Binding, ...]]:
    """All keys by screen, in the order that a user meets the screens."""
    from tui.screens.audit import AuditScreen
    from tui.screens.docs import DocsScreen
    from tui.screens.results.calibration import CalibrationScreen
    from tui.screens.results.claims import ClaimsScreen
    from tui.screens.results.comparisons import ComparisonScreen
    from tui.screens.results.confusion_matrix import ConfusionMatrix
    from tui.screens.results.counterpart import CounterpartScreen
    from tui.screens.results.effects import EffectsScreen
    from tui.screens.results.matrix import MatrixScreen
    from tui.screens.results.matrix_grid import MatrixGrid
    from tui.screens.results.reading import ReadingScreen
    from tui.screens.results.results import ResultsScreen

    results = [ResultsScreen.BINDINGS, MatrixGrid.BINDINGS, ConfusionMatrix.BINDINGS]
    return {
        "Set-up": SETUP,
        "Combine steps": COMBINE,
        "Training": TRAINING,
        "Results": tuple(key for bindings in results for key in _described(bindings)),
        "Matrix": tuple(_described(MatrixScreen.BINDINGS)),
        "Images of a cell": CELL,
        "Browse": BROWSE,
        "Steps": SIDE_BY_SIDE,
        "Inside the network": INSIDE,
        "Colour and box": MEASURED,
        "Resolution": RESOLUTION,
        "Use the model": PREDICT,
        "Tune": TUNING,
        "History": HISTORY,
        "Runs compared": (*RUN_CURVES, *RUN_TABLES),
        "Audit": tuple(_described(AuditScreen.BINDINGS)),
        "Comparisons": tuple(_described(ComparisonScreen.BINDINGS)),
        "Effects": tuple(_described(EffectsScreen.BINDINGS)),
        "Calibration": tuple(_described(CalibrationScreen.BINDINGS)),
        "Claims and leak": tuple(
            _described([*ReadingScreen.BINDINGS, *CounterpartScreen.BINDINGS, *ClaimsScreen.BINDINGS])
        ),
        "Manual": tuple(_described(DocsScreen.BINDINGS)),
        EVERYWHERE_NAME: EVERYWHERE,
    }


def section_of(screen: type) -> str:
    """The section that tells of a screen."""
    names = {
        "SetupScreen": "Set-up",
        "CombineScreen": "Combine steps",
        "TrainingScreen": "Training",
        "ResultsScreen": "Results",
        "OpenedResultsScreen": "Results",
        "HistoryScreen": "History",
        "RunCurvesScreen": "Runs compared",
        "RunTablesScreen": "Runs compared",
        "MatrixScreen": "Matrix",
        "CellScreen": "Images of a cell",
        "BrowseScreen": "Browse",
        "SideBySideScreen": "Steps",
        "InsideScreen": "Inside the network",
        "MeasuredScreen": "Colour and box",
        "ResolutionScreen": "Resolution",
        "PredictScreen": "Use the model",
        "TuningScreen": "Tune",
        "AuditScreen": "Audit",
        "ComparisonScreen": "Comparisons",
        "EffectsScreen": "Effects",
        "CalibrationScreen": "Calibration",
        "ClaimsScreen": "Claims and leak",
        "LeakScreen": "Claims and leak",
        "DocsScreen": "Manual",
    }
    return names.get(screen.__name__, EVERYWHERE_NAME)


def _described(bindings: Iterable[BindingType]) -> Iterator[Binding]:
    for binding in bindings:
        key = binding if isinstance(binding, Binding) else Binding(*binding)
        if key.description or key.tooltip:
            yield key
