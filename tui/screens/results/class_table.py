"""The table of classes: F1, precision and recall of every class under every variant."""

from typing import ClassVar

from tui.widgets.metrics_table import SortableTable


class ClassTable(SortableTable):
    """Classes as rows, the variants side by side as columns."""

    DEFAULT_CSS = """
    ClassTable { max-height: 100%; }
    """

    BORDER_TITLE: ClassVar[str] = "classes"
