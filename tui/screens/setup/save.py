"""A small window of the set-up: where to write the study as a file."""

from pathlib import Path

from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.screens.path import PathScreen


class SaveScreen(PathScreen):
    """Writes a study file (see `engine.config.study_file`), over none that is there."""

    HEADING, VERB = "study file", "write"
    QUESTION, EMPTY = "Where to write this study, for simpsons-tui run --study FILE", "my.toml"

    def __init__(self, config: StudyConfig) -> None:
        super().__init__()
        self._config = config

    def complaint_about(self, text: str) -> str:
        """Why the file could not be written; "" once it is."""
        from engine.config.study_file import save_study

        try:
            save_study(self._config, path := Path(text or self.EMPTY).expanduser())
        except InputError as error:
            return str(error)
        self.app.notify(f"simpsons-tui run --study {path}", title="study file written", markup=False)
        return ""
