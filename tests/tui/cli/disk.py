"""As `sitecustomize` of a child process: the disk is full once so many files were flushed to it."""

import errno
import os

_fsync, _left = os.fsync, [int(os.environ["FULL_AFTER"])]


def _full(descriptor: int) -> None:
    _left[0] -= 1
    if _left[0] < 0:
        raise OSError(errno.ENOSPC, "No space left on device")
    _fsync(descriptor)


os.fsync = _full
