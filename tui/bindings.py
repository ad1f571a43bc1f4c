"""Every key of the dashboard, in one table: screens bind from it, and help, footer and command palette read it."""

from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding, BindingType


def _key(
    name: str,
    key: str,
    action: str,
    description: str,
    tooltip: str,
    *,
    show: bool = True,
    display: str | None = None,
    priority: bool = False,
) -> Binding:
    return Binding(
        key, action, description, show=show, key_display=display, priority=priority, tooltip=tooltip, id=name
    )


EVERYWHERE_NAME = "Everywhere"

EVERYWHERE: tuple[Binding, ...] = (
    _key("app.help", "question_mark", "keys", "Keys", "List every key", display="?"),
    _key("app.palette", "ctrl+p", "command_palette", "Commands", "Find a command by name", show=False, display="^p"),
    _key("app.back", "escape", "back", "Back", "Go back to the screen before", show=False, display="esc"),
    _key("app.new", "n", "new_study", "New study", "Back to the set-up, for another study"),
    _key("app.quit", "q", "quit", "Quit", "Leave; asks first while a study runs"),
    _key("app.interrupt", "ctrl+c,ctrl+q", "quit", "Quit", "Leave, as q does", show=False, priority=True),
)

SETUP: tuple[Binding, ...] = (
    _key("setup.start", "enter", "start", "Start", "Train the chosen variants", priority=True),
    _key("setup.toggle", "space", "toggle_marked", "Choose", "Take the marked variant in or out"),
    *(
        _key(f"setup.variant{n}", str(n), f"toggle_variant({n})", f"Variant {n}", "Take it in or out", show=False)
        for n in range(1, 6)
    ),
    _key("setup.all", "a", "all", "All", "Take the study's four variants, or none"),
    _key("setup.recipe", "r", "recipe", "Recipe", "Go on to the next recipe"),
    _key("setup.protocol", "p", "protocol", "Protocol", "Go on to the next protocol: what trains, what tests"),
    _key("setup.edit", "e", "edit", "Edit", "Change the recipe's numbers, seeds and folds"),
    _key("setup.data", "d", "data", "Data", "Name another folder or .zip with images"),
    _key("setup.audit", "u", "audit", "Audit", "Copies, leaks and odd files among the images"),
)

TRAINING: tuple[Binding, ...] = (
    _key("training.pause", "p", "pause", "Pause", "Wait after this batch; again to go on"),
    _key("training.stop", "s", "stop", "Stop", "End after this batch; what was trained is evaluated"),
    _key("training.detach", "x", "detach", "Detach", "Leave; the study goes on in a process of its own"),
    _key("training.overlay", "o", "overlay", "Overlay", "All curves on one axis, or one chart a variant"),
    _key("training.focus", "f", "focus_chart", "Focus", "The marked chart alone, or all of them"),
    _key("training.smooth", "m", "smooth", "Smooth", "Raw and smoothed, smoothed alone, raw alone"),
    _key("training.scale", "y,g", "scale", "Scale", "Logarithmic or linear loss", display="y"),
    _key("training.log", "l", "log", "Log", "Show or hide the messages"),
    _key("training.next", "tab,right,down", "step(1)", "Next", "Mark the next variant", display="tab"),
    _key("training.previous", "shift+tab,left,up", "step(-1)", "Previous", "Mark the variant before", show=False),
    *(
        _key(f"training.variant{n}", str(n), f"select({n})", f"Variant {n}", "Mark this variant", show=False)
        for n in range(1, 6)
    ),
    _key("training.log_up", "pageup", "log_page(-1)", "Older", "Scroll the messages back", show=False),
    _key("training.log_down", "pagedown", "log_page(1)", "Newer", "Scroll the messages on", show=False),
    _key("training.results", "enter", "results", "Results", "Tables and confusion matrices", priority=True),
)


PREDICT: tuple[Binding, ...] = (
    _key("predict.images", "d", "images", "Images", "Name an image, or a folder or .zip with images"),
    _key("predict.variant", "tab", "variant(1)", "Variant", "The same images with the next variant's model"),
    _key("predict.before", "shift+tab", "variant(-1)", "Previous", "With the variant's before", show=False),
    _key("predict.stop", "s", "stop", "Stop", "End here and keep what there is"),
    _key("predict.back", "escape", "app.back", "Results", "Back to the results", display="esc"),
)


def sections() -> Mapping[str, tuple[Binding, ...]]:
    """All keys by screen, in the order that a user meets the screens."""
    from tui.screens.audit import AuditScreen
    from tui.screens.calibration import CalibrationScreen
    from tui.screens.claims import ClaimsScreen
    from tui.screens.comparisons import ComparisonScreen
    from tui.screens.counterpart import CounterpartScreen
    from tui.screens.matrix import MatrixScreen
    from tui.screens.reading import ReadingScreen
    from tui.screens.results import ResultsScreen
    from tui.widgets.confusion_matrix import ConfusionMatrix
    from tui.widgets.matrix_grid import MatrixGrid

    results = [ResultsScreen.BINDINGS, MatrixGrid.BINDINGS, ConfusionMatrix.BINDINGS]
    return {
        "Set-up": SETUP,
        "Training": TRAINING,
        "Results": tuple(key for bindings in results for key in _described(bindings)),
        "Matrix": tuple(_described(MatrixScreen.BINDINGS)),
        "Use the model": PREDICT,
        "Audit": tuple(_described(AuditScreen.BINDINGS)),
        "Comparisons": tuple(_described(ComparisonScreen.BINDINGS)),
        "Calibration": tuple(_described(CalibrationScreen.BINDINGS)),
        "Claims and leak": tuple(
            _described([*ReadingScreen.BINDINGS, *CounterpartScreen.BINDINGS, *ClaimsScreen.BINDINGS])
        ),
        EVERYWHERE_NAME: EVERYWHERE,
    }


def section_of(screen: type) -> str:
    """The section that tells of a screen."""
    names = {
        "SetupScreen": "Set-up",
        "TrainingScreen": "Training",
        "ResultsScreen": "Results",
        "MatrixScreen": "Matrix",
        "PredictScreen": "Use the model",
        "AuditScreen": "Audit",
        "ComparisonScreen": "Comparisons",
        "CalibrationScreen": "Calibration",
        "ClaimsScreen": "Claims and leak",
        "LeakScreen": "Claims and leak",
    }
    return names.get(screen.__name__, EVERYWHERE_NAME)


def _described(bindings: Iterable[BindingType]) -> Iterator[Binding]:
    for binding in bindings:
        key = binding if isinstance(binding, Binding) else Binding(*binding)
        if key.description or key.tooltip:
            yield key
