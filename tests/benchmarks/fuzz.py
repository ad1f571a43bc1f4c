"""Feeds the program's readers odd input, by a seed, and says what they could not take.

    python tests/benchmarks/fuzz.py [--seed N] [--minutes M] [--only NAME,...] [--case NAME:NUMBER]

A finding is an exception that is none of the program's own, ten seconds without an end, more than 1 MB of output, 2 GB
of memory, or a wrong answer that the target itself notices (`WrongAnswer`). Each is said with the number that repeats
it. `TARGETS` holds what is fuzzed: `fuzz_data` registers the readers of data, `fuzz_runs` what a run leaves on disk.
Exit status: 0 where nothing was found.
"""

import argparse
import contextlib
import importlib
import importlib.util
import io
import random
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from table import Row
from workplace import Workplace

from engine.errors import SimpsonsError

Target = Callable[[random.Random, Path], None]

TARGETS: dict[str, Target] = {}
"""What is fuzzed: each is given its random numbers and an empty folder, and raises where it finds a fault."""

SEED, MINUTES, QUICK_MINUTES = 1, 20, 1
SECONDS_A_CASE, OUTPUT_BYTES, MEMORY_BYTES = 10, 2**20, 2 * 2**30
_MINUTE = 60
_KIBIBYTE = 1024


class WrongAnswer(AssertionError):  # noqa: N818 - what it is
    """Something was said that is not so."""


class _TooSlow(Exception):  # noqa: N818 - what it is
    """A case did not end in time."""


def target(name: str) -> Callable[[Target], Target]:
    """Register a function under a name."""

    def register(function: Target) -> Target:
        TARGETS[name] = function
        return function

    return register


def damaged(rng: random.Random, data: bytes) -> bytes:
    """The same bytes, some changed, cut off, repeated or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0:
                del changed[place:]
            case 1:
                del changed[place : place + rng.randrange(1, 20)]
            case 2:
                changed[place:place] = rng.randbytes(rng.randrange(1, 20))
            case 3:
                changed[place : place + 4] = rng.choice((b"\xff" * 4, b"\0" * 4, struct.pack("<I", 2**31), b"\x7f"))
            case 4 if changed:
                changed[place % len(changed)] ^= 1 << rng.randrange(8)
            case _:
                changed += changed[place : place + rng.randrange(1, 200)]
    return bytes(changed)


@dataclass
class Findings:
    """What a time of fuzzing came to: cases and faults by target."""

    cases: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def fuzz(seed: int, seconds: float, names: Sequence[str], say: Callable[[str], None]) -> Findings:
    """Feed the targets in turns until the time is over."""
    findings, end, number = Findings(dict.fromkeys(names, 0)), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for name in names:
            fault = run_case(name, seed, number)
            findings.cases[name] += 1
            if fault:
                findings.faults.append(f"{name}:{number}")
                say(f"{name}:{number} (seed {seed}): {fault}")
        number += 1
    return findings


def run_case(name: str, seed: int, number: int) -> str:
    """One case; what is wrong, or ""."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    output, fault = io.StringIO(), ""
    try:
        with _limited(SECONDS_A_CASE), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            TARGETS[name](random.Random(f"{seed}/{name}/{number}"), folder)
    except SimpsonsError as error:
        output.write(str(error))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        fault = "".join(traceback.format_exception(error)[-6:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if output.tell() > OUTPUT_BYTES:
        fault += f"{output.tell()} bytes of output"
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIBIBYTE > MEMORY_BYTES:
        fault += "more than 2 GB of memory"
    return fault


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise _TooSlow(f"{seconds} s and no end")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def rows(place: Workplace) -> list[Row]:
    """How many odd inputs were taken, and how many were not."""
    _load()
    minutes = place.size(MINUTES, QUICK_MINUTES)
    findings = fuzz(SEED, minutes * _MINUTE, tuple(TARGETS), lambda line: print(line, file=sys.stderr, flush=True))
    cases = ", ".join(f"{name} {count:,}" for name, count in findings.cases.items())
    return [
        Row(
            f"odd input for {minutes} min with seed {SEED} ({cases})",
            f"{len(findings.faults)} faults" + (f": {', '.join(findings.faults[:9])}" if findings.faults else ""),
            target="none",
            met=not findings.faults,
        )
    ]


def _load() -> None:
    """The targets, as far as they are there."""
    for name in ("fuzz_data", "fuzz_runs"):
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)


def main() -> int:
    """Fuzz for a while, or repeat one case."""
    sys.modules["fuzz"] = sys.modules[__name__]  # what fuzz_runs registers with
    _load()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TARGETS), metavar="NAME,...")
    parser.add_argument("--case", metavar="NAME:NUMBER", help="repeat one case")
    arguments = parser.parse_args()
    if arguments.case:
        name, _, number = arguments.case.partition(":")
        fault = run_case(name, arguments.seed, int(number))
        print(fault or "nothing wrong")
        return 1 if fault else 0
    findings = fuzz(arguments.seed, arguments.minutes * _MINUTE, arguments.only, lambda line: print(line, flush=True))
    print(f"{findings.cases}: {len(findings.faults)} faults")
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
