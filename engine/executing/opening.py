"""Opens the engine that a study's jobs run on."""

from collections.abc import Callable, Sequence

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
    if execution.on == "slurm":
        from engine.executing.slurm import SlurmExecutor

        return SlurmExecutor(execution.slurm_options)
    if execution.on == "ray":
        from engine.executing.ray import RayExecutor

        return RayExecutor(execution.ray_address, execution.gpus)
    from engine.executing.local import LocalExecutor

    return LocalExecutor(modules, wait)
