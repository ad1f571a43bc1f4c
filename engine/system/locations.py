"""Default folders for the cache, runs and searches, and the file of settings."""

from pathlib import Path

from platformdirs import user_cache_path, user_config_path, user_data_path

APPLICATION = "simpsons-tui"


def cache_folder(given: Path | None = None) -> Path:
    """Folder for what can be made again: demo set, pre-processed images, machine timings."""
    return given if given is not None else user_cache_path(APPLICATION, appauthor=False)


def runs_folder(given: Path | None = None) -> Path:
    """Folder that holds one folder a study."""
    return given if given is not None else user_data_path(APPLICATION, appauthor=False) / "runs"


def tuning_folder(runs_dir: Path | None = None) -> Path:
    """Folder that holds one folder a search for a recipe's numbers; within that of the runs."""
    return runs_folder(runs_dir) / "tuning"


def settings_file() -> Path:
    """The file of the user's settings; it need not be there."""
    return user_config_path(APPLICATION, appauthor=False) / "settings.toml"
