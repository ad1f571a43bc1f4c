"""Killed at any moment, a study goes on to the same predictions and metrics."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KILLS, SEED = 8, 3
TIMEOUT = 300


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and looks into /proc")
def test_a_study_killed_eight_times_ends_as_one_that_was_not(tiny_dataset, tmp_path):
    script = Path(__file__).with_name("mortal.py")
    child = subprocess.run(
        [sys.executable, str(script), str(tiny_dataset), str(tmp_path), str(KILLS), str(SEED)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["same"], told
    assert told["kills"] == KILLS
