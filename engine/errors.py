"""Errors that a user can cause, as one family.

Every message is one line that names the file or option and says what to do; callers print it without a traceback.
"""

FAILURE, WRONG_USE = 1, 2
"""Exit statuses of the program."""

SIGNAL_STATUS = 128
"""A shell's habit: ended by signal n is status 128 + n."""

INTERRUPTED = SIGNAL_STATUS + 2


class SimpsonsError(Exception):
    """Base of every error with a message meant for the user; exit status 1."""

    exit_status = FAILURE


class InputError(SimpsonsError):
    """Wrong use or wrong input (an option, a file, a data set); exit status 2."""

    exit_status = WRONG_USE


class DatasetError(InputError):
    """A data set that cannot be used as it is."""


class UnrepeatableError(DatasetError):
    """A step of the user's own that gives other pixels for the same: none of its results is worth keeping."""


class WeightsError(InputError):
    """A weights file that is missing or is not what it should be."""


class DownloadError(SimpsonsError):
    """Something could not be fetched from the network."""


class ExecutionError(SimpsonsError):
    """An engine that jobs run on refuses or does not answer.

    Attributes:
        permanent: whether asking again cannot help ("no such partition").
        unsure: whether the engine may have done what it was asked for all the same.
    """

    def __init__(self, message: str, *, permanent: bool = False, unsure: bool = False) -> None:
        super().__init__(message)
        self.permanent, self.unsure = permanent, unsure


class StorageError(SimpsonsError):
    """A folder of ours that cannot be written or read."""


class StudyStopped(Exception):  # noqa: N818 - a signal, not an error
    """Raised inside the engine where work ends because the user asked for it; never shown as an error."""


def describe_error(error: Exception) -> str:
    """An error as one line for the user."""
    if isinstance(error, SimpsonsError):
        return str(error)
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def require(fits: bool, message: str) -> None:
    """Refuse what does not fit.

    Raises:
        InputError: with the message.
    """
    if not fits:
        raise InputError(message)
