"""Opens the engine that a study's jobs run on."""

from collections.abc import Callable, Sequence
from importlib import import_module

from engine.config.execution import Execution
from engine.executing.executor import Executor


def open_executor(
    execution: Execution, modules: Sequence[str] = (), wait: Callable[[], object] = lambda: None
) -> Executor:
    """The engine; `modules` are what commands of the form `python -m MODULE` will name.

    `wait` is called again and again where a start takes long, and what it raises ends that.

    Raises:
        ExecutionError: it is not there.
    """
    executor: Executor
    if execution.on == "slurm":
        executor = import_module("engine.executing.slurm").SlurmExecutor(execution.slurm_options)
    elif execution.on == "ray":
        executor = import_module("engine.executing.ray").RayExecutor(execution.ray_address, execution.gpus)
    else:
        from engine.executing.local import LocalExecutor

        executor = LocalExecutor(modules, wait)
    return executor
