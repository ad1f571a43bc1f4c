"""A search in the dashboard: what is wished for, the thread that makes it, and what its events come to."""

from dataclasses import dataclass, replace
from pathlib import Path

from engine.config.search import VALIDATION, TuningConfig
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.search_record import TuningRecord
from engine.events.study import Emit
from tui.session.engine import Engine
from tui.session.work import EngineWork
from tui.state.search import TuningState


@dataclass(frozen=True)
class TuningWish:
    """A search to be shown.

    Attributes:
        config: what is searched for; of one that is resumed, its study.
        folder: of the search to resume; None for a new one.
        limits: trials and minutes to reach, None for those that it has.
        at_once: whether it begins without a key.
    """

    config: TuningConfig
    folder: Path | None = None
    limits: tuple[int | None, float | None] = (None, None)
    at_once: bool = True


def wish_from(config: StudyConfig) -> TuningWish:
    """The search that fits a study which is being set up: its first variant, without copies of test images.

    Raises:
        InputError: there is none.
    """
    study = replace(
        config,
        variants=config.variants[:1],
        protocol="clean" if config.protocol == "official" else config.protocol,
        folds=1,
        budget_minutes=None,
        validation_fraction=VALIDATION if config.validation_fraction == 0 else config.validation_fraction,
    )
    return TuningWish(TuningConfig(study), at_once=False)


class TuningRun(EngineWork):
    """A search in a thread of this process; `state` is what its events came to so far."""

    def __init__(self, engine: Engine, wish: TuningWish) -> None:
        self.state = TuningState()

        def run(emit: Emit, control: StudyControl) -> object:
            if wish.folder is None:
                return engine.tune(wish.config, emit, control)
            trials, minutes = wish.limits
            execution = wish.config.study.execution
            return engine.resume_tuning(wish.folder, emit, control, trials=trials, minutes=minutes, execution=execution)

        super().__init__(run, wish.config.study.runs_dir)

    def update(self) -> bool:
        """Take in what happened since the last call; whether that was anything."""
        events = self.drain()
        for event in events:
            self.state.apply(event)
        return bool(events)

    @property
    def record(self) -> TuningRecord:
        """What there is so far."""
        self.update()
        return self.state.record
