"""The fixtures of the dashboard's tests."""

from tests.tui.dashboard.conftest import _plain_terminal, kit, make_app

__all__ = ["_plain_terminal", "kit", "make_app"]
