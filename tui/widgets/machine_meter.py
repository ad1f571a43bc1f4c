"""How busy the machine is, for the corner of the screen."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.text import Text
from textual.message import Message

from tui.looks import formatting

if TYPE_CHECKING:
    import psutil


@dataclass(frozen=True)
class Load:
    """Share of all cores in use ([0, 1]), and this program's resident memory in bytes."""

    cpu: float
    memory: int

    def text(self) -> Text:
        """Both, at a fixed width."""
        return Text(f"{formatting.percent(self.cpu)}  {formatting.size(self.memory):>7}")


class LoadRead(Message, bubble=False):
    """There is a new figure for the first line; the app tells the screen that is seen."""


class Meter(Protocol):
    """Something that knows the load."""

    def read(self) -> Load:
        """The load since the last call."""


class ProcessMeter:
    """Reads the load of the machine and of this process."""

    def __init__(self) -> None:
        self._process: psutil.Process | None = None

    def read(self) -> Load:
        """The load since the last call (the first call says 0 for the processor)."""
        import psutil

        if self._process is None:
            self._process = psutil.Process()
        return Load(psutil.cpu_percent(interval=None) / 100, self._process.memory_info().rss)
