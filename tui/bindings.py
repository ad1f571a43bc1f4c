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
        for n in range(1, 10)
    ),
    _key("setup.all", "a", "all", "All", "Take the study's four variants, or none", show=False),
    _key("setup.combine", "plus", "combine", "Combine", "Put a variant together from steps", show=False, display="+"),
    _key("setup.drop", "minus", "drop", "Drop", "Take the marked combination off the list", show=False, display="-"),
    _key("setup.combinations", "A", "combinations", "Combinations", "Take all eight of three steps", show=False),
    _key("setup.recipe", "r", "recipe", "Recipe", "Go on to the next recipe"),
    _key("setup.protocol", "p", "protocol", "Protocol", "Go on to the next protocol: what trains, what tests"),
    _key("setup.edit", "e", "edit", "Edit", "Change the recipe's numbers, seeds and folds"),
    _key("setup.data", "d", "data", "Data", "Name another folder or .zip with images"),
    _key("setup.watch", "w", "watch", "Watch", "Watch the study that runs in another process", show=False),
    _key("setup.history", "h", "app.history", "History", "All runs: open, compare, go on with, remove", show=False),
    _key("setup.audit", "u", "audit", "Audit", "Copies, leaks and odd files among the images"),
    _key("setup.tune", "t", "tune", "Tune", "Search for better numbers of the recipe", show=False),
    _key("setup.browse", "b", "browse", "Browse", "Look at the images, class by class"),
)

COMBINE: tuple[Binding, ...] = (
    _key("combine.add", "enter", "add", "Add", "Take the combination", priority=True),
    _key("combine.toggle", "space", "toggle_marked", "Toggle", "Take the marked step in, as the last, or out"),
    *(
        _key(f"combine.step{n}", str(n), f"toggle_step({n})", f"Step {n}", "Take it in or out", show=False)
        for n in range(1, 5)
    ),
    _key("combine.earlier", "left", "move(-1)", "Earlier", "Apply the marked step earlier", priority=True),
    _key("combine.later", "right", "move(1)", "Later", "Apply the marked step later", priority=True),
    _key("combine.leave", "escape", "dismiss(None)", "Leave", "Close and change nothing", display="esc"),
)

BROWSE: tuple[Binding, ...] = (
    _key("browse.open", "enter", "open", "Steps", "The marked image through every variant", priority=True),
    _key("browse.next", "tab", "class(1)", "Next class", "The next class", priority=True),
    _key("browse.previous", "shift+tab", "class(-1)", "Previous", "The class before", show=False, priority=True),
    _key("browse.right", "right", "move(1, 0)", "Right", "Mark the image on the right", show=False),
    _key("browse.left", "left", "move(-1, 0)", "Left", "Mark the image on the left", show=False),
    _key("browse.down", "down", "move(0, 1)", "Down", "Mark the image below", show=False),
    _key("browse.up", "up", "move(0, -1)", "Up", "Mark the image above", show=False),
    _key("browse.on", "pagedown", "page(1)", "Page", "The next page of the class", display="pgdn"),
    _key("browse.back", "pageup", "page(-1)", "Page back", "The page before", show=False),
    _key("browse.first", "home", "edge(-1)", "First", "The first image of the class", show=False),
    _key("browse.last", "end", "edge(1)", "Last", "The last image of the class", show=False),
    _key("browse.leave", "escape", "app.pop_screen", "Back", "Back to the screen before", display="esc"),
)

CELL: tuple[Binding, ...] = (
    _key("cell.back", "escape,q", "app.pop_screen", "Back", "Back to the matrix", display="esc"),
    _key("cell.steps", "enter", "steps", "Steps", "The marked image through every variant", priority=True),
    _key("cell.box", "o", "box", "Boxes", "Show or hide the boxes"),
    _key("cell.right", "right", "move(1, 0)", "Right", "Mark the image on the right", show=False),
    _key("cell.left", "left", "move(-1, 0)", "Left", "Mark the image on the left", show=False),
    _key("cell.down", "down", "move(0, 1)", "Down", "Mark the image below", show=False),
    _key("cell.up", "up", "move(0, -1)", "Up", "Mark the image above", show=False),
    _key("cell.on", "pagedown", "page(1)", "Page", "The next page", display="pgdn"),
    _key("cell.page_back", "pageup", "page(-1)", "Page back", "The page before", show=False),
)

SIDE_BY_SIDE: tuple[Binding, ...] = (
    _key("steps.next", "n", "step(1)", "Next image", "The next image"),
    _key("steps.previous", "p", "step(-1)", "Previous", "The image before"),
    _key("steps.original", "o", "original", "Original", "The file's own picture with its box, or the results"),
    _key("steps.right", "right", "scroll_columns(1)", "Variants", "Move on over the variants", show=False),
    _key("steps.left", "left", "scroll_columns(-1)", "Variants back", "Move back over the variants", show=False),
    _key("steps.leave", "escape", "app.pop_screen", "Back", "Back to the screen before", display="esc"),
)

TRAINING: tuple[Binding, ...] = (
    _key("training.pause", "p", "pause", "Pause", "Wait after this batch; again to go on"),
    _key("training.stop", "s", "stop", "Stop", "End after this batch; what was trained is evaluated"),
    _key("training.resume", "r", "resume", "Go on", "Go on here with a study that was interrupted or stopped"),
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
        for n in range(1, 10)
    ),
    _key("training.log_up", "pageup", "log_page(-1)", "Older", "Scroll the messages back", show=False),
    _key("training.log_down", "pagedown", "log_page(1)", "Newer", "Scroll the messages on", show=False),
    _key("training.history", "h", "app.history", "History", "All runs; a study that is watched goes on", show=False),
    _key("training.results", "enter", "results", "Results", "Tables and confusion matrices", priority=True),
)


INSIDE: tuple[Binding, ...] = (
    _key("inside.next", "n,right", "step(1)", "Next image", "The next image", display="n"),
    _key("inside.previous", "p,left", "step(-1)", "Previous", "The image before", show=False, display="p"),
    _key("inside.variant", "tab", "variant(1)", "Variant", "The next variant's network", priority=True),
    _key(
        "inside.variant_back",
        "shift+tab",
        "variant(-1)",
        "Variant back",
        "The network before",
        show=False,
        priority=True,
    ),
    _key("inside.mistakes", "m", "mistakes", "Mistakes", "Only the images that were taken for another class, or all"),
    _key("inside.enlarge", "z", "enlarge", "Enlarge", "One picture alone; again for the next"),
    _key("inside.steps", "s", "steps", "Steps", "The image through every variant"),
    _key("inside.measure", "c", "measure", "Colour", "What the networks lose without colour, background or box"),
    _key("inside.resolution", "r", "resolution", "Resolution", "How accuracy falls when the images are shrunk"),
    _key("inside.leave", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
)

MEASURED: tuple[Binding, ...] = (
    _key("measured.start", "enter", "start", "Measure", "Measure it now", priority=True),
    _key("measured.classes", "v", "classes", "Classes", "Every class, or all classes together"),
    _key("measured.leave", "escape", "leave", "Back", "Stop measuring and go back", display="esc"),
)

RESOLUTION: tuple[Binding, ...] = (
    _key("resolution.start", "enter", "start", "Measure", "Measure what is not known yet", priority=True),
    _key(
        "resolution.next",
        "tab",
        "view(1)",
        "Variant",
        "All variants, or the next one with all its figures",
        priority=True,
    ),
    _key("resolution.before", "shift+tab", "view(-1)", "Previous", "The variant before", show=False, priority=True),
    _key("resolution.leave", "escape", "leave", "Back", "Stop measuring and go back", display="esc"),
)

HISTORY: tuple[Binding, ...] = (
    _key("history.open", "enter", "open", "Open", "Its results; a study under way is watched", priority=True),
    _key("history.mark", "space", "mark", "Mark", "Mark a run for a comparison, or take the mark away"),
    _key("history.overlay", "o", "overlay", "Curves", "The curves of the marked runs on one chart"),
    _key("history.tables", "t", "tables", "Tables", "The scores of the marked runs in one table"),
    _key("history.filter", "slash", "filter", "Filter", "Show the runs that hold the words you type", display="/"),
    _key("history.sort", "s", "sort", "Sort", "Sort by the next column", show=False),
    _key("history.reverse", "S", "reverse", "Reverse", "Turn the order round", show=False),
    _key("history.resume", "r", "resume", "Go on", "Go on here with a run that was interrupted or stopped"),
    _key("history.export", "e", "export", "Export", "Write a report, tables or curves as files"),
    _key("history.remove", "delete", "remove", "Remove", "Remove a run for good; asks first", display="del"),
    _key("history.back", "escape", "back", "Back", "Drop the filter, else go back", show=False, display="esc"),
)

RUN_CURVES: tuple[Binding, ...] = (
    _key("curves.next", "tab,right", "step(1)", "Variant", "The next variant's curves", display="tab"),
    _key("curves.previous", "shift+tab,left", "step(-1)", "Previous", "The variant before", show=False),
    _key("curves.smooth", "m", "smooth", "Smooth", "Raw and smoothed, smoothed alone, raw alone"),
    _key("curves.scale", "y", "scale", "Scale", "Logarithmic or linear loss"),
    _key("curves.tables", "t", "tables", "Tables", "The scores of the same runs in one table"),
    _key("curves.back", "escape", "app.pop_screen", "Runs", "Back to the list of runs", display="esc"),
)

RUN_TABLES: tuple[Binding, ...] = (
    _key("tables.sort", "s", "sort", "Sort", "Sort by the next column"),
    _key("tables.reverse", "S", "reverse", "Reverse", "Turn the order round"),
    _key("tables.average", "g", "average", "Average", "Macro, weighted or micro averages"),
    _key("tables.overlay", "o", "overlay", "Curves", "The curves of the same runs on one chart"),
    _key("tables.back", "escape", "app.pop_screen", "Runs", "Back to the list of runs", display="esc"),
)

PREDICT: tuple[Binding, ...] = (
    _key("predict.images", "d", "images", "Images", "Name an image, or a folder or .zip with images"),
    _key("predict.variant", "tab", "variant(1)", "Variant", "The same images with the next variant's model"),
    _key("predict.before", "shift+tab", "variant(-1)", "Previous", "With the variant's before", show=False),
    _key("predict.stop", "s", "stop", "Stop", "End here and keep what there is"),
    _key("predict.back", "escape", "app.back", "Results", "Back to the results", display="esc"),
)


TUNING: tuple[Binding, ...] = (
    _key("tuning.start", "enter", "start", "Start", "Begin the search", priority=True),
    _key("tuning.more", "plus,equals_sign", "trials(5)", "More", "Five trials more", show=False, display="+"),
    _key("tuning.fewer", "minus", "trials(-5)", "Fewer", "Five trials fewer", show=False, display="-"),
    _key("tuning.pause", "p", "pause", "Pause", "Wait after this batch; again to go on"),
    _key("tuning.stop", "x", "stop", "Stop", "End after this batch; what is done is kept, and r goes on"),
    _key("tuning.resume", "r", "resume", "Go on", "Go on with a search that was stopped"),
    _key("tuning.use", "u", "use", "Use", "Back to the set-up with the best numbers"),
    _key("tuning.view", "v", "view", "View", "Curves and table, the conclusion, the curves alone"),
    _key("tuning.sort", "s", "sort", "Sort", "Sort the trials by the next column"),
    _key("tuning.reverse", "S", "reverse", "Reverse", "Turn the order round", show=False),
)


def sections() -> Mapping[str, tuple[Binding, ...]]:
    """All keys by screen, in the order that a user meets the screens."""
    from tui.screens.audit import AuditScreen
    from tui.screens.calibration import CalibrationScreen
    from tui.screens.claims import ClaimsScreen
    from tui.screens.comparisons import ComparisonScreen
    from tui.screens.counterpart import CounterpartScreen
    from tui.screens.effects import EffectsScreen
    from tui.screens.matrix import MatrixScreen
    from tui.screens.reading import ReadingScreen
    from tui.screens.results import ResultsScreen
    from tui.widgets.confusion_matrix import ConfusionMatrix
    from tui.widgets.matrix_grid import MatrixGrid

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
    }
    return names.get(screen.__name__, EVERYWHERE_NAME)


def _described(bindings: Iterable[BindingType]) -> Iterator[Binding]:
    for binding in bindings:
        key = binding if isinstance(binding, Binding) else Binding(*binding)
        if key.description or key.tooltip:
            yield key
