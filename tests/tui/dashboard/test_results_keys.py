"""From the results every view opens in the real app and leads back; what an engine cannot give is told, not thrown."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from engine.events.study import AuditFinished, MachineChosen, StudyStarted

VIEWS = {
    "p": "ComparisonScreen",
    "b": "CalibrationScreen",
    "f": "EffectsScreen",
    "o": "ClaimsScreen",
    "l": "LeakScreen",
    "u": "AuditScreen",
    "e": "ExportScreen",
    "i": "InsideScreen",
    "w": "PredictScreen",
}


@pytest.mark.parametrize("key", VIEWS)
async def test_every_view_of_the_results_opens_and_leads_back(kit, make_app, tmp_path, key):
    def stream(variants):
        for event in kit.study_events(variants):
            if isinstance(event, MachineChosen):
                yield AuditFinished(time=event.time, audit=kit.audit_report())
            yield replace(event, folder=str(tmp_path)) if isinstance(event, StudyStarted) else event

    async with make_app(kit.FakeEngine(stream=stream)).run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: name_of(pilot) == "ResultsScreen")
        await pilot.press(key)
        await kit.until(pilot, lambda: VIEWS[key] in [type(screen).__name__ for screen in pilot.app.screen_stack])
        while name_of(pilot) != "ResultsScreen":
            top = pilot.app.screen
            await pilot.press("escape")
            await kit.until(pilot, lambda before=top: pilot.app.screen is not before)
        assert pilot.app.is_running


def name_of(pilot: Pilot) -> str:
    return type(pilot.app.screen).__name__
