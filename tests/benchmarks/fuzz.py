"""Feeds the program's readers odd input, by a seed, and says what they could not take.

    python tests/benchmarks/fuzz.py [--seed N] [--minutes M] [--only NAME,...] [--case NAME:NUMBER]

A finding is an exception that is none of the program's own, ten seconds without an end, more than 1 MB of output, 2 GB
of memory, or a wrong answer that the target itself notices (`WrongAnswer`). Each is said with the number that repeats
it. `TARGETS` holds what is fuzzed; `fuzz_runs` adds what a run leaves on disk. Exit status: 0 where nothing was found.
"""

import argparse
import contextlib
import importlib
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
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from PIL import Image
from table import Row
from workplace import Workplace

from engine.dataset import check_images, open_dataset
from engine.dataset.annotations import fit_box, read_annotations
from engine.dataset.images import decode_rgb, upright_size
from engine.dataset.sources import UnreadableImage
from engine.errors import SimpsonsError
from engine.events.control import StudyControl

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


# ------------------------------------------------------------------ the inputs

NAMES = (
    *(
        "train",
        "test",
        "val",
        "valid",
        "dev",
        "eval",
        "Train",
        "TEST",
        "training_set",
        "test_set",
        "seg_train",
        "seg_test",
    ),
    *("images", "data", "docs", "figures", "a", "b", "c", "A", "Bart", "bart", "homer_simpson", "lisa_simpson"),
    *("simpsons_dataset", "kaggle_simpson_testset", "é", "e\u0301", "名", "x, y", " lead", "-", "__MACOSX", ".hidden"),
)
FILES = (
    "1.jpg",
    "2.png",
    "homer_simpson_3.jpg",
    "a_1.jpg",
    "b_2.bmp",
    "x.webp",
    "notes.txt",
    "annotation.txt",
    "z.zip",
)
FORMATS = ("JPEG", "PNG", "BMP", "WEBP")


def picture(rng: random.Random) -> bytes:
    """A small sound picture of any format."""
    size = rng.randrange(1, 40), rng.randrange(1, 40)
    mode = rng.choice(("RGB", "L"))
    buffer = io.BytesIO()
    Image.frombytes(mode, size, rng.randbytes(size[0] * size[1] * len(mode))).save(buffer, rng.choice(FORMATS))
    return buffer.getvalue()


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


def tree(rng: random.Random) -> dict[str, bytes]:
    """Files of a data set by path, in folders with names that mean something, more or less in order."""
    files: dict[str, bytes] = {}
    for _ in range(rng.randrange(1, 14)):
        depth = rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 10))
        folder = [rng.choice(NAMES) for _ in range(depth)]
        for _ in range(rng.choice((1, 1, 2, 4))):
            name = rng.choice(FILES)
            content = rng.randbytes(rng.randrange(30)) if rng.random() < 0.1 else picture(rng)
            files["/".join([*folder, name])] = annotation(rng) if name == "annotation.txt" else content
    return files


def annotation(rng: random.Random) -> bytes:
    """Lines of an annotation file, most of them sound."""

    def number() -> str:
        odd = ("nan", "inf", "1e309", "-1", "", "9" * rng.choice((20, 5000)), "0x10", "１２", "1_0", "3.7")
        return rng.choice(odd) if rng.random() < 0.2 else str(rng.randrange(-5, 60))

    lines = []
    for _ in range(rng.randrange(12)):
        folders = "/".join(rng.choice((*NAMES, ".", "..", "")) for _ in range(rng.randrange(4)))
        fields = [
            f"./{folders}/{rng.choice(FILES)}",
            *(number() for _ in range(rng.choice((4, 4, 4, 3, 5)))),
            rng.choice(NAMES),
        ]
        lines.append(rng.choice((",", ",", ",", ";", ", ")).join(fields))
    data = rng.choice(("\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogateescape")
    return damaged(rng, data) if rng.random() < 0.3 else data


def write(files: Mapping[str, bytes], root: Path) -> Path:
    """Lay files out on disk; of paths that get in each other's way, the first."""
    root.mkdir()
    for path, content in files.items():
        with contextlib.suppress(OSError):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
    return root


def pack(rng: random.Random, files: Mapping[str, bytes], path: Path) -> Path:
    """An archive of the files, with a few members that nobody should have."""
    odd = (
        "../up.jpg",
        "/root.jpg",
        "C:\\a\\1.jpg",
        "a//b/1.jpg",
        "a\\b\\1.jpg",
        "./train/a/1.jpg",
        "a/1.jpg/2.jpg",
        "\x07.jpg",
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
            with contextlib.suppress(UserWarning):
                archive.writestr(rng.choice(odd) if rng.random() < 0.1 else name, content, kind)
        if rng.random() < 0.05:
            archive.writestr("train/a/bomb.jpg", bytes(3 * 2**20), zipfile.ZIP_DEFLATED)
    return path


# ------------------------------------------------------------------ what is fuzzed


@target("layouts")
def fuzz_layouts(rng: random.Random, folder: Path) -> None:
    """Folders of any shape: each image is in one part, or is said to be left out."""
    root = write(tree(rng), folder / "set")
    options: dict[str, Any] = {"classes": rng.choice((None, None, ("all",), ("a", "b"), ("Bart", "x, y")))}
    if rng.random() < 0.2:
        inside = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_dir()] or [Path()]
        options["train"] = rng.choice(inside)
        options["test"], options["validation"] = (rng.choice((None, *inside)) for _ in range(2))
    dataset = open_dataset(root, **options)
    used = [sample.path for sample in dataset.images]
    if len(set(used)) != len(used):
        raise WrongAnswer(f"an image stands in two parts: {sorted(used)}")
    if options["classes"] == ("all",) and "train" not in options:
        _require_named(root, dataset.skipped, {*used}, dataset.summary().notes)
    if dataset.test_given and not {sample.label for sample in dataset.test} <= {
        sample.label for sample in dataset.train
    }:
        raise WrongAnswer("a class is tested that has no training image")


def _require_named(root: Path, skipped: Sequence[Any], used: set[str], notes: Sequence[str]) -> None:
    """Every image that is not used must be named, or a folder that it lies in."""
    listed, said = {file.path for file in skipped}, "\n".join(notes)
    for file in root.rglob("*"):
        path = file.relative_to(root).as_posix()
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.split("/"))
        if file.suffix.lower() not in {".jpg", ".png", ".bmp", ".webp"} or hidden or not file.is_file():
            continue
        folders = [str(above) for above in Path(path).parents][:-1]
        named = any(f"{above}/" in said or above in listed or f"class {Path(above).name} " in said for above in folders)
        outside = "outside class folders" in said or "more folders" in said
        if path not in used and path not in listed and not named and not outside:
            raise WrongAnswer(f"{path} is passed over without a word: {notes}")


@target("zip")
def fuzz_zip(rng: random.Random, folder: Path) -> None:
    """Archives, sound and damaged."""
    archive = pack(rng, tree(rng), folder / "set.zip")
    if rng.random() < 0.7:
        archive.write_bytes(damaged(rng, archive.read_bytes()))
    dataset = open_dataset(archive, classes=rng.choice((None, ("all",))))
    check_images(dataset, folder / "cache", control=StudyControl(), progress=lambda done, total: None)


@dataclass(frozen=True)
class _Bytes:
    """A file in memory."""

    data: bytes
    key: str = "memory"

    def read(self, limit: int = 2**30) -> bytes:
        return self.data[:limit]


@target("annotations")
def fuzz_annotations(rng: random.Random, folder: Path) -> None:
    """Annotation files: boxes lie in their images."""
    data = annotation(rng) if rng.random() < 0.7 else rng.randbytes(rng.randrange(3000))
    found = read_annotations([("annotation.txt", _Bytes(data))])  # type: ignore[list-item]
    size = rng.randrange(1, 50), rng.randrange(1, 50)
    for lines in (*found.by_folder.values(), *found.by_column.values()):
        for line in lines:
            box = fit_box(line.corners, size).box
            if box and not (0 <= box.left < box.right <= size[0] and 0 <= box.top < box.bottom <= size[1]):
                raise WrongAnswer(f"{line.corners} gave {box} in an image of {size}")


@target("images")
def fuzz_images(rng: random.Random, folder: Path) -> None:
    """Picture files: what the header promised is what is decoded, and the checker comes to the same."""
    data = damaged(rng, picture(rng))
    sizes = []
    for measure in (lambda: upright_size(_Bytes(data)), lambda: decode_rgb(data).size):  # type: ignore[arg-type]
        try:
            sizes.append(measure())
        except UnreadableImage:
            sizes.append(None)
    if sizes[1] is not None and sizes[0] != sizes[1]:
        raise WrongAnswer(f"the header says {sizes[0]}, the picture is {sizes[1]}")
    files = {
        f"{part}/{name}/{number}.jpg": picture(rng) for part in ("train", "test") for name in "ab" for number in "12"
    }
    root = write({**files, "train/a/odd.jpg": data}, folder / "set")
    dataset = open_dataset(root)
    for _ in range(2):  # the second time from what is remembered
        checked = check_images(dataset, folder / "cache", control=StudyControl(), progress=lambda done, total: None)
        if ("train/a/odd.jpg" in checked.digests) != (sizes[1] is not None):
            raise WrongAnswer("the checker and the decoder are of two minds")


# ------------------------------------------------------------------ running them


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
    """The targets of the other half, where they are there."""
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("fuzz_runs")


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
