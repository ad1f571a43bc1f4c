"""Processes as jobs of a Slurm cluster: sbatch, squeue and scancel, as one would type them.

A job leaves its exit status in the attempt's folder, since Slurm forgets a job minutes after its end, and keeps account
of them (`sacct`) only where it has a data base.
"""

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engine.errors import ExecutionError, InputError, require
from engine.executing.environment import PATH_VARIABLE, describe_status, python_path
from engine.executing.executor import Request, State

STATUS_FILE = "exit-status"
PATIENCE_S = 60
"""How long Slurm's commands may take to answer."""

# The shell outlives a SIGTERM, which Slurm sends to all processes of a job some time before it kills them: what the
# command does with it is the command's affair, and its status is kept.
_SCRIPT = """#!/bin/sh
trap : TERM
export {path_variable}={path}
{command}
status=$?
echo "$status" > {status_file}.new && mv {status_file}.new {status_file}
exit "$status"
"""
# With these the job that sbatch names is not one process on this cluster, or sbatch does not return at once.
_REFUSED_OPTIONS = ("-a", "--array", "-M", "--clusters", "-W", "--wait", "--wrap", "--test-only")
# What Slurm did not hear to its end it may have done.
_UNSURE = re.compile("timed out|zero bytes", re.IGNORECASE)
_PASSES = re.compile(f"{_UNSURE.pattern}|contact|connect|standby|temporarily|(max|grp)submit", re.IGNORECASE)
_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
_RUNNING = {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"}
_OUT_OF_MEMORY = "OUT_OF_MEMORY"
_ENDED = {
    "BOOT_FAIL": "the node of the Slurm job did not start",
    "CANCELLED": "the Slurm job was cancelled",
    "DEADLINE": "the deadline of the Slurm job passed",
    "NODE_FAIL": "the node of the Slurm job failed",
    _OUT_OF_MEMORY: "the Slurm job took more memory than it asked for",
    "PREEMPTED": "the Slurm job was preempted",
    "REVOKED": "another cluster took the Slurm job",
    "TIMEOUT": "the time of the Slurm job was over: its limit, or the grace time before a preemption",
}


class SlurmExecutor:
    """Jobs of the cluster that sbatch submits to.

    An ID is the job's number at Slurm and, after a blank, the file that will hold its exit status.
    """

    def __init__(self, options: str = "") -> None:
        """Take the options of `sbatch`, as one would type them.

        Raises:
            InputError: options that cannot be read, or that submit something else than one job.
        """
        try:
            self._options = shlex.split(options)
        except ValueError as error:
            raise InputError(f"--slurm-options {options}: {error}") from error
        refused = [option for option in self._options if option.split("=")[0] in _REFUSED_OPTIONS]
        require(not refused, f"--slurm-options {' '.join(refused)}: a study submits each of its jobs by itself")

    def start(self, request: Request) -> str:
        """Submit a job; see `Executor.start`."""
        status_file = (request.folder / STATUS_FILE).absolute()
        script = _SCRIPT.format(
            path_variable=PATH_VARIABLE,
            path=shlex.quote(python_path()),
            command=shlex.join(request.command),
            status_file=shlex.quote(str(status_file)),
        )
        # In sbatch's names of files % begins a pattern.
        output = str(request.output.absolute()).replace("%", "%%")
        ours = ["--parsable", "--no-requeue", f"--job-name={request.name}", f"--output={output}", "--open-mode=append"]
        # Of options that are given twice sbatch takes the last.
        threads = [f"--cpus-per-task={request.threads}"] if request.threads else []
        job = _call("sbatch", *threads, *self._options, *ours, text=script).split(";")[0].strip()
        return f"{job} {status_file}"

    def ask(self, ids: Sequence[str]) -> dict[str, State]:
        """How the jobs are, by one squeue for all; see `Executor.ask`."""
        if not ids:
            return {}
        lines = _call("squeue", "--me", "--states=all", "--noheader", "--format=%i|%T|%r").splitlines()
        found = dict(line.strip().split("|", 1) for line in lines if "|" in line)
        forgotten = [_job(process) for process in ids if _job(process) not in found and _exit_status(process) is None]
        found |= _accounts(forgotten)
        states = {}
        for process in ids:
            state, _, why = found.get(_job(process), "").partition("|")
            states[process] = _state(state, why, _exit_status(process))
        return states

    def end(self, ids: Sequence[str]) -> None:
        """Cancel jobs; see `Executor.end`. Where Slurm does not answer, they go on until they see their fence."""
        if ids:
            with contextlib.suppress(ExecutionError):
                _call("scancel", "--quiet", *map(_job, ids))

    def place(self, process: str) -> str:
        """Which job of Slurm it is."""
        return f"Slurm job {_job(process)}"

    def close(self) -> None:
        """Nothing is held; jobs go on."""


def _job(process: str) -> str:
    return process.partition(" ")[0]


def _exit_status(process: str) -> int | None:
    """What the job's process ended with; None where it does not say (yet)."""
    try:
        return int(Path(process.partition(" ")[2]).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _state(state: str, why: str, status: int | None) -> State:
    """What Slurm's word for a job and the exit status of its process say together; the word is empty if forgotten."""
    if state in _WAITING:
        return State("waiting", "" if why == "None" else why)
    if state in _RUNNING:
        return State("running")
    if state == "COMPLETED":
        return State("ended")
    reason = _ENDED.get(state) or (describe_status(status) if status is not None else _unexplained(state, why))
    return State("ended", reason, out_of_memory=state == _OUT_OF_MEMORY)


def _unexplained(state: str, why: str) -> str:
    if not state:
        return "Slurm does not know the job any more"
    return f"the Slurm job ended as {state}" + (f" ({why})" if why not in ("", "None") else "")


def _accounts(jobs: Sequence[str]) -> dict[str, str]:
    """What Slurm's accounting says of jobs that the queue has forgotten, as in the queue; empty where there is none."""
    if not jobs:
        return {}
    try:
        lines = _call(
            "sacct", "--allocations", "--noheader", "--parsable2", "--format=JobID,State", "--jobs", ",".join(jobs)
        )
    except ExecutionError:
        return {}
    # "CANCELLED by 1000". The account may lag behind, but a job that the queue has forgotten is over.
    states = {job: words.split()[0] for job, _, words in (line.partition("|") for line in lines.splitlines())}
    return {job: state for job, state in states.items() if state not in _WAITING | _RUNNING}


def _call(program: str, *arguments: str, text: str = "") -> str:
    """What one of Slurm's commands prints.

    Raises:
        ExecutionError: it fails, with Slurm's own sentences, or is not there.
    """
    # The user's defaults for sbatch count; those for a list on the screen would hide jobs.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SQUEUE_", "SCANCEL_"))}
    command = [program, *arguments]
    try:
        done = subprocess.run(
            command, input=text, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except FileNotFoundError as error:
        raise ExecutionError(f"no Slurm here: there is no {program}; start on a login node", permanent=True) from error
    except subprocess.TimeoutExpired as error:
        raise ExecutionError(f"Slurm: {program} did not answer within {PATIENCE_S} s", unsure=True) from error
    if done.returncode:
        sentence = _sentence(program, done.stderr) or f"{program} ended with status {done.returncode}"
        raise ExecutionError(
            f"Slurm: {sentence}", permanent=not _PASSES.search(sentence), unsure=bool(_UNSURE.search(sentence))
        )
    return done.stdout


def _sentence(program: str, complaints: str) -> str:
    """What one of Slurm's commands complains of, in one line and without its name."""
    lines = [re.sub(rf"^({program}: )?((\w+ )?error: |fatal: )?", "", line).strip() for line in complaints.splitlines()]
    return "; ".join(line for line in lines if line and not line.startswith("Try "))
