"""The program's own version, as installed."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "simpsons-tui"


def program_version() -> str:
    """The installed version, or "unknown" where the source is used without being installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
