"""Errors as one line on standard error, and an exit status."""

import contextlib
import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from engine.errors import FAILURE, INTERRUPTED, WRONG_USE, SimpsonsError

PROGRAM = "simpsons-tui"
_NAME_SHOWN = 60


@dataclass
class CommandContext:
    """Whether tracebacks are shown, and where a report of an unexpected error goes."""

    debug: bool = False
    runs_dir: Path | None = None


def remember(ctx: click.Context, /, debug: bool, runs_dir: Path | None = None) -> None:
    """Note a command's options for the error handler."""
    command = ctx.ensure_object(CommandContext)
    command.debug = command.debug or debug
    command.runs_dir = runs_dir or command.runs_dir


def report_error(error: Exception, command: CommandContext) -> int:
    """Say what went wrong and return the exit status."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            status = WRONG_USE
        case click.ClickException():
            status = _usage_error(error)
        case click.Abort():
            status = INTERRUPTED
        case SimpsonsError():
            complain(str(error))
            status = error.exit_status
        case OSError(errno=errno.ENAMETOOLONG | errno.ELOOP):  # whichever look at the disk was the first
            complain(f"{str(error.filename)[:_NAME_SHOWN]}: {error.strerror}")
            status = WRONG_USE
        case BrokenPipeError():
            _forget_stdout()
            status = FAILURE
        case _:
            status = _unexpected(error, command)
    return status


def _usage_error(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else PROGRAM
    complain(f"{error.format_message().rstrip('.')} (see {where} --help)")
    return error.exit_code


def _unexpected(error: Exception, command: CommandContext) -> int:
    import traceback

    return keep_details(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)), command)


def keep_details(message: str, details: str, command: CommandContext) -> int:
    """Say in one line that the program itself failed; what its makers need goes into a file."""
    from engine import runs_folder, write_report

    report = write_report(details, runs_folder(command.runs_dir))
    where = f"the details are in {report}" if report else "run it again with --debug for the details"
    if command.debug and sys.stderr is not None:
        sys.stderr.write(f"{details}\n")
    complain(f"unexpected error, {message}; {where}")
    return FAILURE


def complain(message: str) -> None:
    """One line on standard error, if anybody listens there."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{PROGRAM}: {' '.join(message.split())}\n")
            sys.stderr.flush()


def _forget_stdout() -> None:
    """Let what is still buffered go nowhere, so that Python does not complain of it at the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
