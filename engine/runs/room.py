"""Waiting for room on a full disk: with pauses, said once a minute, and ended by a stop."""

import time
from collections.abc import Callable
from pathlib import Path

from engine.events.control import StudyControl
from engine.system.files import is_full

SAY_SECONDS = 60.0
"""A full disk is spoken of no more often than this: where lines go to the same disk they would fill it again."""


class Room:
    """Has the study that writes into a folder wait while its disk is full.

    The study waits in its control's checkpoints, so a stop from anywhere ends that. Where nobody serves it, nothing
    waits.
    """

    def __init__(self, folder: Path) -> None:
        self._message = f"the disk of {folder} is full: free some space; the study waits and then goes on"
        self._control: StudyControl | None = None
        self._say: Callable[[str], None] = _say_nothing
        self._said = -SAY_SECONDS

    def serve(self, control: StudyControl, say: Callable[[str], None]) -> None:
        """Have `control` wait, and `say` get a sentence for the user when that begins and once a minute."""
        self._control, self._say = control, say

    def lacks(self, cleared: Callable[[], bool]) -> None:
        """The disk is full: the study waits at its next checkpoint until `cleared()`, unless it is to stop."""
        if self._control is None or self._control.stop_requested:
            return
        if not self._control.held:
            self._control.block_until(cleared, self._message)
        if time.monotonic() - self._said >= SAY_SECONDS:
            self._said = time.monotonic()
            self._say(self._message)

    def wait(self, write: Callable[[], object]) -> None:
        """Write something here and now, after a wait where there is no room; in the engine's thread only.

        Raises:
            StudyStopped: a stop ended the wait; it is not written.
            OSError: it cannot be written for another reason, or nobody is served and the disk is full.
        """
        control, done = self._control, False

        def fits() -> bool:
            nonlocal done
            try:
                if not done:
                    write()
            except OSError as error:
                if control is None or not is_full(error):
                    raise
                self.lacks(fits)
                return False
            done = True
            return True

        while not fits():
            assert control is not None
            control.checkpoint()


def _say_nothing(_message: str) -> None:
    pass
