"""Measures what the program promises about speed and memory, against plain ways to do the same, in one run.

    python tests/benchmarks [--quick] [--only NAME,...] [--data PATH] [--out FILE.md]
    python tests/benchmarks --device cuda               what `accelerator` measures, there

Prints one Markdown table of ratios with the machine's description; progress goes to standard error. Takes about half an
hour on two cores, five minutes with --quick, and wants the machine for itself. Exit status: 0 where everything could
be measured, whether or not a target is met.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import accelerator
import charts
import dashboard_cost
import engines
import first_frame
import frames
import fuzz
import growth
import key_press
import kills
import pause_stop
import peak_memory
import predicting
import preprocessing
import run_store
import second_study
import shared_cache
import step_cost
import training_step
import whole_study
from description import describe
from table import Row, markdown
from workplace import Workplace

Measurements = Mapping[str, Callable[[Workplace], list[Row]]]

MEASUREMENTS: Measurements = MappingProxyType(
    {
        "step": training_step.rows,
        "preprocess": preprocessing.rows,
        "study": whole_study.rows,
        "second": second_study.rows,
        "dashboard": dashboard_cost.rows,
        "keys": key_press.rows,
        "charts": charts.rows,
        "launch": first_frame.rows,
        "memory": peak_memory.rows,
        "growth": growth.rows,
        "runs": run_store.rows,
        "kills": kills.rows,
        "pause": pause_stop.rows,
        "engines": engines.rows,
        "shared": shared_cache.rows,
        "predict": predicting.rows,
        "fuzz": fuzz.rows,
        "steps": step_cost.rows,
    }
)
"""In the order of the table; "study" needs "step" and "preprocess", and measures them where it must."""


def main() -> int:
    """Measure what was asked for and print it."""
    arguments = _arguments()
    description = describe(arguments.data, quick=arguments.quick)
    with tempfile.TemporaryDirectory(prefix="simpsons-benchmark-") as folder:
        place = Workplace(Path(folder), arguments.data, arguments.quick)
        place.cache_dir.mkdir()
        measurements: Measurements = MEASUREMENTS
        if arguments.device:
            measurements = MappingProxyType({"accelerator": lambda place: accelerator.rows(place, arguments.device)})
        found, failed = _measure(place, measurements, arguments.only or tuple(measurements))
    text = f"{description}\n\n{markdown(found)}\n"
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text, encoding="utf-8")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=_names, metavar="NAME,...", help=_NAMES)
    parser.add_argument("--device", metavar="NAME", help="measure training on this accelerator, and nothing else")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds")
    parser.add_argument(
        "--data",
        type=Path,
        default=frames.default_data(),
        metavar="PATH",
        help="images to take (default: $SIMPSONS_DATA, ../shared/simpsons beside the project, or the demo set)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the table here too")
    return parser.parse_args()


_NAMES = f"what to measure, of: {', '.join(MEASUREMENTS)} (default: all)"


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(MEASUREMENTS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; {_NAMES}")
    return names


def _measure(place: Workplace, measurements: Measurements, names: Sequence[str]) -> tuple[list[Row], bool]:
    """The rows of each measurement; one that fails gets a row that says so."""
    found: list[Row] = []
    failed = False
    for name in (known for known in measurements if known in names):
        began = time.monotonic()
        _say(f"{name} ...")
        try:
            found += measurements[name](place)
        except Exception as error:  # whatever one measurement runs into, the others must go on
            traceback.print_exc()
            found.append(Row(f"{name}: not measured ({type(error).__name__})", "-"))
            failed = True
        _say(f"{name}: {time.monotonic() - began:.0f} s")
    return found, failed


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
