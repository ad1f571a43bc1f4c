"""What holds for the tests of the terminal side."""

import pytest

from tests.tui import idle


@pytest.fixture(autouse=True, scope="session")
def _waits_for_the_app_alone():
    """A pilot goes on as soon as the app has nothing to do."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.pilot", "textual.app"):
            patch.setattr(f"{module}.wait_for_idle", idle.wait_for_idle)
        yield
