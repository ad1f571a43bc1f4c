"""Imported by the process that others are forked from; says who prepared it and who runs it."""

import os

prepared_by = 0


def before_forks() -> None:
    global prepared_by  # noqa: PLW0603
    prepared_by = os.getpid()


def main(_: list[str]) -> None:
    print(prepared_by, os.getpid(), flush=True)  # noqa: T201
