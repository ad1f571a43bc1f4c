"""The option that says which trackers a study is written to while it trains."""

import click
from cloup import option_group

from engine.config.grammar import choose_from
from engine.config.trackers import TRACKERS
from tui.options.basics import option
from tui.options.values import names


def tracker_names(value: str) -> tuple[str, ...]:
    """Names of trackers with commas between them, each once.

    Raises:
        click.BadParameter: one is not known.
    """
    found = tuple(dict.fromkeys(names(value)))
    for name in found:
        if name not in TRACKERS:
            raise click.BadParameter(f"unknown tracker {name!r}: {choose_from(name, TRACKERS)}")
    return found


TRACKER_GROUP = option_group(
    "Trackers",
    option(
        "--log",
        type=tracker_names,
        metavar="A,B,...",
        help=f"Write trackers while training, into the run folder or where they are set up to: {', '.join(TRACKERS)}.",
    ),
)
