"""Minutes in, epochs out: before the study begins, and the same for all of its networks."""

from dataclasses import replace

import pytest

from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.events.study import Notice, StudyStarted
from engine.reports.results import DatasetSummary
from engine.runs import load_config
from engine.study.budget import within_budget
from engine.study.running import resume_study, run_study

SUMMARY = DatasetSummary("set", "/set", "flat", False, ("a", "b"), (400, 400), (100, 100), 0, 0)


@pytest.fixture
def timed(monkeypatch):
    """A machine that takes a hundredth of a second an image."""
    monkeypatch.setattr("engine.training.seconds_per_image", lambda *_: 0.01)


@pytest.fixture
def config(config):
    return replace(config, variants=("vanilla",))


def epochs(config, tmp_path, **changes):
    planned, _ = within_budget(replace(config, **changes), SUMMARY, tmp_path)
    return planned.recipe.epochs


def test_the_epochs_follow_from_the_time_that_they_take(timed, config, tmp_path):
    # 8 s an epoch; 54 of the 60 seconds are planned for, and pre-processing and the test take some of them.
    assert epochs(config, tmp_path, budget_minutes=1) == 6
    assert epochs(config, tmp_path, budget_minutes=10) == 67
    assert epochs(config, tmp_path, budget_minutes=10, validation_fraction=0.5) > 67
    assert epochs(config, tmp_path, budget_minutes=10, protocol="grouped", folds=4) > 67


def test_a_costly_variant_leaves_less_time_for_all(timed, config, tmp_path):
    large = replace(config.recipe, image_size=(255, 342))
    both = ("vanilla", "denoise")
    cheap = epochs(config, tmp_path, recipe=large, budget_minutes=10)
    assert epochs(config, tmp_path, recipe=large, budget_minutes=10, variants=both) < cheap


def test_measuring_the_quality_is_counted_once_for_all_seeds(timed, config, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.study.budget.slowest_quality", lambda *_: 120.0)
    changes = {"budget_minutes": 10, "variants": ("vanilla", "denoise")}
    whole = epochs(config, tmp_path, **changes)
    assert epochs(config, tmp_path, repeats=3, **changes) == whole + 10  # 80 s of 120 more, an epoch takes 8


def test_the_steps_are_timed_with_the_threads_and_beside_the_workers_of_the_study(config, tmp_path, monkeypatch):
    threads = []

    def timed_in_threads(recipe, n_classes, machine):
        threads.append(machine.threads)
        return 0.02 / machine.threads

    monkeypatch.setattr("engine.training.seconds_per_image", timed_in_threads)
    for module in ("machine", "workers"):
        monkeypatch.setattr(f"engine.study.{module}.available_cores", lambda: 2)
    found = {}
    for workers, given in ((None, None), (1, 2), (2, 2), (2, 1)):
        changes = {"execution": Execution(workers=workers), "threads": given, "repeats": 2}
        found[workers, given] = epochs(config, tmp_path, budget_minutes=10, **changes)
    assert threads == [1, 2, 2, 1]
    assert found[None, None] == found[2, 1] == found[2, 2]
    assert found[1, 2] > found[2, 2]


def test_a_budget_in_which_nothing_fits_is_refused_with_what_would_do(timed, config, tmp_path):
    with pytest.raises(InputError, match=r"not one epoch fits; give at least 0\.\d minutes"):
        epochs(config, tmp_path, budget_minutes=0.1)


def test_a_study_says_its_plan_and_keeps_it_when_it_goes_on(timed, config):
    from engine.events.control import StudyControl
    from engine.events.study import BatchTrained

    events, control = [], StudyControl()

    def stop_early(event):
        events.append(event)
        if isinstance(event, BatchTrained) and event.step == 1:
            control.stop()

    record = run_study(replace(config, budget_minutes=0.05), stop_early, control)
    (started,) = [event for event in events if isinstance(event, StudyStarted)]
    assert started.recipe.epochs > 1
    assert any("budget of 0.05 min a network" in event.message for event in events if isinstance(event, Notice))
    folder = next(config.runs_dir.iterdir())
    assert record.finished.status == "stopped"
    assert load_config(folder).recipe.epochs == started.recipe.epochs
    resumed = resume_study(folder)
    assert resumed.result("vanilla").epochs_done == started.recipe.epochs


def test_really_timed_steps_give_a_plan_for_every_recipe(config, tmp_path):
    for name in ("quick", "best"):
        recipe = replace(RECIPES[name], image_size=(16, 24))
        assert epochs(config, tmp_path, recipe=recipe, budget_minutes=5) >= 1
