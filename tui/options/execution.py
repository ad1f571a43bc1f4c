"""The options that say where a study's jobs run, and how many at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click
from cloup import option_group

from engine.config.execution import ENGINES, Execution
from tui.options.basics import option

AUTO = "auto"
EXECUTION_OPTIONS = ("workers", "on", "slurm_options", "ray_address", "gpus")
"""Their parameters, which are the fields of `Execution`."""


def worker_count(value: str) -> int | str:
    """A number of workers, or "auto".

    Raises:
        click.BadParameter: it is neither.
    """
    if value == AUTO:
        return AUTO
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise click.BadParameter(f"{value!r}: give a number from 1 on, or {AUTO}")
    return int(value)


EXECUTION_GROUP = option_group(
    "Where jobs run",
    option(
        "--workers",
        type=worker_count,
        metavar="N",
        help="Jobs at once, in processes of their own; auto fills the cores or GPUs, and is usual for --on slurm and "
        "ray. With 1 (usual otherwise) the study's own process trains.",
    ),
    option("--on", type=click.Choice(ENGINES), help="What runs them: this machine (local), Slurm or Ray."),
    option("--slurm-options", metavar="WORDS", help="What sbatch gets besides, as '-p gpu --gres=gpu:1 -t 2:00:00'."),
    option("--ray-address", metavar="ADDRESS", help="The Ray cluster; without it RAY_ADDRESS, or the one that is up."),
    option("--gpus", type=float, metavar="G", help="GPUs of each job; with --on ray also a part of one, as 0.5."),
)


def chosen_execution(options: Mapping[str, Any], before: Execution) -> Execution:
    """`before` with what the options give; words for an engine count no more where another is named.

    Raises:
        InputError: they do not go together.
    """
    given = {name: options[name] for name in EXECUTION_OPTIONS if options[name] is not None}
    if given.get("on", before.on) != before.on:
        before = Execution(workers=before.workers if given["on"] == "local" else None, gpus=before.gpus)
    if given.get("workers") == AUTO:
        given["workers"] = None
    return replace(before, **given)
