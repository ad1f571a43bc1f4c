"""Fixtures of the export's tests."""

from pathlib import Path
from types import ModuleType

import pytest

from engine.config.study import StudyConfig
from engine.events.codec import event_to_line, to_jsonable
from engine.system.files import replace_json
from tests.tui.export import studies as small_studies


@pytest.fixture(scope="session")
def studies() -> ModuleType:
    """Records of small studies."""
    return small_studies


@pytest.fixture
def make_run(studies, tmp_path):
    """Makes a run folder by the name given, of a study with one finished variant."""

    def make(name, *, config=None, events=None):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        config = config if config is not None else StudyConfig(data=Path("/data/spring field"), variants=("vanilla",))
        replace_json(folder / "study.json", {"version": 1, "study": name, "config": to_jsonable(config)})
        stream = events if events is not None else [studies.started(("vanilla",)), *studies.job_events("vanilla")]
        lines = "".join(event_to_line(event) + "\n" for event in stream)
        (folder / "events.jsonl").write_text(lines, encoding="utf-8")
        return folder

    return make
