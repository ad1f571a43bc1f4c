"""Programs in processes of their own that do not import torch once more: forked from one that has only imported.

The start of the real command, its imports and its patience with what stands on PYTHONPATH, takes a real start.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

IMPORTED = [
    "torch._dynamo",  # by torchvision and by the optimizers
    "torchvision.models",
    "torchvision.transforms.v2",
    "torchsr.models",
    "engine.study.jobs",
    "engine.study.worker",
    "engine.tuning.worker",
    "engine.evaluation.baselines",
    "engine.finished.predicting",
    "tui.cli",
]
FILES = (os.devnull, "stdout.txt", "stderr.txt")
PROGRAM = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
FORKING = ["-m", "engine.executing.forking"]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(IMPORTED)


def _be(code: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for stream, name in enumerate(FILES):
        os.dup2(os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = ["-c", *arguments]
    exec(code, {"__name__": "__main__"})


def run_warm(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float, code: str = PROGRAM
) -> subprocess.CompletedProcess[str]:
    """Run the program, or other code, to its end without input; what it writes goes through files of `folder`."""
    folder.mkdir(exist_ok=True)
    process = _context.Process(target=_be, args=(code, arguments, dict(environment), folder))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        raise subprocess.TimeoutExpired(arguments, timeout)
    out, err = ((folder / name).read_text(encoding="utf-8") for name in FILES[1:])
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _serve(modules: Sequence[str], environment: Mapping[str, str], folder: str, *ends: Connection) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for stream, end in enumerate(ends):
        os.dup2(end.fileno(), stream)
        end.close()
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    from engine.executing.forking import serve

    serve(modules)


class WarmServer:
    """What `engine.executing.local` needs of the `Popen` of a process that forks its workers."""

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        (theirs, stdin), (stdout, out), (stderr, err) = (_context.Pipe(duplex=False) for _ in range(3))
        arguments = (modules, dict(environment), str(Path.cwd()), theirs, out, err)
        self._process = _context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(os.dup(ours.fileno()), mode, encoding="utf-8")
            for ours, mode in ((stdin, "w"), (stdout, "r"), (stderr, "r"))
        )
        for end in (theirs, stdin, stdout, out, stderr, err):
            end.close()

    def __enter__(self) -> "WarmServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self.stdout, self.stderr, self.stdin):
            stream.close()
        self._process.join()

    def kill(self) -> None:
        """As that of `Popen`."""
        self._process.kill()

    def communicate(self) -> tuple[str, str]:
        """Its output, to its end."""
        said = self.stdout.read(), self.stderr.read()
        self._process.join()
        return said


def start(command: Sequence[str], env: Mapping[str, str], **options: object) -> "WarmServer | subprocess.Popen[str]":
    """As `subprocess.Popen`, but that a process which would import modules to fork workers is forked itself."""
    if list(command[1:3]) == FORKING and command[3:]:
        return WarmServer(command[3:], env)
    return subprocess.Popen(command, env=env, **options)  # type: ignore[call-overload, no-any-return]
