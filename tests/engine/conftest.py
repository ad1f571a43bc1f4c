"""Engines that jobs run on, as real as this machine has them."""

import importlib.util
import subprocess
from types import SimpleNamespace

import pytest

from tests import warm
from tests.engine.executing.slurm_cluster import SlurmCluster, unavailable, wait_until


@pytest.fixture(autouse=True, scope="session")
def _workers_import_once():
    """What forks the workers of this machine is forked itself, from a process that has imported the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.executing.local.subprocess", SimpleNamespace(PIPE=subprocess.PIPE, Popen=warm.start))
        yield


@pytest.fixture(scope="session")
def slurm_cluster(tmp_path_factory):
    """A Slurm of two nodes; one for each of pytest's processes that needs it."""
    if reason := unavailable():
        pytest.skip(reason)
    with SlurmCluster(tmp_path_factory.mktemp("slurm") / "cluster") as started:
        yield started


@pytest.fixture
def slurm(slurm_cluster, monkeypatch):
    """The cluster, for commands of this process; left empty."""
    for name, value in slurm_cluster.environment.items():
        monkeypatch.setenv(name, value)
    yield slurm_cluster
    slurm_cluster.call("scancel", "--me")
    wait_until(lambda: not slurm_cluster.call("squeue", "--me", "-h"))


@pytest.fixture(scope="session")
def ray_cluster():
    """A Ray of one node with two processors and, as it believes, two GPUs; more nodes can be added."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs Ray: the extra of that name")
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "num_gpus": 2, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    yield cluster
    cluster.shutdown()
