"""Kills a small study at random moments and goes on with it, again and again; the outcome must never differ."""

import json
import subprocess
import sys

from processes import PROJECT, environment
from table import Row
from workplace import Workplace

KILLS, QUICK_KILLS, SEED = 100, 20, 11
IMAGES = 48
SCRIPT = PROJECT / "tests" / "engine" / "study" / "mortal.py"


def rows(place: Workplace) -> list[Row]:
    """How many kills it took, where they hit, and whether each study ended as one that nothing disturbed."""
    if not sys.platform.startswith("linux"):
        return [Row("studies killed at random: not measured here (needs Linux)", "-")]
    kills = place.size(KILLS, QUICK_KILLS)
    work = place.folder / "kills"
    work.mkdir()
    command = [sys.executable, SCRIPT, place.data_set(IMAGES), work, kills, SEED]
    child = subprocess.run(
        [str(word) for word in command], env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    told = json.loads(child.stdout)
    places = ", ".join(f"{name} {count}" for name, count in sorted(told["places"].items(), key=lambda entry: -entry[1]))
    return [
        Row(
            f"{told['studies']} studies killed {told['kills']} times ({places}) and gone on with",
            "same outcome" if told["same"] else "another outcome",
            "undisturbed study",
            target="the same predictions and metrics",
            met=told["same"],
        )
    ]
