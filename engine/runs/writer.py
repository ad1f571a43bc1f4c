"""Writing one run folder so that a kill at any moment leaves it whole, and a full disk loses nothing."""

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config.execution import Execution
from engine.config.study import StudyConfig
from engine.config.trackers import TrackerName
from engine.errors import StorageError
from engine.events import study as events
from engine.events.codec import to_jsonable
from engine.events.record import JobKey, StudyRecord
from engine.runs import layout
from engine.runs.event_folder import EventFolder
from engine.runs.lock import WriterLock, describe_writer
from engine.runs.naming import new_run
from engine.runs.requests import forget_requests
from engine.runs.summary import summarise, summary_to_json
from engine.system.files import json_bytes, remove_leftovers, replace_json, sync_folder
from engine.system.process import processor_name
from engine.system.version import installed_version, program_version


class RunFolder(EventFolder):
    """One study's folder, open for writing by the one process that makes it."""

    def __init__(self, folder: Path, lock: WriterLock) -> None:
        """Open a folder whose lock is held.

        Raises:
            OSError: it cannot be written.
            StorageError: it is no run folder.
        """
        self.header = layout.read_header(folder)
        super().__init__(folder)
        self._lock = lock
        self._paused = False
        lock.on_beat, lock.on_lost = self._bring_to_disk, self._leave

    @classmethod
    def create(cls, runs_dir: Path, config: StudyConfig) -> "RunFolder":
        """Make a new folder, named by the time (UTC) and a random part.

        Raises:
            StorageError: the folder cannot be made or written.
        """
        folder: Path | None = None
        try:
            folder, sequence = new_run(runs_dir)
            lock = WriterLock(folder)
            lock.acquire()
            header = layout.RunHeader(
                layout.FORMAT_VERSION,
                folder.name,
                to_jsonable(_from_anywhere(config)),
                sequence,
                environment=describe_environment(),
            )
            replace_json(folder / layout.STUDY_FILE, to_jsonable(header))
            return cls(folder, lock)
        except OSError as error:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            reason = error.strerror or str(error)
            raise StorageError(f"cannot write to {runs_dir} ({reason}): name another folder with --runs-dir") from None

    @classmethod
    def open_for_resume(cls, folder: Path, *, wait_seconds: float | None = None) -> "RunFolder":
        """Open a run to resume it, once nobody else writes it.

        Raises:
            StorageError: another process writes it, or it cannot be written or is damaged.
        """
        header = layout.read_header(folder)
        lock = WriterLock(folder)
        try:
            lock.acquire(wait_seconds)
            forget_requests(folder)
            remove_leftovers(folder, besides=layout.ATTEMPTS)
            if header.version < layout.FORMAT_VERSION:
                newer = replace(header, version=layout.FORMAT_VERSION)  # what follows is in this version's words
                replace_json(folder / layout.STUDY_FILE, to_jsonable(newer))
            return cls(folder, lock)
        except OSError as error:
            lock.release()
            raise StorageError(f"cannot write to {folder}: {error.strerror or error}") from None
        except StorageError:
            lock.release()
            raise

    @property
    def study(self) -> str:
        """The study's ID."""
        return self.header.study

    def append(self, event: events.Event) -> None:
        """Add one event to the stream; predictions go to a file of their own."""
        if isinstance(event, events.StudyPaused | events.StudyUnpaused):
            self._paused = isinstance(event, events.StudyPaused)
        if isinstance(event, events.DatasetChecked) and not self.header.fingerprint:
            self._put_header(replace(self.header, fingerprint=event.dataset.fingerprint))
        super().append(event)

    def write_summary(self, record: StudyRecord) -> None:
        """Bring what lists of runs show up to date."""
        summary = summarise(record, self.folder, sequence=self.header.sequence, paused=self._paused)
        self._put(self.folder / layout.SUMMARY_FILE, json_bytes(summary_to_json(summary)))

    def write_result(self, result: dict[str, Any]) -> None:
        """Write the study's JSON object beside the stream."""
        self._put(self.folder / layout.RESULT_FILE, json_bytes(result))

    def keep_choices(self, execution: Execution, log: Sequence[TrackerName]) -> None:
        """From here on the jobs run elsewhere, or more of them at once, or other trackers are written."""
        config = {**self.header.config, "execution": to_jsonable(execution), "log": list(log)}
        if config != self.header.config:
            self._put_header(replace(self.header, config=config))

    def adopt(self, key: JobKey, part: str, source: Path) -> None:
        """Move a job's weights or checkpoint here from an attempt's folder, if there are any.

        The events that were appended before are on the disk before it.
        """
        with self._busy:
            self._write(durable=True)
            target = self._job_file(part, key, "safetensors")
            try:
                target.parent.mkdir(exist_ok=True)
                source.replace(target)
                sync_folder(target.parent)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._fail(error)

    def lend_checkpoint(self, key: JobKey, target: Path) -> None:
        """Move a job's checkpoint to an attempt's folder, if there is one."""
        with self._busy:
            try:
                target.parent.mkdir(exist_ok=True)
                self.checkpoint_file(key).replace(target)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Bring all to the disk, as far as it has room, and let others write."""
        with self._busy:
            super().close()
            self._lock.release()

    def discard(self) -> None:
        """Remove the folder of a study that never came to work."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _bring_to_disk(self) -> None:
        """Other machines see what was synced; a batch alone is not."""
        self._catch_up()

    def _leave(self) -> None:
        """Another process has taken this one for dead and writes the run: nothing may come between its lines."""
        with self._busy:
            self.failure = f"{self.folder}: {describe_writer(self.folder)} goes on with it"
            self._stream.close()
            if self._control is not None:
                self._control.hand_over()

    def _put_header(self, header: layout.RunHeader) -> None:
        self.header = header
        self._put(self.folder / layout.STUDY_FILE, json_bytes(to_jsonable(header)))


def _from_anywhere(config: StudyConfig) -> StudyConfig:
    """The same with paths that mean the same in every working folder, and without what is asked of one start only."""
    paths = {name: getattr(config, name) for name in ("data", "superres_weights", "cache_dir", "runs_dir")}
    absolute: dict[str, Any] = {name: path.absolute() for name, path in paths.items() if path is not None}
    return replace(config, recheck=False, **absolute)


_LIBRARIES = ("torch", "torchvision", "numpy", "scikit-learn", "scikit-image", "pillow")


def describe_environment() -> dict[str, Any]:
    """Versions of Python, the program and the libraries that compute, and the machine; loads none of them."""
    return {
        "program": program_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "libraries": {name: installed_version(name) for name in _LIBRARIES},
    }
