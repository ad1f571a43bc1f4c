"""Imports go down the floors only, and what is heavy is loaded when work starts."""

import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TIMEOUT = 120
SCREEN = ("textual", "rich", "plotext")
WORK = ("torch", "torchvision", "torchsr", "skimage", "sklearn", "scipy", "ray")


def loaded_by(module):
    """The names of all modules that a fresh interpreter holds after importing `module`."""
    script = f"import sys, {module}; sys.stdout.write(' '.join(sys.modules))"
    child = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=True
    )
    return set(child.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "engine",
        "engine.study",
        "engine.executing.ray",
        "engine.executing.slurm",
        "engine.finished.explain.explainer",
        "engine.finished.explain.resolution",
        "engine.dataset",
        "engine.demo",
    ],
)
def test_the_engine_loads_no_screen_and_no_torch(module):
    assert loaded_by(module).isdisjoint({*SCREEN, *WORK})


@pytest.mark.parametrize("module", ["engine.steps", "tui.cli", "tui.console.headless", "tui.app.app"])
def test_the_first_screen_does_not_wait_for_torch(module):
    assert loaded_by(module).isdisjoint({*WORK, "numpy", "msgspec", "tomli_w"})


def test_the_command_line_loads_no_screen_before_it_knows_what_to_do():
    assert loaded_by("tui.cli").isdisjoint(SCREEN)


def room(module):
    """The folder of a package that a module lies in, or the module where it lies loose."""
    return ".".join(module.split(".")[:2])


@pytest.fixture(scope="module")
def imports():
    """Who imports whom in both packages, for the type checker's eyes too."""
    grimp = pytest.importorskip("grimp", reason="import-linter comes with the dev extra, and grimp with it")
    graph = grimp.build_graph("engine", "tui", exclude_type_checking_imports=False)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


@pytest.mark.parametrize("part", [str, room], ids=["modules", "rooms"])
def test_there_is_no_circle(imports, part):
    arrows = {}
    for module, imported in imports.items():
        arrows.setdefault(part(module), set()).update({part(other) for other in imported} - {part(module)})
    # Raises CycleError, which names a circle.
    assert list(TopologicalSorter(arrows).static_order())


def test_imports_go_down_the_floors_only():
    pytest.importorskip("importlinter", reason="import-linter comes with the dev extra")
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    child = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert child.returncode == 0, child.stdout
