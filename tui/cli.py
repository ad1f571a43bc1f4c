"""The command line: `simpsons-tui` and its commands.

Importing this loads click and the engine's plain values, nothing that takes time.
"""

import contextlib
import io
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from engine.config import StudyConfig
from engine.errors import InputError, SimpsonsError
from tui.commands.audit import register as register_audit
from tui.commands.claims import register as register_claims
from tui.commands.explain import register as register_explain
from tui.commands.export import register as register_export
from tui.commands.predict import register as register_predict
from tui.commands.runs import register as register_runs
from tui.options import (
    DEBUG_OPTION,
    FOLDER,
    FOLDER_OPTIONS,
    IMAGES_OPTION,
    STUDY_OPTIONS,
    SectionedCommand,
    SectionedGroup,
    option,
    study_config,
    with_options,
)
from tui.session import Session
from tui.session import remember as _remember

if TYPE_CHECKING:
    from engine.record import StudyRecord

PROGRAM = "simpsons-tui"
FAILURE, WRONG_USE, INTERRUPTED = 1, 2, 130
_HELP_WIDTH = 100
_CANNOT_DRAW = ("", "dumb", "unknown")
_MIN_REFRESH, _MAX_REFRESH = 0.2, 30.0


# ---------------------------------------------------------------- the commands

_ENVIRONMENT = (
    "Every option can also be given as an environment variable: SIMPSONS_TUI_ and its name, as "
    "SIMPSONS_TUI_CACHE_DIR=/scratch."
)

_DASHBOARD_EXAMPLES = f"""\b
Examples:
  simpsons-tui                                    the drawn demo set
  simpsons-tui --data simpsons.zip                your images, as they were downloaded
  simpsons-tui --data images/ --recipe quick      a first look: smaller images
  simpsons-tui run --data images/ --json          the same study without a screen

{_ENVIRONMENT}"""


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from engine.version import program_version

        click.echo(f"{PROGRAM} {program_version()}")
        ctx.exit()


@click.group(
    cls=SectionedGroup,
    invoke_without_command=True,
    epilog=_DASHBOARD_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _HELP_WIDTH},
)
@with_options(STUDY_OPTIONS)
@option(
    "Screen",
    "--refresh-rate",
    type=click.FloatRange(_MIN_REFRESH, _MAX_REFRESH),
    metavar="HZ",
    help="Redraws a second; without it, gentle over SSH.",
)
@IMAGES_OPTION
@DEBUG_OPTION
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def cli(ctx: click.Context, /, debug: bool, refresh_rate: float | None, images: str, **options: Any) -> None:
    """Train one image classifier on differently pre-processed images, watch it, and read which did better.

    Without a command, this opens the dashboard. Press ? there for the keys.
    """
    _remember(ctx, debug, options["runs_dir"])
    if ctx.invoked_subcommand is None:
        ctx.exit(_dashboard(study_config(options), refresh_rate, images, ctx.ensure_object(Session)))
    misplaced = [
        name for name in ctx.params if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    misplaced = [name for name in misplaced if name != "debug"]
    if misplaced:
        name = f"--{misplaced[0].replace('_', '-')}"
        raise click.UsageError(f"{name} belongs after the command: {PROGRAM} {ctx.invoked_subcommand} {name} ...")


_RUN_EXAMPLES = f"""\b
Examples:
  simpsons-tui run --recipe quick
  simpsons-tui run --data simpsons.zip --variants vanilla,denoise --epochs 3
  simpsons-tui run --data images/ --json > result.json

Progress goes to standard error, results to standard output. With --json, standard output is one JSON
object and nothing else. Ctrl-C stops after the batch under way and prints what there is; a second one
ends at once. A closed terminal ends nothing. 'simpsons-tui resume' goes on with what was stopped or cut
off. Exit status: 0 all done, 1 a variant failed, 2 wrong use or input, 130 interrupted, 143 terminated.

{_ENVIRONMENT}"""


@cli.command(cls=SectionedCommand, epilog=_RUN_EXAMPLES)
@with_options(STUDY_OPTIONS)
@option("Output", "--json", "as_json", is_flag=True, help="Write the result as one JSON object.")
@DEBUG_OPTION
@click.pass_context
def run(ctx: click.Context, /, debug: bool, as_json: bool, **options: Any) -> None:
    """Run the same study without a screen."""
    _remember(ctx, debug, options["runs_dir"])
    config = study_config(options)
    from tui.headless import run_headless

    ctx.exit(run_headless(config, as_json=as_json))


_RESUME_EXAMPLES = """\b
Examples:
  simpsons-tui resume                             the newest run that is not done
  simpsons-tui resume 20260314-0915               by the beginning of its name
  simpsons-tui resume RUN --json > result.json

What is done stays done; the variant under way goes on from its last epoch (or from the batch at which it
was stopped), and the results are those of a study that was never interrupted. Variants that failed are
tried again. The images must be the same."""


@cli.command(cls=SectionedCommand, epilog=_RESUME_EXAMPLES)
@click.argument("run", required=False, default="", metavar="[RUN]")
@option("Output", "--headless", is_flag=True, help="Without a screen, also in a terminal.")
@option("Output", "--json", "as_json", is_flag=True, help="Without a screen; write the result as one JSON object.")
@click.option("--wait", "wait_seconds", type=float, hidden=True)
@IMAGES_OPTION
@FOLDER_OPTIONS[1]
@DEBUG_OPTION
@click.pass_context
def resume(
    ctx: click.Context,
    /,
    *,
    run: str,
    headless: bool,
    as_json: bool,
    wait_seconds: float | None,
    images: str,
    **options: Any,
) -> None:
    """Go on with a study that was stopped, killed or cut off.

    RUN is its name, the beginning of it, or its folder. In a terminal this opens the dashboard.
    """
    _remember(ctx, options["debug"], options["runs_dir"])
    from engine.study import find_resumable

    folder = find_resumable(run, options["runs_dir"])
    if headless or as_json or not is_terminal(sys.stdout):
        from tui.headless import resume_headless

        ctx.exit(resume_headless(folder, as_json=as_json, wait_seconds=wait_seconds))
    from engine.study import load_config

    ctx.exit(_dashboard(load_config(folder), None, images, ctx.ensure_object(Session), resume=folder))


_FETCH_EXAMPLES = """\b
Examples:
  simpsons-tui fetch
  simpsons-tui fetch ~/data/simpsons

It needs an optional extra, installed from the project's folder with pip install '.[fetch]'.
data/README.md there says what is downloaded and under which licence."""


@cli.command(epilog=_FETCH_EXAMPLES)
@click.argument("destination", required=False, type=FOLDER, metavar="[DEST]")
@DEBUG_OPTION
@click.pass_context
def fetch(ctx: click.Context, /, debug: bool, destination: Path | None) -> None:
    """Download the real data set from Kaggle.

    It goes to DEST or to the cache folder of the site's own client; where it lies is printed.
    """
    _remember(ctx, debug)
    from engine.study import fetch_dataset
    from tui.headless import results_alone_on_stdout

    with results_alone_on_stdout() as results:
        results.write(f"{fetch_dataset(destination)}\n")


@cli.group(epilog="\b\nExamples:\n  simpsons-tui cache show\n  simpsons-tui cache clear")
def cache() -> None:
    """Pre-processed images that are kept so that they are made once."""


@cache.command("show", cls=SectionedCommand)
@FOLDER_OPTIONS[0]
@DEBUG_OPTION
@click.pass_context
def cache_show(ctx: click.Context, /, debug: bool, cache_dir: Path | None) -> None:
    """Say where the cache lies, what it takes and what it may take."""
    _remember(ctx, debug)
    from engine.study import cache_report
    from tui.formatting import size

    report = cache_report(StudyConfig(cache_dir=cache_dir))
    click.echo(f"folder  {report.folder}\nused    {size(report.used_bytes)}\nlimit   {size(report.limit_bytes)}")


@cache.command("clear", cls=SectionedCommand)
@FOLDER_OPTIONS[0]
@DEBUG_OPTION
@click.pass_context
def cache_clear(ctx: click.Context, /, debug: bool, cache_dir: Path | None) -> None:
    """Empty the cache, but for what a running study uses."""
    _remember(ctx, debug)
    from engine.study import clear_cache
    from tui.formatting import size

    click.echo(f"{size(clear_cache(StudyConfig(cache_dir=cache_dir)))} freed")


register_predict(cli)
register_audit(cli)
register_explain(cli)
register_claims(cli)
register_export(cli)
register_runs(cli, lambda config, images, session, run: _dashboard(config, None, images, session, watch=run))


# ---------------------------------------------------------------- the dashboard


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


def _dashboard(
    config: StudyConfig,
    refresh_rate: float | None,
    images: str,
    session: Session,
    *,
    resume: Path | None = None,
    watch: Path | None = None,
) -> int:
    check_terminal()
    from rich.console import Console

    from engine.process import keep_memory
    from tui.app import DashboardApp
    from tui.pictures import pictures_for

    keep_memory()  # of use only before there are other threads
    pictures = pictures_for(images, os.environ)
    app = DashboardApp(config, refresh_rate=refresh_rate, resume=resume, watch=watch, pictures=pictures)
    # Textual would show an error of the program's own on the screen, pages long.
    trouble = io.StringIO()
    app.error_console = Console(file=trouble, width=_HELP_WIDTH)
    app.run()
    app.finish_hand_over()
    status = app.return_code or 0
    if details := trouble.getvalue().strip():
        status = _keep_details(details.splitlines()[-1], details, session)
    else:
        _say_where_it_is_kept(app.exit_record, app.going_on)
        if app.exit_failure is not None:
            _complain(app.exit_failure.message)
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


def _leave_at_once(status: int) -> NoReturn:
    """End without waiting for threads: the engine may be in a batch of many seconds, or in importing torch."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


# ---------------------------------------------------------------- errors


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; every error is one line on standard error."""
    if sys.stdout is None:
        _complain("standard output is closed: leave it open, or send it to a file with > FILE")
        return WRONG_USE
    session = Session()
    try:
        status = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=session)
        sys.stdout.flush()
        return int(status or 0)
    except Exception as error:  # whatever happened, no traceback on the user's screen
        return _report(error, session)
    except KeyboardInterrupt:
        return INTERRUPTED


def _report(error: Exception, session: Session) -> int:
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
            _complain(str(error))
            status = error.exit_status
        case BrokenPipeError():
            _forget_stdout()
            status = FAILURE
        case _:
            status = _unexpected(error, session)
    return status


def _usage_error(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else PROGRAM
    _complain(f"{error.format_message().rstrip('.')} (see {where} --help)")
    return error.exit_code


def _unexpected(error: Exception, session: Session) -> int:
    import traceback

    return _keep_details(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)), session)


def _keep_details(message: str, details: str, session: Session) -> int:
    """Say in one line that the program itself failed; what its makers need goes into a file."""
    from engine.locations import runs_folder
    from tui.feed import write_report

    report = write_report(details, runs_folder(session.runs_dir))
    where = f"the details are in {report}" if report else "run it again with --debug for the details"
    if session.debug and sys.stderr is not None:
        sys.stderr.write(f"{details}\n")
    _complain(f"unexpected error, {message}; {where}")
    return FAILURE


def _complain(message: str) -> None:
    """One line on standard error, if anybody listens there."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{PROGRAM}: {' '.join(message.split())}\n")
            sys.stderr.flush()


def _forget_stdout() -> None:
    """Let what is still buffered go nowhere, so that Python does not complain of it at the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
