"""Peak memory of a paper-recipe run: what the process holds beyond the page cache.

The real program without a screen runs all four variants of the paper recipe on a few hundred images, from an empty
cache to the end, the choice of precision included; anonymous and shared memory are looked at every 20 ms.
`growth` says that more images do not take more.
"""

import subprocess

from processes import PROGRAM, environment, memory_meter
from table import Row
from terminal import study_options
from workplace import Workplace

GIGA = 1e9
MOST_GIGABYTES = 4.0


def rows(place: Workplace) -> list[Row]:
    """(8) the peak."""
    peak = measure(place) / GIGA
    return [
        Row(
            "(8) peak memory beyond the page cache, paper recipe, four variants",
            f"{peak:.2f} GB",
            target=f"at most {MOST_GIGABYTES:g} GB",
            met=peak <= MOST_GIGABYTES,
        )
    ]


def measure(place: Workplace) -> int:
    """Bytes at the peak."""
    images, epochs = place.size(200, 100), place.size(2, 1)
    options = study_options(
        place.data_set(images), "paper", place.folder / "cache-memory", place.folder / "runs-memory"
    )
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(
        [*PROGRAM, "run", *options, "--epochs", str(epochs)],
        env=environment(),
        stdin=nowhere,
        stdout=nowhere,
        stderr=nowhere,
    )
    with memory_meter(process.pid) as meter:
        status = process.wait()
    if status:
        raise RuntimeError(f"the run ended with status {status}")
    return meter.peak_bytes
