"""What a run leaves on disk, damaged, and the command line, with words that nobody should give it; see `fuzz`.

The runs are those that an earlier version wrote, in `tests/old_runs`.
"""

import contextlib
import functools
import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np
import torch
from fuzz import WrongAnswer, damaged, target

import engine
from engine.config.study import StudyConfig
from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from engine.events.study import Event, StudyFinished
from engine.events.study_json import study_to_json
from engine.finished.dossier import gather
from engine.runs import EventFollower, RunFolder, list_runs, read_events
from engine.study.running import warm_up
from engine.training.checkpoint_format import (
    Checkpoint,
    CheckpointError,
    Position,
    checkpoint_to_bytes,
    read_checkpoint,
)
from engine.training.weights import load_weights
from tui.cli import cli, main
from tui.export.formats import FORMATS

warm_up()  # imports that take seconds are no fault of the case that comes first
for _name in engine.__all__:
    getattr(engine, _name)

OLD = Path(__file__).parents[1] / "old_runs" / "runs_d185b93"
KINDS = ("done", "stopped", "killed", "done-clean")
LONGEST_LINE = 1 << 20
ODD_VALUES: tuple[Any, ...] = (None, True, -1, 0, 1e308, "", "x" * 1000, [], {}, [[]], "nan", 2**70, -0.5, "\ud800")


def old_run(kind: str) -> Path:
    """The folder of a run of that kind."""
    return next(path for path in (OLD / kind).iterdir() if path.is_dir())


def copied(rng: random.Random, folder: Path) -> Path:
    """A copy of one of the old runs."""
    source = old_run(rng.choice(KINDS))
    copy = folder / "runs" / source.name
    shutil.copytree(source, copy)
    return copy


# ------------------------------------------------------------------ the event stream


def other_value(rng: random.Random, data: Any) -> Any:
    """The same JSON with one value replaced, left out or repeated somewhere in it."""
    if isinstance(data, dict) and data and rng.random() < 0.85:
        key = rng.choice(list(data))
        changed = dict(data)
        if rng.random() < 0.15:
            del changed[key]
        elif rng.random() < 0.1:
            changed[rng.choice(("x", "event", "", "time"))] = rng.choice(ODD_VALUES)
        else:
            changed[key] = other_value(rng, data[key])
        return changed
    if isinstance(data, list) and data and rng.random() < 0.7:
        place = rng.randrange(len(data))
        return [*data[:place], other_value(rng, data[place]), *data[place + rng.randrange(2) :]]
    return rng.choice(ODD_VALUES)


def odd_stream(rng: random.Random, content: bytes) -> bytes:
    """A stream that was cut, flipped, shuffled, or written by somebody else."""
    lines = content.splitlines(keepends=True)
    match rng.randrange(6):
        case 0:
            return content[: rng.randrange(len(content) + 1)]
        case 1:
            return damaged(rng, content)
        case 2:
            place = rng.randrange(len(lines))
            lines[place] = lines[place][:-1] + b" " * LONGEST_LINE + b"\n"
        case 3:
            rng.shuffle(lines)
        case 4:
            place = rng.randrange(len(lines))
            lines[place : place + rng.randrange(3)] = [lines[rng.randrange(len(lines))]]
        case _:
            for _ in range(rng.choice((1, 1, 3))):
                place = rng.randrange(len(lines))
                with contextlib.suppress(ValueError):
                    changed = other_value(rng, json.loads(lines[place]))
                    lines[place] = json.dumps(changed).encode() + b"\n"
    return b"".join(lines)


def timeless(events: Sequence[Event]) -> list[str]:
    """Events in a form that compares, also with NaN; one that lost its time was read at another."""
    return [repr(replace(event, time=0.0)) for event in events]


@target("stream")
def stream(rng: random.Random, folder: Path) -> None:
    """Read a damaged stream whole and bit by bit, fold it, say it, and write more."""
    run = copied(rng, folder)
    path = run / "events.jsonl"
    sound = path.read_bytes()
    path.write_bytes(odd_stream(rng, sound))
    follower, bit_by_bit = EventFollower(run), []
    while part := follower.drain(rng.randrange(1, 5000)):
        bit_by_bit += part
    whole = list(read_events(run))
    if timeless(whole) != timeless(bit_by_bit):
        raise WrongAnswer(f"{len(whole)} events at once, {len(bit_by_bit)} bit by bit")
    if sound.startswith(path.read_bytes()) and len(whole) < path.read_bytes().count(b"\n"):
        raise WrongAnswer("whole lines of a stream that was cut off are missing")
    record = StudyRecord.from_events(whole)
    if record.started is not None:
        json.dumps(study_to_json(record), allow_nan=False)
    writer = RunFolder.open_for_resume(run)
    writer.append(StudyFinished(status="stopped", conclusion=()))
    writer.close()
    if not isinstance(list(read_events(run))[-1], StudyFinished):
        raise WrongAnswer("what was appended is not read")


# ------------------------------------------------------------------ checkpoints and weights


IDENTITY = {"variant": "vanilla", "seed": "0"}


@functools.cache
def sound_checkpoint() -> bytes:
    """The content of a small one."""
    position = Position(2, 20, 1.5, 3.0, 4, 0.25, 0.5, 1)
    tensors = {"model.weight": torch.arange(600.0).reshape(20, 30), "optimiser.0.step": torch.tensor(20.0)}
    return checkpoint_to_bytes(Checkpoint(position, tensors, 12.5), IDENTITY)


@target("checkpoint")
def checkpoint(rng: random.Random, folder: Path) -> None:
    """Damage may be found or not matter; what is read must be what was written."""
    content = damaged(rng, sound_checkpoint())
    path = folder / "vanilla-seed0-fold0.safetensors"
    path.write_bytes(content)
    with contextlib.suppress(CheckpointError):
        found = read_checkpoint(path, IDENTITY)
        if found.position != Position(2, 20, 1.5, 3.0, 4, 0.25, 0.5, 1) or found.seconds != 12.5:
            raise WrongAnswer(f"another position: {found.position}")
        weight = found.tensors["model.weight"]
        if not np.array_equal(weight.numpy(), np.arange(600.0).reshape(20, 30)):
            raise WrongAnswer("other numbers, and nothing said")


# ------------------------------------------------------------------ run folders


def upset(rng: random.Random, run: Path) -> None:
    """Remove, rename, damage, replace or swap files of a run."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        with contextlib.suppress(OSError):  # in the way of each other
            upset_once(rng, run)


def upset_once(rng: random.Random, run: Path) -> None:
    """One of these."""
    files = sorted(path for path in run.rglob("*") if path.is_file())
    if not files:
        return
    path, other = rng.choice(files), rng.choice(files)
    match rng.randrange(8):
        case 0:
            path.unlink()
        case 1:
            path.rename(path.with_name(rng.choice(("x", "weights", "events.jsonl", "é.json", path.name + ".bak"))))
        case 2:
            path.write_bytes(damaged(rng, path.read_bytes()))
        case 3:
            path.write_bytes(rng.choice((b"", b"{}", b"null", b"[]", b"\0" * 100, b"[" * 100_000, rng.randbytes(50))))
        case 4:
            path.write_bytes(other.read_bytes())
        case 5:
            path.unlink()
            path.mkdir()
        case 6:
            shutil.rmtree(path.parent) if path.parent != run else path.unlink()
        case _:
            with contextlib.suppress(ValueError):
                path.write_text(json.dumps(other_value(rng, json.loads(path.read_bytes()))))


@target("run")
def run_folder(rng: random.Random, folder: Path) -> None:
    """List, open, export and go on with a run whose folder somebody was in."""
    run = copied(rng, folder)
    upset(rng, run)
    with contextlib.suppress(OSError):
        run.mkdir(exist_ok=True)
    attempts: list[Callable[[], object]] = [
        lambda: list_runs(folder / "runs"),
        lambda: engine.load_config(run),
        lambda: export(rng, run),
        lambda: [load_weights(torch.nn.Linear(2, 2), path) for path in sorted(run.glob("weights/*"))],
        lambda: RunFolder.open_for_resume(run).close(),
    ]
    rng.shuffle(attempts)
    for attempt in attempts:
        with contextlib.suppress(SimpsonsError):
            attempt()


def export(rng: random.Random, run: Path) -> None:
    """One of the formats."""
    form = FORMATS[rng.choice([name for name in FORMATS if name != "tensorboard"])]
    form.render(gather(engine.open_run(run)))


# ------------------------------------------------------------------ the command line


WORDS = (
    *(
        "",
        "-",
        "--",
        "0",
        "-1",
        "1",
        "7",
        "0.5",
        "nan",
        "inf",
        "1e999",
        "9" * 400,
        "a,b",
        ",",
        "all",
        "vanilla",
        "bbox",
    ),
    *("bbox+denoise", "bbox+bbox", "quick", "paper", "96x128", "0x0", "-1x5", "latest", "..", "/"),
    *(
        "/dev/null",
        "~",
        "é",
        "名前",
        "\x07",
        "a b",
        "'",
        "dropout=0.3",
        "dropout=",
        "=",
        "x=1",
        "dropout=nan",
        "$HOME",
        "%s",
        "{}",
        "[red]",
    ),
)
NOT_FOR_FUZZING = {"fetch"}
"""Commands that go to the network."""


def words(rng: random.Random, folder: Path) -> list[str]:
    """A command with options of its own, most with values of any kind."""
    commands = sorted(set(cli.commands) - NOT_FOR_FUZZING)
    name = rng.choice(commands)
    command, line = cli.commands[name], [name]
    if isinstance(command, click.Group) and command.commands and rng.random() < 0.9:
        line.append(rng.choice(sorted(command.commands)))
        command = command.commands[line[-1]]
    places = (*WORDS, str(folder), str(old_run("done")), str(old_run("killed")))
    for _ in range(rng.randrange(5)):
        param = rng.choice([*command.params, click.Argument(["more"])])
        if param.param_type_name == "argument":
            line.append(rng.choice(places))
        else:
            line.append(rng.choice(param.opts))
            if not getattr(param, "is_flag", False) and rng.random() < 0.95:
                line.append(rng.choice(places))
    return [word for word in line if "\0" not in word]


@contextlib.contextmanager
def harmless(folder: Path) -> Iterator[list[StudyConfig]]:
    """Nothing is trained, downloaded, drawn or removed outside the folder; what was to be studied is noted."""
    asked: list[StudyConfig] = []

    def run_study(config: StudyConfig, *_args: object, **_options: object) -> StudyRecord:
        asked.append(config)
        return StudyRecord()

    def refuse(*_args: object, **_options: object) -> Any:
        raise SimpsonsError("not while it is fuzzed")

    names = ("tune", "resume_tuning", "resume_study", "audit_dataset", "measure_explanation", "measure_resolution")
    before = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch("engine.run_study", run_study))
            for name in (*names, "predict_images", "export_onnx", "cache_report", "clear_cache", "fetch_dataset"):
                if hasattr(engine, name):
                    stack.enter_context(mock.patch(f"engine.{name}", refuse))
            stack.enter_context(mock.patch("tui.app.open.open_dashboard", return_value=0))
            stack.enter_context(mock.patch("click.confirm", return_value=False))
            folders = {f"SIMPSONS_TUI_{name}_DIR": str(folder / name) for name in ("RUNS", "CACHE")}
            stack.enter_context(mock.patch.dict(os.environ, {**folders, "SIMPSONS_TUI_OFFLINE": "1"}))
            yield asked
    finally:
        os.chdir(before)


@target("command")
def command_line(rng: random.Random, folder: Path) -> None:
    """Whatever is typed: a status that we know, and no error of the program's own."""
    line = words(rng, folder)
    with harmless(folder):
        status = main(line)
    said = getattr(sys.stderr, "getvalue", str)()
    if "unexpected error" in said or status not in (0, 1, 2):
        raise WrongAnswer(f"{line}: status {status}, {said[-500:]}")
