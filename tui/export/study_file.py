"""A study as the file that repeats it (see `engine.config.study_file`)."""

from typing import TYPE_CHECKING

from engine.config.study_file import study_text
from engine.errors import InputError
from tui.options.reproduce import as_it_ran, configuration_of

if TYPE_CHECKING:
    from engine import Exported


def render(exported: "Exported") -> bytes:
    """One file, for `simpsons-tui run --study`.

    Raises:
        InputError: nothing is known of what the study was asked to do.
    """
    config = exported.config or configuration_of(exported.record)
    if config is None:
        raise InputError("the study's configuration was not found")
    return study_text(as_it_ran(config, exported.record.machine)).encode()
