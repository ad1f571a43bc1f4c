"""Mutation testing: how many small faults in the code that decides do the tests notice?

    python tests/benchmarks/mutants.py [--only statistics,division,resuming] [--keep FOLDER]

mutmut (in the extra `dev`) changes one operator, constant or argument at a time in a copy of the tree and runs the
tests that reach it. Prints a Markdown table and the survivors. All rooms take about half an hour on two cores. Exit
status: 1 where fewer than 85 % of a room's mutants die.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WANTED = 0.85


@dataclass(frozen=True)
class Room:
    """Code that is mutated, and the tests that must notice."""

    code: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "statistics": Room(("engine/statistics/*",), ("tests/engine/statistics",)),
    "division": Room(
        ("engine/dataset/division.py", "engine/dataset/sampling.py"),
        ("tests/engine/dataset/test_division.py", "tests/engine/dataset/test_sampling.py", "tests/properties"),
    ),
    "resuming": Room(
        ("engine/study/resuming.py", "engine/study/job_checkpoints.py", "engine/training/checkpoint_format.py"),
        (
            "tests/engine/study/test_resuming.py",
            "tests/engine/study/test_resume_study.py",
            "tests/engine/training/test_checkpoint.py",
        ),
    ),
}


def main() -> int:
    """Mutate the rooms that were asked for and print what the tests noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(ROOMS), help="rooms, joined by commas")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it, for 'mutmut show NAME'")
    options = parser.parse_args()
    rows, survivors = [], []
    for name in options.only.split(","):
        counts, alive = _mutate(name, ROOMS[name], options.keep)
        died = counts["killed"] + counts["timeout"] + counts["segfault"]
        tried = died + counts["survived"] + counts["no_tests"] + counts["suspicious"]
        rows.append((name, tried, died, died / tried if tried else 0.0))
        survivors += alive
    print("| room | mutants | noticed | share |\n|---|---|---|---|")
    for name, tried, died, share in rows:
        print(f"| {name} | {tried} | {died} | {share:.1%} |")
    print("\n".join(["", "Not noticed:", *survivors]) if survivors else "\nAll were noticed.")
    return int(any(share < WANTED for *_, share in rows))


def _mutate(name: str, room: Room, keep: Path | None) -> tuple[dict[str, int], list[str]]:
    """Counts of mutants by outcome, and the names of those that survived."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        tree = (keep or Path(scratch)) / name
        _copy_tree(tree)
        _configure(tree / "pyproject.toml", room)
        subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=tree, stdout=sys.stderr, check=False)
        subprocess.run([sys.executable, "-m", "mutmut", "export-cicd-stats"], cwd=tree, stdout=sys.stderr, check=True)
        counts = json.loads((tree / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
        listed = subprocess.run(
            [sys.executable, "-m", "mutmut", "results"], cwd=tree, capture_output=True, text=True, check=True
        )
        return counts, [line.strip() for line in listed.stdout.splitlines() if line.strip().endswith("survived")]


def _copy_tree(tree: Path) -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def _configure(pyproject: Path, room: Room) -> None:
    """Tell mutmut what to mutate; one process runs the tests, for a mutant is a process of its own."""
    settings = {
        "source_paths": ["engine"],
        "only_mutate": list(room.code),
        "pytest_add_cli_args_test_selection": list(room.tests),
        "pytest_add_cli_args": ["-n0", "-p", "no:cacheprovider"],
        "also_copy": ["engine", "tui", "data", "tests", "README.md"],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    with pyproject.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(["", "[tool.mutmut]", *lines, ""]))


if __name__ == "__main__":
    sys.exit(main())
