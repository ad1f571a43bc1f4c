"""Whether a lock file is held, as far as the disk can say."""

from pathlib import Path

from filelock import FileLock, Timeout


def is_locked(path: Path) -> bool | None:
    """Whether a process holds the lock of a file that is there; None where this disk has no locks.

    Processes of other machines are seen only where the disk carries locks between them: True is always right.

    Raises:
        OSError: the file cannot be opened for writing.
    """
    with path.open("r+b"):
        pass
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return None
