"""Versions of what is installed, this program's among them."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "simpsons-tui"


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution; None where there is none."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def program_version() -> str:
    """The program's own, or "unknown" where the source is used without being installed."""
    return installed_version(DISTRIBUTION) or "unknown"
