"""Killed at any moment, a study goes on to the same predictions and metrics."""

import json
import sys
from pathlib import Path

import pytest

from tests.warm import run_warm

ROOT = Path(__file__).parents[3]
KILLS, SEED = 8, 3
TIMEOUT = 300


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and looks into /proc")
def test_a_study_killed_eight_times_ends_as_one_that_was_not(tiny_dataset, tmp_path):
    words = [str(word) for word in (tiny_dataset, tmp_path, KILLS, SEED)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    code = Path(__file__).with_name("mortal.py").read_text(encoding="utf-8")
    child = run_warm(words, environment, tmp_path / "streams", TIMEOUT, code)
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["same"], told
    assert told["kills"] == KILLS
