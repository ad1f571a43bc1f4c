"""A real Slurm of several nodes on this machine, as root: all of its files in one folder, ports that are free."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
ACCOUNTING_PROGRAMS = ("slurmdbd", "sacctmgr", "sacct", "mariadbd", "mariadb", "mariadb-install-db")
FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"
PATIENCE_S = 120

_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
SlurmdParameters=config_overrides
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
{accounting}
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
ReturnToService=2
SlurmdTimeout={node_timeout}
MessageTimeout=2
KillWait=1
"""
_NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none"
# The queue forgets a job soon, so that the account is asked.
_ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={port}
AccountingStoragePass={folder}/munge.socket
MinJobAge=2"""
_DATA_BASE = """\
DbdHost=localhost
DbdPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
"""
_NODE = "NodeName=n{n} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory=4000 State=UNKNOWN\n"
# Jobs of "main" make room for those of "urgent".
_PARTITIONS = """\
PartitionName=main Nodes=ALL Default=YES State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=1
PartitionName=urgent Nodes=ALL State=UP PriorityTier=10 PreemptMode=OFF
"""


def unavailable(*, accounting: bool = False) -> str:
    """Why there can be no Slurm here, or none that keeps account; empty where there can."""
    path = f"{os.environ.get('PATH', '')}:{FOLDERS}"
    programs = (*PROGRAMS, *(ACCOUNTING_PROGRAMS if accounting else ()))
    missing = [program for program in programs if shutil.which(program, path=path) is None]
    if missing:
        packages = "slurmctld slurmd slurm-client munge" + (" slurmdbd mariadb-server" if accounting else "")
        return f"needs Slurm: {', '.join(missing)} (Debian: {packages})"
    return "" if os.geteuid() == 0 else "only root starts a Slurm"


class SlurmCluster:
    """Nodes n1, n2... of `cpus` processors each; jobs are submitted to it where `environment` is set.

    With `accounting` it keeps account of its jobs in a data base of its own, as clusters do.
    """

    def __init__(
        self, folder: Path, nodes: int = 2, cpus: int = 2, node_timeout: int = 5, *, accounting: bool = False
    ) -> None:
        self._folder, self._nodes, self._accounting = folder, nodes, accounting
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{os.environ['PATH']}:{FOLDERS}"}
        host, ports = socket.gethostname().split(".")[0], _free_ports(nodes + 2)
        rows = [_NODE.format(n=n, host=host, port=ports[n], cpus=cpus) for n in range(1, nodes + 1)]
        text = _CONFIGURATION.format(
            host=host,
            ports=ports,
            folder=folder,
            node_timeout=node_timeout,
            accounting=_ACCOUNTING.format(port=ports[-1], folder=folder) if accounting else _NO_ACCOUNTING,
        )
        (folder / "state").mkdir(parents=True)
        (folder / "slurmdbd.conf").write_text(_DATA_BASE.format(port=ports[-1], folder=folder))
        (folder / "slurmdbd.conf").chmod(0o600)
        (folder / "slurm.conf").write_text(text + "".join(rows) + _PARTITIONS)
        (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")

    def __enter__(self) -> "SlurmCluster":
        key = self._folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        parts = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self.call("munged", "--force", *(f"--{name}={self._folder}/munge.{end}" for name, end in parts.items()))
        if self._accounting:
            self._start_accounting()
        self.call("slurmctld", "-c")
        for number in range(1, self._nodes + 1):
            self.start_node(number)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["scancel", "--me"], env=self._environment(), capture_output=True, check=False)
        daemons = []
        for file in self._folder.glob("*.pid"):
            with contextlib.suppress(psutil.NoSuchProcess):  # one that was killed
                daemons.append(psutil.Process(int(file.read_text())))
                daemons[-1].terminate()
        psutil.wait_procs(daemons, timeout=PATIENCE_S)

    def _start_accounting(self) -> None:
        base, socket_file = self._folder / "mariadb", self._folder / "mariadb.socket"
        ours = ("--no-defaults", "--user=root", f"--datadir={base}")
        self.call("mariadb-install-db", *ours, "--auth-root-authentication-method=normal")
        more = (f"--socket={socket_file}", "--skip-networking", f"--pid-file={self._folder}/mariadb.pid")
        sizes = ("--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=900")
        with (self._folder / "mariadb.log").open("wb") as log:
            subprocess.Popen(["mariadbd", *ours, *more, *sizes], env=self._environment(), stdout=log, stderr=log)
        wait_until(socket_file.exists)
        sql = "create database slurm; create user slurm@localhost; grant all on slurm.* to slurm@localhost"
        self.call("mariadb", "--no-defaults", "-u", "root", "-S", str(socket_file), "-e", sql)
        self.environment["MYSQL_UNIX_PORT"] = str(socket_file)
        self.call("slurmdbd")
        ask = ("sacctmgr", "-i", "-Q", "show", "cluster")
        wait_until(
            lambda: not subprocess.run(ask, env=self._environment(), capture_output=True, check=False).returncode
        )
        for what in ("cluster test", "account test Cluster=test", "user root Account=test"):
            self.call("sacctmgr", "-i", "-Q", "add", *what.split())

    def call(self, *command: str) -> str:
        """What a command of Slurm prints."""
        return subprocess.run(
            command, env=self._environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
        ).stdout

    def start_node(self, number: int) -> None:
        """Start a node's daemon, and wait until the controller sends jobs to it."""
        self.call("slurmd", "-N", f"n{number}")
        shown = ("sinfo", "-h", "-N", "-n", f"n{number}", "-p", "main", "-o", "%T")
        wait_until(lambda: self.call(*shown).strip() == "idle")

    def start_lost_nodes(self) -> None:
        """Start the daemons that were killed."""
        for number in range(1, self._nodes + 1):
            if not psutil.pid_exists(self._daemon(f"slurmd-n{number}")):
                self.start_node(number)

    def kill_node(self, number: int) -> None:
        """Kill a node's daemon, the jobs on it and what watches over them, as a power cut would."""
        place = {"SLURMD_NODENAME": f"n{number}", "SLURM_CONF": self.environment["SLURM_CONF"]}
        jobs = [process for process in psutil.process_iter() if place.items() <= _environment_of(process).items()]
        watchers = {process.parent() for process in jobs} - {*jobs, None}
        self.kill_daemon(number)
        for process in (*watchers, *jobs):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def kill_daemon(self, number: int) -> None:
        """Kill a node's daemon only: the controller takes the node for lost, and its jobs live."""
        psutil.Process(self._daemon(f"slurmd-n{number}")).kill()

    def stop_controller(self) -> None:
        """Stop the controller; the nodes go on."""
        daemon = psutil.Process(self._daemon("slurmctld"))
        daemon.terminate()
        daemon.wait(PATIENCE_S)

    def start_controller(self) -> None:
        """Start the controller again; it knows its jobs."""
        self.call("slurmctld")

    def _daemon(self, name: str) -> int:
        return int((self._folder / f"{name}.pid").read_text())

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def wait_until(holds: Callable[[], object], patience: float = PATIENCE_S) -> None:
    """Ask until the answer is yes."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
