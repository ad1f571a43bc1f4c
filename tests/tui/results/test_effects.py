"""Effects of steps on the screen, in sentences and tables, and what is said where there are none."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from io import StringIO

import pytest
from rich.text import Text
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from engine.config.combinations import COMBINATIONS
from engine.events.record import StudyRecord
from engine.events.study_json import study_to_json
from engine.reports.statistics import FactorialAnalysis, FactorialEffect, Interval
from tests.tui.results.screens import pressed, screen_text
from tui.console.report import report_text
from tui.screens.results.effects import EffectsScreen
from tui.screens.results.results import ResultsScreen
from tui.tables.effects import accuracy_chart, effect_chart, effect_sentences, effects_line, factorials, missing_words

SIZES = [(80, 24), (120, 40), (200, 50)]
TWO = ("denoise", "superres")


Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def analysis(estimates: dict[tuple[str, ...], float], sure: set[tuple[str, ...]], steps=TWO) -> FactorialAnalysis:
    effects = tuple(
        FactorialEffect(
            names,
            value,
            Interval(value - 0.02, value + 0.02, "bootstrap over groups of images, t"),
            "sign flips of groups of images",
            0.001 if names in sure else 0.4,
            0.003 if names in sure else 0.8,
            names in sure,
        )
        for names, value in estimates.items()
    )
    variants = ("vanilla", "denoise", "superres", "denoise+superres")
    return FactorialAnalysis(steps, variants, (0.70, 0.74, 0.72, 0.80), 300, 290, (0,), effects)


ESTIMATES = {("denoise",): 0.06, ("superres",): -0.04, TWO: 0.02}


def test_a_main_effect_alone_holds_whatever_else_is_done() -> None:
    said = effect_sentences(analysis(ESTIMATES, {("denoise",), ("superres",)}))
    assert said == (
        "denoise adds 0.060 whatever else is done.",
        "superres costs 0.040 whatever else is done.",
        "denoise and superres add up, as far as 300 images can show.",
    )


def test_an_interaction_says_what_the_one_does_with_and_without_the_other() -> None:
    said = effect_sentences(analysis(ESTIMATES, {("denoise",), TWO}))
    assert said == (
        "denoise adds 0.060 on average, and how much depends on superres.",
        "superres has no effect on average that 300 images can show; what it does depends on denoise.",
        "denoise and superres do not just add up: denoise changes the accuracy by +0.080 with superres and by +0.040 "
        "without.",
    )


def test_the_interval_is_drawn_on_one_axis_with_a_stroke_at_zero() -> None:
    head, first, second, third = (line.plain for line in effect_chart(analysis(ESTIMATES, {("denoise",)}), 90))
    assert {len(line) for line in (head, first, second, third)} == {90}
    zero = first.index("┊")
    assert head[zero] == "0"
    assert first.index("├") > zero, "above 0"
    assert second.index("┤") < zero, "below 0"
    assert third.index("├") <= zero <= third.index("┤"), "over 0"
    assert ["*" in line for line in (first, second, third)] == [True, False, False]
    assert ("p = .003" in first, "p = .800" in second) == (True, True)


def test_without_room_for_an_axis_the_numbers_stay() -> None:
    lines = [line.plain for line in effect_chart(analysis(ESTIMATES, set()), 60)]
    assert all("●" not in line for line in lines)
    assert "[+.040 +.080]" in lines[1]


def test_the_accuracies_show_which_steps_each_variant_applies() -> None:
    lines = [line.plain for line in accuracy_chart(analysis(ESTIMATES, set()), 100)]
    assert [line.count("✓") for line in lines[1:]] == [0, 1, 1, 2]
    places = [line.rindex(mark) for line, mark in zip(lines[1:], "●■◆□", strict=True)]
    assert places[0] < places[2] < places[1] < places[3]


def test_a_study_of_all_combinations_names_its_effects_in_a_line(eight: StudyRecord) -> None:
    line = effects_line(eight)
    assert line.startswith("effects of steps (f): ")
    assert "denoise × superres" in line


def test_a_study_without_a_complete_set_says_what_to_add(four: StudyRecord) -> None:
    assert effects_line(four) == ""
    words = missing_words(four)
    assert "this study lacks bbox+denoise" in words
    assert "--variants vanilla,bbox,denoise,superres,bbox+denoise" in words
    assert "--variants all-combinations" in words


def test_an_older_run_with_all_combinations_has_no_effects(eight: StudyRecord) -> None:
    assert eight.statistics is not None
    eight.statistics = replace(eight.statistics, factorials=())
    assert "older version" in missing_words(eight)
    assert "effects" not in report_text(eight, StringIO()).casefold()
    assert study_to_json(eight)["effects"] == []


def test_without_a_screen_the_effects_are_a_table(eight: StudyRecord) -> None:
    text = report_text(eight, StringIO())
    (found,) = factorials(eight)
    assert "Effects of steps, protocol official" in text
    for sentence in effect_sentences(found):
        assert sentence.rstrip(".") in text
    assert "Interaction of two: half the difference" in text


def test_json_holds_every_effect(eight: StudyRecord) -> None:
    (found,) = study_to_json(eight)["effects"]
    assert found["variants"] == list(COMBINATIONS)
    assert [len(effect["steps"]) for effect in found["effects"]] == [1, 1, 1, 2, 2, 2, 3]
    assert set(found["effects"][0]) >= {"estimate", "interval", "p_value", "adjusted_p", "significant"}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
async def test_the_screen_of_effects(show: Show, eight: StudyRecord, size, snapshot: SnapshotAssertion) -> None:
    async with show(eight, size) as pilot:
        await pressed(pilot, "f")
        assert isinstance(pilot.app.screen, EffectsScreen)
        assert screen_text(pilot) == snapshot
        await pressed(pilot, "f")
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_the_screen_says_what_to_add(show: Show, four: StudyRecord) -> None:
    async with show(four) as pilot:
        await pressed(pilot, "f")
        assert "bbox+denoise" in screen_text(pilot)
        await pressed(pilot, "escape")
        assert isinstance(pilot.app.screen, ResultsScreen)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
async def test_results_and_pairs_of_eight(show: Show, eight: StudyRecord, size, snapshot: SnapshotAssertion) -> None:
    async with show(eight, size) as pilot:
        assert screen_text(pilot) == snapshot
        await pressed(pilot, "p")
        assert screen_text(pilot) == snapshot


async def test_all_pairs_of_eight_can_be_reached(show: Show, eight: StudyRecord) -> None:
    async with show(eight, (80, 24)) as pilot:
        await pressed(pilot, "p")
        page = pilot.app.screen.query_one("#page")
        assert page.max_scroll_x > 0
        await pressed(pilot, *["right"] * (page.max_scroll_x + 1))
        for _ in range(5):
            await pilot.pause()
        assert page.scroll_x == page.max_scroll_x


def test_charts_are_texts_of_the_width_that_is_given() -> None:
    for width in (78, 118, 198):
        lines = [*effect_chart(analysis(ESTIMATES, set()), width)]
        lines += accuracy_chart(analysis(ESTIMATES, set()), width)
        assert all(isinstance(line, Text) and line.cell_len <= width for line in lines)
