"""The loop and the tuner on a made-up objective."""

import math

import pytest

from engine.errors import StudyStopped
from engine.events.search import TrialFinished, TrialStarted, with_numbers
from engine.events.search_record import TuningRecord
from engine.tuning.searching import Outcome, TrialFailed
from engine.tuning.tuner import UNPRUNED_EPOCHS, UNPRUNED_TRIALS, Proposal


def told(events):
    """What was tried and what came of it, without times."""
    tries = [(event.trial, event.numbers, event.is_recipe) for event in events if isinstance(event, TrialStarted)]
    ends = [
        (event.trial, event.state, event.accuracy, event.epochs) for event in events if isinstance(event, TrialFinished)
    ]
    return tries, ends


def tried(record):
    return [(trial.number, trial.values, trial.state, trial.accuracy) for trial in record.trials.values()]


def test_the_first_trial_is_the_recipe_itself(bench):
    record, _ = bench.run(trials=1)
    (trial,) = record.trials.values()
    recipe = bench.config.study.recipe
    assert trial.is_recipe
    assert dict(trial.values) == {
        "learning_rate": recipe.learning_rate,
        "batch_size": recipe.batch_size,
        "dropout": recipe.dropout,
    }
    assert record.best is record.of_recipe is trial


def test_it_finds_better_numbers_than_the_recipes(bench):
    record, reason = bench.run()
    assert reason == ""
    assert len(record.ended) == 25
    assert record.best.accuracy > record.of_recipe.accuracy + 0.15
    best = record.best_recipe
    assert 2e-3 < best.learning_rate < 9e-3
    assert isinstance(best.batch_size, int)


def test_what_is_proposed_can_be_typed(bench):
    record, _ = bench.run(trials=8)
    for trial in record.trials.values():
        for _, value in trial.values:
            assert float(f"{value:.3g}") == value


def test_trials_that_fall_behind_are_given_up_early_and_the_first_ones_never(bench):
    record, _ = bench.run()
    pruned = [trial for trial in record.ended if trial.state == "pruned"]
    assert pruned
    assert all(UNPRUNED_EPOCHS < len(trial.epochs) < 4 for trial in pruned)
    assert all(trial.accuracy is None for trial in pruned)
    assert [trial.state for trial in record.ended[:UNPRUNED_TRIALS]] == ["done"] * UNPRUNED_TRIALS
    done = [trial for trial in record.ended if trial.state == "done"]
    assert max(bench.hill.height(recipe_of(record, trial)) for trial in pruned) < record.best.accuracy
    assert all(len(trial.epochs) == 4 for trial in done)


def recipe_of(record, trial):
    return with_numbers(record.started.recipe, trial.values)


def test_the_same_seed_tries_the_same(bench, another_bench):
    bench.run(trials=10)
    another_bench.run(trials=10)
    assert told(bench.events) == told(another_bench.events)


@pytest.mark.parametrize("moment", [(0, 0), (3, 2), (9, 1)], ids=["recipe", "early", "later"])
def test_an_interrupted_search_ends_as_one_that_was_not(bench, another_bench, moment):
    whole, _ = another_bench.run(trials=12)

    def die(plan, epoch):
        if (plan.number, epoch) == moment and plan.number not in died:
            died.append(plan.number)
            raise StudyStopped

    died = []
    with pytest.raises(StudyStopped):
        bench.run(trials=12, before_epoch=die)
    assert TuningRecord.from_events(bench.events).running.number == moment[0]
    record, _ = bench.run(trials=12)
    assert tried(record) == tried(whole)
    assert bench.trained.count(moment[0]) == 2
    assert len(bench.trained) == 13


def test_a_kill_between_the_stream_and_the_journal_loses_no_trial(bench, another_bench, monkeypatch):
    whole, _ = another_bench.run(trials=8)
    closed = []

    def close(proposal, finished):
        closed.append(finished.trial)
        if len(closed) == 4:
            raise KeyboardInterrupt
        original(proposal, finished)

    original = Proposal.close
    monkeypatch.setattr(Proposal, "close", close)
    with pytest.raises(KeyboardInterrupt):
        bench.run(trials=8)
    record, _ = bench.run(trials=8)
    assert tried(record) == tried(whole)
    assert len(bench.trained) == 8


def test_a_journal_line_that_was_cut_off_and_a_lock_that_was_left_are_no_hindrance(bench, another_bench):
    whole, _ = another_bench.run(trials=7)
    bench.run(trials=4)
    journal = bench.folder / "journal.jsonl"
    with journal.open("ab") as stream:
        stream.write(b'{"op_code":4,"work')
    (bench.folder / "journal.jsonl.lock").touch()
    record, _ = bench.run(trials=7)
    assert tried(record) == tried(whole)


def test_a_trial_that_fails_leaves_the_others_and_teaches_the_tuner(bench):
    def train(plan):
        bench.trained.append(plan.number)
        if plan.number in (2, 4):
            raise TrialFailed("the loss is not finite at batch 3")
        return Outcome(0.5, math.nan)

    record, reason = bench.run(trials=6, train=train)
    assert reason == ""
    assert [trial.state for trial in record.ended] == ["done", "done", "failed", "done", "failed", "done"]
    assert record.trials[2].finished.reason == "the loss is not finite at batch 3"


def test_where_nothing_can_be_trained_it_ends(bench):
    def train(plan):
        raise TrialFailed("out of memory")

    record, reason = bench.run(trials=20, train=train)
    assert len(record.ended) == 5
    assert "5 trials failed one after the other, the last: out of memory" in reason
    assert record.best is None


def test_minutes_end_it_after_the_trial_under_way(bench):
    # The bench's clock counts six seconds for every trial that has begun.
    record, _ = bench.run(trials=None, minutes=0.45)
    assert len(record.ended) == 5
    record, _ = bench.run(trials=None, minutes=0.7)
    assert len(record.ended) == 7


def test_of_equal_accuracies_the_lower_loss_is_better(bench):
    losses = iter([0.9, 0.5, 0.7])

    def train(plan):
        return Outcome(0.75, next(losses))

    record, _ = bench.run(trials=3, train=train)
    assert record.best.number == 1
