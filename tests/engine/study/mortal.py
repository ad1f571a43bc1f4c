"""A study that is killed again and again, each time at another moment, and always gone on with.

As a script: `mortal.py DATA WORK KILLS SEED`. It imports what the work needs once and forks a process a life. Each
counts its moments: every batch, every piece of a file that is written, every file that is brought to the disk or
renamed, in the run folder as in the caches and in an export at the end. At one of them, drawn at random, it ends itself
by SIGKILL, after half of what it was about to write. Prints one JSON object: how many kills there were, where, and
whether all outcomes are that of the undisturbed study.
"""

import json
import os
import random
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study import BatchTrained, Event
from engine.events.study_json import study_to_json
from engine.finished.dossier import gather
from engine.finished.run import open_run
from engine.preprocess import segment
from engine.runs import load_record, stream
from engine.runs.listing import list_runs
from engine.study.running import resume_study, run_study, warm_up
from engine.training import loop
from tui.export.formats import FORMATS
from tui.export.saving import export_to

LONGEST_LIFE = 60
"""Moments that a life has at most; the undisturbed study has some 250."""


class Death:
    """Ends this process at its n-th moment."""

    def __init__(self, moments: int, note: Path) -> None:
        self._left, self._note = moments, note

    def near(self, place: str, half: Callable[[], object] = lambda: None) -> None:
        """A moment; if it is the last, do half of what was to come and die."""
        self._left -= 1
        if self._left == 0:
            half()
            self._note.write_text(place)
            os.kill(os.getpid(), signal.SIGKILL)

    def lurk(self) -> None:
        """Stand beside everything that writes."""
        fsync, rename = os.fsync, Path.replace

        def mortal_fsync(descriptor: int) -> None:
            self.near(place_of(Path(f"/proc/self/fd/{descriptor}").readlink()))
            fsync(descriptor)

        def mortal_rename(path: Path, target: Path) -> Path:
            self.near(f"renaming to {place_of(target)}")
            return rename(path, target)

        os.fsync, Path.replace = mortal_fsync, mortal_rename  # type: ignore[assignment, method-assign]
        flush = stream.LineStream.flush

        def mortal_flush(lines: stream.LineStream) -> None:
            text = b"".join(lines._waiting)
            self.near("writing events", lambda: os.write(lines._file.fileno(), text[: len(text) // 2]))
            flush(lines)

        stream.LineStream.flush = mortal_flush  # type: ignore[method-assign]
        append = segment.Segment.append

        def mortal_append(kept: segment.Segment, entries: Any) -> Any:
            self.near("writing the cache", lambda: append(kept, entries[: len(entries) // 2]))
            return append(kept, entries)

        segment.Segment.append = mortal_append  # type: ignore[method-assign]

    def watch(self, event: Event) -> None:
        """A batch is a moment too."""
        if isinstance(event, BatchTrained):
            self.near("between batches")


def place_of(path: Path) -> str:
    """What a file is for."""
    known = ("checkpoints", "weights", "predictions", "metrics", "pixels", "exports", "events.jsonl", "summary.json")
    text = str(path)
    return next((name for name in known if name in text), "another file")


def outcome(record: StudyRecord) -> str:
    """What must not depend on how often it was interrupted."""
    data = study_to_json(record)
    for name in ("study", "folder", "messages"):
        del data[name]
    for variant in data["variants"].values():
        for part in (variant, *variant["jobs"]):
            del part["seconds"]
    predictions = [(key, repr(result.predictions)) for key, result in sorted(record.results.items())]
    return json.dumps([data, predictions], sort_keys=True)


def difference(one: str, other: str) -> str:
    """Where two outcomes part, for whoever looks for the reason."""
    place = next(i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return f"{one[max(0, place - 200) : place + 100]!r} and {other[max(0, place - 200) : place + 100]!r}"


def life(config: StudyConfig, moments: int, note: Path) -> bool:
    """One process that runs the study, or goes on with it; returns whether it came to its end."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return False
        assert status == 0, "a life ended by itself"
        return True
    try:
        death = Death(moments, note)
        death.lurk()
        runs = list_runs(config.runs_dir)
        if runs and runs[0].resumable:
            resume_study(runs[0].folder, death.watch, replay=lambda event: None)
        elif not runs:
            run_study(config, death.watch)
        export(config, death)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def export(config: StudyConfig, death: Death) -> None:
    """Write the run's curves as files for other tools."""
    (run,) = list_runs(config.runs_dir)
    exported = gather(open_run(run.folder))
    death.near("before an export")
    export_to(exported, FORMATS["csv"], exports_of(config), force=True)


def exports_of(config: StudyConfig) -> Path:
    """Where they go."""
    return config.runs_dir.with_name("exports")


def study(config: StudyConfig, kills: int, generator: random.Random, places: Counter[str]) -> tuple[str, int]:
    """The outcome of a study that is killed `kills` times, or until it is done; and how often it was."""
    note, killed = config.runs_dir.with_name("note"), 0
    while killed < kills and not life(config, generator.randint(1, LONGEST_LIFE), note):
        killed += 1
        places[note.read_text()] += 1
    if killed == kills:
        assert life(config, -1, note)
    (run,) = list_runs(config.runs_dir)
    assert run.state == "done", run
    # Killed after its last event, a run keeps its last summary's half: nobody opens it for writing again.
    left = {path.name.rpartition("-")[0] for path in run.folder.rglob(".*")}
    assert left <= {".summary.json"}, f"half-written files are left: {left}"
    assert json.loads((run.folder / "result.json").read_bytes())["status"] == "done"
    assert not list((run.folder / "checkpoints").iterdir()), "checkpoints are left"
    whole = [path for path in exports_of(config).iterdir() if not path.name.startswith(".")]
    assert whole, "no export"
    assert all(path.read_bytes().endswith(b"\n") for path in whole), "an export is not whole"
    return outcome(load_record(run.folder)), killed


def main() -> None:
    data, work, kills, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    warm_up()
    loop.KEEP_SECONDS = 0.0  # a checkpoint an epoch, so that there are some to go on from
    config = StudyConfig(
        data=data,
        variants=("vanilla", "bbox"),
        recipe=replace(RECIPES["quick"], image_size=(16, 20), batch_size=10, epochs=3),
        offline=True,
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        device="cpu",
        cache_dir=work / "cache",
        runs_dir=work / "undisturbed" / "runs",
    )
    assert life(config, -1, work / "note")
    (run,) = list_runs(config.runs_dir)
    expected = outcome(load_record(run.folder))
    generator, places, dead, studies, same = random.Random(seed), Counter[str](), 0, 0, True
    while dead < kills:
        studies += 1
        place = work / str(studies)
        place.mkdir()
        # A cache of its own, so that filling it can be interrupted too.
        mortal = replace(config, cache_dir=place / "cache", runs_dir=place / "runs")
        result, killed = study(mortal, kills - dead, generator, places)
        same, dead = same and result == expected, dead + killed
        if result != expected:
            sys.stderr.write(f"{place}: {difference(result, expected)}\n")
    sys.stdout.write(json.dumps({"kills": dead, "studies": studies, "same": same, "places": places}) + "\n")


if __name__ == "__main__":
    main()
