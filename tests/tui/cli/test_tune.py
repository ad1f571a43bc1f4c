"""`simpsons-tui tune`: its options, its output, and what goes wrong; the engine only pretends to search."""

import json
import shlex
from dataclasses import replace

import pytest

from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.errors import StudyStopped
from engine.events.control import StudyControl
from engine.events.search import (
    EpochScored,
    TrialFinished,
    TrialStarted,
    TuningFinished,
    TuningResumed,
    TuningStarted,
    trial_name,
)
from engine.events.search_record import TuningRecord
from engine.events.study import BatchTrained, Notice, StageFinished, StageStarted
from engine.reports.results import DatasetSummary
from engine.runs import RunFolder
from engine.tuning.order import load_search

SUMMARY = DatasetSummary("tiny", "/tiny", "split", False, ("a", "b"), (50, 50), (10, 10), 0, 0)
SCORES = (0.6, 0.7, 0.65)


class Searches:
    """Plays searches; remembers what was asked for."""

    def __init__(self, runs_dir):
        self.runs_dir, self.asked, self.continued = runs_dir, [], []
        self.stop_in = None

    def tune(self, config, emit=None, control=None):
        self.asked.append(config)
        folder = RunFolder.create(self.runs_dir / "tuning", replace(config.study, runs_dir=self.runs_dir))
        started = TuningStarted(
            search=folder.study,
            dataset=SUMMARY,
            variant=config.study.variants[0],
            protocol=config.study.protocol,
            recipe=config.study.recipe,
            seeds=config.study.seeds,
            validation_fraction=config.study.validation_fraction or 0.2,
            numbers=(),
            trials=config.trials,
            minutes=config.minutes,
            program_version="0",
            folder=str(folder.folder),
        )
        return self._play(folder, TuningRecord(), started, emit or print, control or StudyControl())

    def resume_tuning(self, folder, emit=None, control=None, *, trials=None, minutes=None, replay=None, execution=None):
        self.continued.append((folder, trials, minutes))
        self.execution = execution
        record = load_search(folder)
        run = RunFolder.open_for_resume(folder)
        replay(record.started)
        for trial in record.ended:
            replay(TrialStarted(trial=trial.number, numbers=trial.values, steps=4, is_recipe=trial.is_recipe))
            replay(trial.finished)
        again = TuningResumed(trials=trials or record.most_trials, minutes=minutes, program_version="0")
        return self._play(run, record, again, emit, control)

    def _play(self, folder, record, first, emit, control):
        def tell(event):
            record.apply(event)
            folder.append(event)
            emit(event)

        tell(first)
        tell(StageStarted(stage="check", total=120))
        tell(StageFinished(stage="check", seconds=2))
        tell(Notice(message="one batch an epoch", level="warning"))
        status = "done"
        try:
            for number in range(len(record.ended), min(record.most_trials, len(SCORES))):
                self._trial(number, tell, control)
        except StudyStopped:
            status = "stopped"
        best = record.best.number if record.best else None
        tell(TuningFinished(status=status, best=best, conclusion=("Best is trial 1.",), folder=str(folder.folder)))
        folder.close()
        return record

    def _trial(self, number, tell, control):
        numbers = (("learning_rate", 0.001 * (number + 1)), ("dropout", 0.5 - 0.1 * number))
        tell(TrialStarted(trial=number, numbers=numbers, steps=4, is_recipe=number == 0))
        for step in range(4):
            if number == self.stop_in:
                control.stop()
            control.checkpoint()
            tell(BatchTrained(variant=trial_name(number), epoch=0, step=step, loss=1.0, images=10))
        score = SCORES[number]
        tell(EpochScored(trial=number, seed=0, epoch=0, accuracy=score, loss=1 - score, training_loss=1.0))
        tell(TrialFinished(trial=number, state="done", accuracy=score, loss=1 - score, epochs=1, seconds=65))


@pytest.fixture
def searches(monkeypatch, tmp_path):
    played = Searches(tmp_path / "runs")
    monkeypatch.setattr("engine.tune", played.tune)
    monkeypatch.setattr("engine.resume_tuning", played.resume_tuning)
    return played


def test_without_options_it_searches_around_the_demo_sets_recipe_without_leaks(command, searches, tmp_path):
    status, _, _ = command("tune")
    assert status == 0
    study = StudyConfig(variants=("vanilla",), protocol="clean", recipe=RECIPES["quick"], runs_dir=tmp_path / "runs")
    assert searches.asked == [TuningConfig(study, trials=20)]


def test_every_option_reaches_the_search(command, searches, tmp_path):
    words = "--recipe quick --trials 7 --minutes 30 --epochs 3 --only learning_rate,dropout --validation 0.3 --seed 4"
    words += " --repeats 2 --variants bbox --protocol grouped --sample 50 --set dropout=0.4"
    status, _, _ = command("tune", "--data", tmp_path, *words.split())
    assert status == 0
    (asked,) = searches.asked
    assert (asked.trials, asked.minutes, asked.numbers) == (7, 30, ("learning_rate", "dropout"))
    study = asked.study
    assert study.recipe == replace(RECIPES["quick"], epochs=3, dropout=0.4)
    assert (study.data, study.variants, study.protocol, study.sample) == (tmp_path, ("bbox",), "grouped", 50)
    assert (study.validation_fraction, study.seeds) == (0.3, (4, 5))


def test_minutes_alone_set_no_limit_of_trials(command, monkeypatch):
    asked = []
    monkeypatch.setattr("tui.console.search.tune_headless", lambda config, as_json: asked.append(config) or 0)
    assert command("tune", "--minutes", 5)[0] == 0
    assert (asked[0].trials, asked[0].minutes) == (None, 5)


def test_progress_is_lines_and_the_result_is_a_table_with_a_command(command, searches):
    status, out, err = command("tune", "--recipe", "quick", "--trials", 3)
    assert status == 0
    for words in (
        "trial-0: the recipe itself, learning_rate 0.001, dropout 0.5",
        "trial-1: epoch 1, validation accuracy 0.700, loss 0.300",
        "trial-1: done, validation accuracy 0.700, 1:05",
        "one batch an epoch",
        "search done; kept in",
    ):
        assert words in err
    assert "▸0.700" in out
    assert "- Best is trial 1." in out
    (line,) = [line.strip() for line in out.splitlines() if "simpsons-tui run" in line]
    assert shlex.split(line)[2:] == shlex.split(
        "--variants vanilla --recipe quick --protocol clean --lr 0.002 --seed 0 --set dropout=0.4"
    )


def test_json_is_one_object(command, searches):
    status, out, _ = command("tune", "--trials", 2, "--json")
    data = json.loads(out)
    assert (status, data["status"], data["best"], data["recipe_trial"]) == (0, "done", 1, 0)
    assert [trial["accuracy"] for trial in data["trials"]] == [0.6, 0.7]
    assert data["command"].startswith("simpsons-tui run ")


def test_ctrl_c_stops_and_resume_goes_on(command, searches, tmp_path):
    searches.stop_in = 1
    status, out, err = command("tune", "--trials", 3)
    assert status == 1  # no signal came, but it was stopped
    assert "search stopped" in err
    searches.stop_in = None
    status, out, err = command("tune", "--resume")
    assert status == 0
    (folder,) = (tmp_path / "runs" / "tuning").iterdir()
    assert searches.continued == [(folder, None, None)]
    assert "trial-0: the recipe" not in err  # an earlier process told that
    assert "trial-2: done" in err
    assert "▸0.700" in out


def test_a_done_search_goes_on_by_name_to_a_higher_limit(command, searches, tmp_path):
    command("tune", "--trials", 1)
    (folder,) = (tmp_path / "runs" / "tuning").iterdir()
    status, out, _ = command("tune", "--resume", folder.name[:-1], "--trials", 3, "--json", "--workers", 2)
    assert searches.execution == Execution(workers=2)
    assert status == 0
    assert searches.continued == [(folder, 3, None)]
    assert len(json.loads(out)["trials"]) == 3


def test_the_list_of_searches(command, searches):
    assert command("tune", "--list")[2].startswith("no search in ")
    command("tune", "--trials", 2)
    status, out, _ = command("tune", "--list")
    assert status == 0
    assert "2/2" in out
    assert "0.700" in out
    (listed,) = json.loads(command("tune", "--list", "--json")[1])
    assert (listed["state"], listed["best"]) == ("done", 0.7)


def test_in_a_terminal_it_opens_the_dashboard(command, searches, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("tui.app.open.is_terminal", lambda stream: True)
    monkeypatch.setattr(
        "tui.app.open.open_dashboard", lambda config, rate, images, session, tuning: opened.append(tuning) or 0
    )
    assert command("tune", "--recipe", "quick", "--trials", 5)[0] == 0
    assert command("tune", "--trials", 1, "--headless")[0] == 0
    (folder,) = (tmp_path / "runs" / "tuning").iterdir()
    assert command("tune", "--resume", folder.name, "--trials", 9)[0] == 0
    new, old = opened
    assert (new.config.trials, new.config.study.recipe.name, new.folder, new.at_once) == (5, "quick", None, True)
    assert (old.folder, old.limits) == (folder, (9, None))
    assert old.config.study.runs_dir == tmp_path / "runs"


WRONG = {
    "no trials": (("--trials", "0"), ("--trials 0", "at least 1")),
    "no time": (("--minutes", "0"), ("--minutes 0",)),
    "two variants": (("--variants", "vanilla,bbox"), ("--variants", "one variant")),
    "no validation": (("--validation", "0"), ("--validation", "such as 0.2")),
    "folds": (("--protocol", "grouped", "--folds", "3"), ("--folds",)),
    "another recipe when it goes on": (("--resume", "x", "--recipe", "quick"), ("--recipe", "--resume")),
    "nothing to go on with": (("--resume",), ("no search in", "is unfinished")),
    "an unknown search": (("--resume", "nothing"), ("'nothing'",)),
}


@pytest.mark.parametrize(("arguments", "named"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use_is_one_line(command, searches, arguments, named):
    status, out, err = command("tune", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert all(word in err for word in named)
    assert searches.asked == []


def test_an_unknown_number_is_one_line_of_the_real_engine(command):
    status, out, err = command("tune", "--only", "dropuot", "--headless")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "did you mean 'dropout'?" in err


def test_the_help_shows_its_own_defaults(command):
    _, out, _ = command("tune", "--help")
    assert "Examples:" in out
    assert "default: clean" in out
    for name in ("--trials", "--minutes", "--only", "--resume", "--list", "--headless", "--json", "--set"):
        assert name in out
