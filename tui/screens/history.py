"""stub"""

from textual.screen import Screen


class HistoryScreen(Screen[None]):
    def __init__(self, desk):
        super().__init__()
