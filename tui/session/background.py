"""Work in a thread."""

import threading
from collections.abc import Callable


def in_background(name: str, work: Callable[[], None]) -> threading.Thread:
    """Run in a daemon thread; Textual's own workers would hold the program open until they end."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
