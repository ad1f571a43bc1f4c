"""The audit on the set-up screen and on its own."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import DataTable

from engine.errors import DatasetError
from tui.app.help import HelpScreen
from tui.screens.audit import AuditScreen
from tui.screens.setup.screen import SetupScreen
from tui.session.audit import AuditRun

SIZE = (120, 40)
LEAK = "1 of 150 test images (0.7 %) is a copy of"


async def known(kit, pilot, words=LEAK):
    await kit.ready(pilot)
    await kit.until(pilot, lambda: words in kit.screen_text(pilot.app), words)


async def opened(kit, pilot, words="is a copy of"):
    await known(kit, pilot, words)
    await pilot.press("u")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, AuditScreen), "audit screen")
    await kit.until(pilot, lambda: pilot.app.screen.size.width > 0, "size")


# ---------------------------------------------------------------- on the set-up screen


async def test_the_set_up_says_what_the_audit_found(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await known(kit, pilot)
        text = kit.screen_text(pilot.app)
        assert "u: details" in text
        assert len(pilot.app.session.engine.audits) == 1
        assert pilot.app.session.engine.audits[0].closeness == "near"


async def test_a_clean_set_says_so_without_alarm(kit, make_app):
    async with make_app(None, replace(kit.CONFIG, data=None)).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "no copies found")


async def test_the_set_up_shows_how_far_it_is(kit, make_app):
    engine = kit.FakeEngine(hold_audit=True)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "reading images, 340 of 850 (40 %)")
        engine.audit_may_end.set()
        await kit.until(pilot, lambda: LEAK in kit.screen_text(pilot.app))


async def test_an_audit_that_fails_says_why_and_the_study_can_start(kit, make_app):
    engine = kit.FakeEngine(audit_error=DatasetError("pic.jpg: gone"))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "pic.jpg: gone")
        await pilot.press("enter")
        await kit.until(pilot, lambda: engine.configs, "study")


async def test_a_mistake_in_the_audit_does_not_end_the_screen(kit, make_app):
    async with make_app(kit.FakeEngine(audit_error=ZeroDivisionError("oh"))).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "ZeroDivisionError")


async def test_starting_a_study_ends_the_audit(kit, make_app):
    engine = kit.FakeEngine(hold_audit=True)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "340 of 850")
        await pilot.press("enter")
        await kit.until(pilot, engine.audit_stopped.is_set, "stopped")


async def test_other_data_ends_the_audit_and_begins_another(kit, make_app):
    engine = kit.FakeEngine(hold_audit=True)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "340 of 850")
        pilot.app.screen._data_named("")
        await kit.until(pilot, engine.audit_stopped.is_set, "stopped")
        engine.audit_may_end.set()
        await kit.until(pilot, lambda: "no copies found" in kit.screen_text(pilot.app))
        assert [config.data for config in engine.audits] == [kit.CONFIG.data, None]


async def test_coming_back_from_a_study_audits_what_was_stopped(kit, make_app):
    engine = kit.FakeEngine(hold_audit=True)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await known(kit, pilot, "340 of 850")
        await pilot.press("enter")
        await kit.until(pilot, lambda: pilot.app.session.has_results, "end of the study")
        engine.audit_may_end.set()
        await pilot.press("n")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await kit.until(pilot, lambda: LEAK in kit.screen_text(pilot.app))


# ---------------------------------------------------------------- the screen


async def test_findings_counts_and_pairs(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        text = kit.screen_text(pilot.app)
        for words in (
            "! 1 of 150 test images (0.7 %) is a copy of",
            "one pair of copies has two labels",
            "256-432-711",
            "test/train",
            "41.jpg",
            "bart/homer",
            "exact",
            "test/homer/1.jpg: a PNG file",
        ):
            assert words in text
        assert pilot.app.focused is pilot.app.screen.query_one(DataTable)


async def test_the_marked_pair_is_shown_with_both_paths_and_sizes(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        text = kit.screen_text(pilot.app)
        assert "test    144 x 108  apu  test/apu/7.jpg" in text
        assert "train   432 x 324  apu  train/apu/41.jpg" in text
        assert "near: 2 of 64 bits differ" in text
        assert "the labels differ" not in text
        await pilot.press("down")
        await kit.until(pilot, lambda: "the labels differ" in kit.screen_text(pilot.app))
        assert "train/homer/8.jpg" in kit.screen_text(pilot.app)


async def test_sorting_keeps_the_marked_pair(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        await pilot.press("down", "o")
        await kit.until(pilot, lambda: pilot.app.screen.query_one(DataTable).cursor_row == 0)
        assert "train/homer/8.jpg" in kit.screen_text(pilot.app)


async def test_the_other_limits_are_asked_once_and_stay_for_the_study(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        engine = pilot.app.session.engine
        await opened(kit, pilot)
        await pilot.press("s")
        await kit.until(pilot, lambda: "test/bart/3.jpg" in engine_text(kit, pilot), "scene")
        assert "2 of 150 test images" in kit.screen_text(pilot.app)
        await pilot.press("s")
        await kit.until(pilot, lambda: "1 of 150 test images" in kit.screen_text(pilot.app), "near")
        await pilot.press("s")
        await kit.until(pilot, lambda: "2 of 150 test images" in kit.screen_text(pilot.app), "scene again")
        assert [config.closeness for config in engine.audits] == ["near", "scene"]
        await pilot.press("escape")
        await kit.until(
            pilot, lambda: "or of the same shots" in kit.screen_text(pilot.app).replace("\n", " "), "set-up"
        )
        await pilot.press("enter")
        await kit.until(pilot, lambda: engine.configs, "study")
        assert engine.configs[0].closeness == "scene"


def engine_text(kit, pilot):
    return " ".join(pair.first.path for pair in (pilot.app.screen.run_shown.report or kit.clean_report()).pairs)


async def test_a_running_audit_shows_how_far_it_is(kit, make_app):
    engine = kit.FakeEngine(hold_audit=True)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await opened(kit, pilot, "340 of 850")
        await kit.until(pilot, lambda: "340 of 850 (40 %)" in kit.screen_text(pilot.app))
        assert not pilot.app.screen.query_one(DataTable).display
        engine.audit_may_end.set()
        await kit.until(pilot, lambda: "41.jpg" in kit.screen_text(pilot.app))


async def test_no_copies(kit, make_app):
    async with make_app(None, replace(kit.CONFIG, data=None)).run_test(size=SIZE) as pilot:
        await opened(kit, pilot, "no copies found")
        text = kit.screen_text(pilot.app)
        assert "No two of the 850 images are copies" in text
        assert "drawings" in text
        assert not pilot.app.screen.query_one(DataTable).display


async def test_before_the_data_is_read_there_is_nothing_to_audit(kit, make_app):
    engine = kit.FakeEngine(inspect_error=DatasetError("no images"))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: "no images" in kit.screen_text(pilot.app))
        await pilot.press("u")
        await pilot.pause()
        assert isinstance(pilot.app.screen, SetupScreen)
        assert engine.audits == []


async def test_a_report_that_is_ready_needs_no_engine(kit, make_app):
    """As the results screen opens it: nothing can be asked again."""
    async with make_app().run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        session = pilot.app.session
        broken = partial(session.engine.open_run_gallery, Path("/runs/gone"))
        await pilot.app.push_screen(
            AuditScreen(session, AuditRun("scene", kit.audit_report("scene")), "springfield", broken)
        )
        await kit.until(pilot, lambda: "audit, scene" in kit.screen_text(pilot.app))
        before = len(pilot.app.session.engine.audits)
        await pilot.press("s")
        await pilot.pause()
        assert len(pilot.app.session.engine.audits) == before
        assert pilot.app.screen.run_shown.closeness == "scene"
        assert "Near/scene" not in kit.screen_text(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
async def test_it_fits(kit, make_app, snapshot, size):
    async with make_app().run_test(size=size) as pilot:
        await opened(kit, pilot)
        await kit.until(pilot, lambda: pilot.app.session.load is not None and "41.jpg" in kit.screen_text(pilot.app))
        assert kit.screen_text(pilot.app) == snapshot


async def test_a_new_size_keeps_the_marked_pair(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        await pilot.press("down")
        await pilot.resize_terminal(200, 50)
        await kit.until(pilot, lambda: "and its copy" in kit.screen_text(pilot.app))
        assert pilot.app.screen.query_one(DataTable).cursor_row == 1
        assert "the labels differ" in kit.screen_text(pilot.app)


async def test_help_tells_the_keys(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        await pilot.press("question_mark")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        text = kit.screen_text(pilot.app)
        assert "Near/scene" in text
        assert text.index("Audit") < text.index("Everywhere")


async def test_pairs_get_the_room_of_the_findings_on_a_low_screen(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        findings, pictures = (pilot.app.screen.query_one(part) for part in ("#audit-findings", "PairPictures"))
        assert (findings.display, pictures.display) == (True, False)
        await pilot.press("v")
        await kit.until(pilot, lambda: pictures.display and not findings.display)
        await pilot.press("v")
        await kit.until(pilot, lambda: findings.display and not pictures.display)
