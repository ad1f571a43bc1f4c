"""How long a test's pilot waits after a key: until the app has nothing to do, instead of until the process is idle.

Textual's own wait goes by the processor time of the whole process, and gives up after a second. An app whose charts are
drawn anew thirty times a second never looks idle to it: each key costs the second.
"""

import asyncio
from time import monotonic, process_time, thread_time

from textual._context import active_app
from textual.app import ScreenStackError

LOOK_SECONDS = 0.005
LOOKS = 3
THREADS_SHARE = 0.1
"""Of a look, what other threads may compute: more, and an answer is on its way."""


def _owes_a_paint() -> bool:
    """Whether the screen has to be laid out or painted, or has something to do once it was."""
    try:
        screen = active_app.get().screen
    except ScreenStackError:
        return False
    required = screen._layout_required or screen._scroll_required or screen._repaint_required
    return bool(required or screen._recompose_required or screen._dirty_widgets or screen._callbacks)


async def _handle_messages(until: float) -> None:
    """Let every task go on until all of them wait for a time, a thread or a message."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    while ready and monotonic() < until:
        await asyncio.sleep(0)


async def wait_for_idle(min_sleep: float = 0.02, max_sleep: float = 1) -> None:
    """Wait until several looks in a row find no message, no paint and no thread at work."""
    start, quiet = monotonic(), 0
    while quiet < LOOKS or monotonic() < start + min_sleep:
        began, threads = monotonic(), process_time() - thread_time()
        await asyncio.sleep(LOOK_SECONDS)
        await _handle_messages(start + max_sleep)
        worked = process_time() - thread_time() - threads
        at_work = _owes_a_paint() or worked > THREADS_SHARE * (monotonic() - began)
        quiet = 0 if at_work else quiet + 1
        if monotonic() > start + max_sleep:
            return
