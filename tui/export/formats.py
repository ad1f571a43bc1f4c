"""The formats that a study can be exported in."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from engine.errors import InputError

if TYPE_CHECKING:
    from engine import Exported

Content = bytes | Mapping[str, bytes]
"""One file, or a folder's files by their path in it (with / between the parts)."""


@dataclass(frozen=True)
class ExportFormat:
    """One format.

    Attributes:
        name: what the command line calls it.
        suffix: what follows the study's ID in the name of its file or folder.
        folder: whether it is a folder of files.
        words: what it holds, for a menu.
        module: of this package, whose function `render(exported: Exported) -> Content` makes it; imported then.
    """

    name: str
    suffix: str
    folder: bool
    words: str
    module: str

    def render(self, exported: "Exported") -> Content:
        """Make the content.

        Raises:
            InputError: the study has not begun, or a library that the format needs is not installed.
        """
        if exported.record.started is None:
            raise InputError("the study has not begun, so there is nothing to export")
        return cast(Content, importlib.import_module(f"tui.export.{self.module}").render(exported))


WITH_PICTURES = frozenset({"html"})
"""Formats that hold pictures of what the networks look at."""

_ALL = (
    ExportFormat("html", ".html", False, "report with curves, opens in any browser", "html"),
    ExportFormat("md", ".md", False, "report as Markdown", "markdown"),
    ExportFormat("svg", ".svg", False, "loss curves and confusion matrices as one picture", "svg"),
    ExportFormat("json", ".json", False, "every number, as run --json and explain --json", "json_object"),
    ExportFormat("toml", ".toml", False, "study file that repeats it: run --study", "study_file"),
    ExportFormat("csv", "-csv", True, "folder of tables: curves, scores, predictions", "csv_tables"),
    ExportFormat("tensorboard", "-tensorboard", True, "folder of event files for TensorBoard", "tensorboard"),
)
FORMATS = MappingProxyType({entry.name: entry for entry in _ALL})
