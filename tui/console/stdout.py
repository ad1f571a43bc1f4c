"""Keeps results alone on stdout."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.text import Text

from engine.errors import SimpsonsError
from tui.console.plain import PLAIN

_VERY_WIDE = 10_000


class OutputError(SimpsonsError):
    """Standard output cannot take the results."""


@contextlib.contextmanager
def results_alone_on_stdout() -> Iterator[TextIO]:
    """The real standard output; until the end, whatever else is written to it lands on standard error.

    Libraries print, also from C and from child processes, so the file descriptor itself is led away.
    """
    try:
        descriptor, aside = sys.stdout.fileno(), sys.stderr.fileno()
        kept = os.dup(descriptor)
    except (OSError, ValueError, AttributeError):  # a stream without a descriptor, as in tests
        results = sys.stdout
        with contextlib.redirect_stdout(sys.stderr or io.StringIO()):
            yield results
        return
    sys.stdout.flush()
    os.dup2(aside, descriptor)
    encoding = sys.stdout.encoding
    try:
        # A path may hold bytes that are no text in any encoding, and the encoding may lack a letter.
        with os.fdopen(kept, "w", encoding=encoding, errors=PLAIN, closefd=False) as results:
            yield results
    finally:
        sys.stdout.flush()
        os.dup2(kept, descriptor)
        os.close(kept)


def write_results(results: TextIO, text: str, kept_in: str = "") -> None:
    """Write to standard output; `kept_in` is a folder that has the results as well.

    Raises:
        OutputError: it cannot take them.
    """
    try:
        results.write(text)
        results.flush()
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # what is buffered must not be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), results.fileno())
        kept = f"; they are kept in {kept_in}" if kept_in else ""
        raise OutputError(
            f"the results could not be written to standard output ({error.strerror or error}){kept}"
        ) from error


def print_alone(text: Callable[[TextIO], str]) -> None:
    """Write what `text` makes for standard output, and nothing else there.

    Raises:
        OutputError: it cannot take it.
    """
    with results_alone_on_stdout() as results:
        write_results(results, text(results))


def _terminal_width(results: TextIO) -> int | None:
    screen = Console(file=results)
    return screen.width if screen.is_terminal else None


def printed(parts: Sequence[RenderableType], results: TextIO) -> str:
    """Parts below each other as text for a stream, at least as wide as the widest table: nothing is cut.

    A `Text` is a sentence that a terminal's edge may break between words; a string is not broken.
    """
    width = _terminal_width(results)
    console = Console(file=results, width=max(Console(file=results).width, *map(_natural_width, parts)))
    with console.capture() as capture:
        for part in parts:
            if isinstance(part, Text) and width is not None:
                console.print(part, width=width)
            else:
                console.print(part, markup=False, highlight=False, soft_wrap=isinstance(part, str | Text))
    return capture.get()


def _natural_width(part: RenderableType) -> int:
    console = Console(width=_VERY_WIDE)
    return Measurement.get(console, console.options, part).maximum
