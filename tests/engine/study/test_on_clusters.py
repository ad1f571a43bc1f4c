"""A study on Slurm or on Ray comes to the numbers of one in this process."""

from dataclasses import replace

import pytest

from engine.config.execution import Execution
from engine.events.study import AttemptEnded, AttemptSubmitted
from engine.runs import load_record
from engine.runs.listing import list_runs
from engine.study import coordinator
from engine.study.running import run_study
from tests.engine.study.mortal import outcome


@pytest.fixture
def come_out(config, tmp_path):
    """What a study of one job comes to where it runs as told, its files included."""

    def run(execution, watch=lambda event: None):
        runs = tmp_path / f"runs-{execution.on}"
        run_study(replace(config, variants=("vanilla",), runs_dir=runs, execution=execution), watch)
        (found,) = list_runs(runs)
        record = load_record(found.folder)
        files = {
            path.name: path.read_bytes()
            for part in ("weights", "predictions")
            for path in (found.folder / part).iterdir()
        }
        return outcome(record), record.losses, files

    return run


@pytest.mark.slurm
def test_on_slurm_where_somebody_cancels_its_job(slurm, come_out, monkeypatch):
    monkeypatch.setitem(coordinator.SETTLE_SECONDS, "slurm", 0.0)  # one disk for all
    submitted, ended = [], []

    def watch(event):
        if isinstance(event, AttemptSubmitted):
            submitted.append(event.place)
            if len(submitted) == 1:
                slurm.call("scancel", event.place.split()[-1])
        if isinstance(event, AttemptEnded):
            ended.append(event.reason)

    assert come_out(Execution(on="slurm", slurm_options="-p main", workers=2), watch) == come_out(Execution())
    assert ended == ["the Slurm job was cancelled", ""]
    assert len(set(submitted)) == 2


@pytest.mark.ray
def test_on_ray(ray_cluster, come_out):
    assert come_out(Execution(on="ray", ray_address=ray_cluster.address, workers=2)) == come_out(Execution())
