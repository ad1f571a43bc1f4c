"""Work done ahead by threads and handed over in its order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from engine.events.control import StudyControl

Item = TypeVar("Item")
Result = TypeVar("Result")

QUEUE_PER_THREAD = 3
"""Images under way for each thread, so that none waits while results are used or written."""


def in_order(
    pool: ThreadPoolExecutor,
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int,
    control: StudyControl,
) -> Iterator[Result]:
    """The results of `work` in the order of the items; a few are always under way.

    Raises:
        StudyStopped: a stop was asked for.
    """
    under_way: deque[Future[Result]] = deque()
    for item in items:
        under_way.append(pool.submit(work, item))
        if len(under_way) >= QUEUE_PER_THREAD * threads:
            control.checkpoint()
            yield under_way.popleft().result()
    while under_way:
        control.checkpoint()
        yield under_way.popleft().result()
