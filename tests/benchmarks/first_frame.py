"""How long it takes from the program's start until its first screen is complete.

The real program in a pseudo-terminal, started several times: from the start of the process to the output after which
first line, panels and the line of keys stand on the screen. The files are in the page cache, as after an earlier start.
"""

import statistics
import time

from table import Row, spread
from terminal import Terminal, study_options
from workplace import Workplace

FIRST_FRAME = ("simpsons-tui", "data set", "variants", "recipe", "superres", "Quit")
MOST_SECONDS = 0.7
LOOK_SECONDS = 0.3
"""Between two looks, which take processor time; what counts is when the output came."""


def rows(place: Workplace) -> list[Row]:
    """(7) launch to first frame."""
    launch(place)  # compiles what was not
    times = [launch(place) for _ in range(place.size(9, 5))]
    middle = statistics.median(times)
    return [
        Row(
            f"(7) launch to first frame, {len(times)} launches",
            spread(times, "s"),
            target=f"at most {MOST_SECONDS:g} s",
            met=middle <= MOST_SECONDS,
        )
    ]


def launch(place: Workplace) -> float:
    """Seconds from the start to the first frame."""
    options = study_options(place.data_set(200), "paper", place.cache_dir, place.folder / "runs-launch")
    with Terminal(options) as terminal:
        while terminal.alive():
            time.sleep(LOOK_SECONDS)
            for moment, text in terminal.screens():
                if all(word in text for word in FIRST_FRAME):
                    return moment - terminal.started
    raise RuntimeError("the dashboard ended before its first frame")
