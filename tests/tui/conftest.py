"""What holds for the tests of the terminal side."""

from pathlib import Path
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

from tests.tui import idle

SCREENS = [Path(__file__).parent / name for name in ("dashboard", "pictures", "predict", "results")]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where only the lines of the engine are counted: not in the tests of screens, which take twice as long with it."""
    if config.getoption("cov_source", None) != ["engine"]:
        return
    for item in items:
        if any(folder in item.path.parents for folder in SCREENS):
            item.add_marker("no_cover")


@pytest.fixture(autouse=True, scope="session")
def _waits_for_the_app_alone():
    """A pilot goes on as soon as the app has nothing to do."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.pilot", "textual.app"):
            patch.setattr(f"{module}.wait_for_idle", idle.wait_for_idle)
        yield


@pytest.fixture(autouse=True, scope="session")
def _styles_are_parsed_once():
    """Of every app's style sheets only the first of the same text and variables is parsed."""
    parse, known = Stylesheet._parse_rules, {}

    def parsed(sheet: Stylesheet, *arguments: Any, **more: Any) -> Any:
        key = arguments, *more.items(), tuple(sheet._variables.items())
        if key not in known:
            known[key] = parse(sheet, *arguments, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parsed)
        yield
