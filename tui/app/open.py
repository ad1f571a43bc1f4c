"""Opening the dashboard in a terminal, and what is said once it is closed."""

import contextlib
import gc
import io
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.console.errors import PROGRAM, CommandContext, complain, keep_details
from tui.console.plain import lacking_encoding

if TYPE_CHECKING:
    from engine.events.record import StudyRecord
    from tui.session.search import TuningRun, TuningWish

_TRACEBACK_WIDTH = 100
_CANNOT_DRAW = ("", "dumb", "unknown")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits at the other end; a closed stream is None."""
    return stream is not None and stream.isatty()


def check_terminal() -> None:
    """Make sure that the dashboard can be drawn.

    Raises:
        InputError: there is no terminal, or none that can.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise InputError(f"the dashboard needs a terminal: use '{PROGRAM} run' where there is none")
    kind = os.environ.get("TERM", "")
    if kind in _CANNOT_DRAW and os.name != "nt":
        raise InputError(
            f"the dashboard cannot draw on a terminal of type {kind!r}: "
            f"set TERM (as TERM=xterm-256color) or use '{PROGRAM} run'"
        )
    encoding = lacking_encoding(sys.stderr)  # where Textual draws
    if encoding:
        raise InputError(
            f"the dashboard cannot draw in the encoding {encoding}: set a UTF-8 one (as LC_ALL=C.UTF-8, and no "
            f"PYTHONIOENCODING) or use '{PROGRAM} run'"
        )


def collect_seldom() -> None:
    """Look for garbage among old objects seldom: a pass over a study of 400 jobs held a key up for 0.15 s."""
    gc.freeze()  # what is imported stays
    gc.set_threshold(10_000, 20, 50)


def open_dashboard(
    config: StudyConfig,
    refresh_rate: float | None,
    images: str | None,
    session: CommandContext,
    *,
    resume: Path | None = None,
    watch: Path | None = None,
    tuning: "TuningWish | None" = None,
) -> int:
    """Show the dashboard until it is left, and return the exit status; with `tuning` it opens on a search.

    Where `refresh_rate` or `images` is None, the settings say it.

    Raises:
        InputError: there is no terminal, or none that can draw it.
    """
    check_terminal()
    from rich.console import Console

    from engine import keep_memory, settings_file
    from tui.app.app import DashboardApp
    from tui.pictures.service import pictures_for
    from tui.settings.file import read_settings

    keep_memory()  # of use only before there are other threads
    settings, problems = read_settings(settings_file())
    for problem in problems:  # shown on the screen too, which hides this until it is left
        complain(problem)
    app = DashboardApp(
        config,
        settings=settings,
        problems=problems,
        refresh_rate=refresh_rate,
        resume=resume,
        watch=watch,
        tuning=tuning,
        pictures=pictures_for(images or settings.images, os.environ),
    )
    shown = app.session
    # Textual would show an error of the program's own on the screen, pages long.
    trouble = io.StringIO()
    app.error_console = Console(file=trouble, width=_TRACEBACK_WIDTH)
    collect_seldom()
    app.run()
    shown.finish_hand_over()
    status = app.return_code or 0
    if details := trouble.getvalue().strip():
        status = keep_details(details.splitlines()[-1], details, session)
    else:
        _say_where_it_is_kept(shown.exit_record, shown.going_on)
        _say_where_the_search_is_kept(shown.search)
        if shown.exit_failure is not None:
            complain(shown.exit_failure.message)
    if any(thread is not threading.main_thread() and thread.is_alive() for thread in threading.enumerate()):
        _leave_at_once(status)
    return status


def _say_where_it_is_kept(record: "StudyRecord | None", going_on: str) -> None:
    if record is None or record.started is None:
        return
    folder = record.started.folder
    if Path(folder).is_dir():  # a study that could not start leaves none
        status = record.finished.status if record.finished is not None else going_on
        with contextlib.suppress(OSError):  # the terminal may be gone
            click.echo(f"study {status}, kept in {folder}")


def _say_where_the_search_is_kept(search: "TuningRun | None") -> None:
    folder = search.record.started.folder if search is not None and search.record.started is not None else ""
    if search is None or not Path(folder).is_dir():
        return
    state = search.record.finished.status if search.record.finished is not None else "left while it ran"
    hint = "" if state == "done" else f"; '{PROGRAM} tune --resume' resumes it"
    with contextlib.suppress(OSError):  # the terminal may be gone
        click.echo(f"search {state}, kept in {folder}{hint}")


def _leave_at_once(status: int) -> NoReturn:
    """End without waiting for threads: the engine may be in a batch of many seconds, or in importing torch."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)
