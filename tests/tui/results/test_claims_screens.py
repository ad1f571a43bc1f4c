"""The screens of the claims and of the leak, with reports in place of an engine's work."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.reports.claims import Claim, ClaimsReport, Finding
from engine.reports.leak import Estimate, LeakReport, LeakRow
from engine.reports.reconstruction import FITS, FittedNumber, FittedReading, PublishedNumber, Reconstruction
from engine.reports.statistics import Interval
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_study import CONFIG
from tests.tui.host import Host
from tui.screens.results.claims import ClaimsScreen
from tui.screens.results.leak import LeakScreen
from tui.screens.results.results import ResultsScreen

SIZES = [(80, 24), (120, 40), (200, 50)]


def report(clean: str = "cl", *, other_images: bool = False) -> ClaimsReport:
    """Thirty claims of three topics with every verdict."""
    findings = (
        Finding("0.803 [0.755 0.844]", "holds", "0.80 lies in [0.755 0.844]"),
        Finding("0.603 [0.547 0.657]", "does not hold", "0.80 lies above [0.547 0.657]"),
        Finding("superres 0.813, vanilla 0.803", "can't be told", "too few images: superres - vanilla +0.010, p 0.375"),
    )
    claims = tuple(
        Claim(
            f"key{place}",
            f"Topic {place // 10}",
            f"claim number {place} of the study, in words that take some room on a line of the screen",
            "Results & Interpretation, Table 1",
            findings[place % 3],
            findings[(place + 1) % 3] if clean else Finding("–", "can't be told", "not run under the clean protocol"),
        )
        for place in range(30)
    )
    return ClaimsReport("of", clean, other_images, ("official (of): one seed (0)",), claims)


def readings() -> Reconstruction:
    """Four readings, two of them run, against eight numbers."""
    tried = tuple(
        FittedNumber("0.813 [0.765 0.853]", fit, "too few images" if fit == "can't be told" else "")
        for fit in (*FITS, *FITS, *FITS[:2])
    )
    untried = tuple(FittedNumber("–", "can't be told", "not run yet") for _ in tried)
    return Reconstruction(
        "the study",
        "official",
        ("vanilla",),
        tuple(PublishedNumber(f"n{place}", "vanilla", "precision", "= 0.84") for place, _ in enumerate(tried)),
        tuple(
            FittedReading(
                f"reading-of-the-paper-{place}",
                "dropout before the linear layer, where the field puts it",
                ("dropout_place=features",),
                "20261124-2302" if place < 2 else "",
                (0, 1, 2) if place < 2 else (),
                tried if place < 2 else untried,
                "trained on a part of the data: 2,980 of 8,063 images" if place == 1 else "",
            )
            for place in range(4)
        ),
        ("20261123-1200: of the clean protocol",),
    )


def leak() -> LeakReport:
    """Four variants with gaps."""

    def estimate(value: float, reach: float = 0.05) -> Estimate:
        return Estimate(value, Interval(value - reach, value + reach, "by hand"))

    rows = tuple(
        LeakRow(name, *(estimate(value) for value in (0.757, 0.627, 0.130, 0.755, 0.621, 0.134)))
        for name in ("vanilla", "bbox", "denoise", "superres")
    )
    words = ("vanilla: the copies were worth accuracy +0.130 [+0.080 +0.180].", "One seed: the intervals tell no more.")
    return LeakReport("20261124-of", "20261125-cl", 8062, 7689, 373, 300, (0,), rows, words)


def text(pilot: Pilot[None]) -> str:
    return "\n".join(strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips())


async def ready(pilot: Pilot[None]) -> None:
    """Let the thread work, and wait until the screen has what it found."""
    app = pilot.app
    assert isinstance(app, Host)
    app.engine.go.set()
    for _ in range(200):
        await pilot.pause()
        if getattr(app.screen, "ready", False):
            await pilot.pause()
            return
    raise AssertionError("never ready")


async def cleaned(pilot: Pilot[None]) -> None:
    """Wait until the same study is trained under the clean protocol."""
    app = pilot.app
    assert isinstance(app, Host)
    for _ in range(200):
        await pilot.pause(0.01)
        if app.engine.configs:
            break
    assert app.engine.configs == [replace(CONFIG, protocol="clean")]


Show = Callable[..., Host]


@pytest.fixture
def host(four: StudyRecord, tmp_path: Path) -> Show:
    """An app with the results of four variants."""

    def made(
        claims: object = None, gap: object = None, record: StudyRecord = four, error: Exception | None = None
    ) -> Host:
        engine = FakeEngine(report=claims or report(), gap=gap, readings=readings(), error=error)
        engine.load_config = lambda folder: CONFIG
        return Host(lambda session: ResultsScreen(session, record), tmp_path / "runs", engine)

    return made


@pytest.mark.parametrize("size", SIZES)
async def test_claims_fit_the_screen_and_scroll(host: Show, size: tuple[int, int]) -> None:
    async with host().run_test(size=size) as pilot:
        await pilot.press("o")
        assert isinstance(pilot.app.screen, ClaimsScreen)
        assert "looking for the run under the other protocol" in text(pilot)
        await ready(pilot)
        shown = text(pilot)
        for words in ("official  10 hold, 10 do not hold, 10 can't be told", "! official (of): one seed", "✓ holds"):
            assert words in shown
        assert "claim number 29" not in shown
        await pilot.press("end")
        await pilot.pause()
        assert "claim number 29" in text(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_wide_screens_set_the_protocols_side_by_side(host: Show) -> None:
    async with host().run_test(size=(200, 50)) as pilot:
        await pilot.press("o")
        await ready(pilot)
        line = next(line for line in text(pilot).splitlines() if "claim number 0" in line)
        assert "✓ holds" in line
        assert "✗ does not hold" in line
        await pilot.resize_terminal(100, 40)
        await pilot.pause()
        line = next(line for line in text(pilot).splitlines() if "claim number 0" in line)
        assert "holds" not in line


async def test_a_line_a_claim(host: Show) -> None:
    async with host().run_test(size=(120, 40)) as pilot:
        await pilot.press("o")
        await ready(pilot)
        assert "claim number 20" not in text(pilot)
        await pilot.press("v")
        assert "claim number 20" in text(pilot)
        assert "0.803" not in text(pilot)
        await pilot.press("v")
        assert "0.803" in text(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_readings_against_numbers_fit_the_screen(host: Show, size: tuple[int, int]) -> None:
    async with host().run_test(size=size) as pilot:
        await pilot.press("o")
        await ready(pilot)
        await pilot.press("r")
        await ready(pilot)
        lines = text(pilot).splitlines()
        (row,) = (line for line in lines if line.strip().startswith("reading-of-the-paper-0") and "3 of 8" in line)
        assert row.split()[1:9] == list("✓✗?✓✗?✓✗")
        await pilot.press("end")
        await pilot.pause()
        assert "reconstruct --start" in text(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ClaimsScreen)


async def test_without_a_clean_run_the_screen_says_what_to_do_and_c_does_it(host: Show, four: StudyRecord) -> None:
    async with host(report("")).run_test(size=(120, 40)) as pilot:
        await pilot.press("o")
        await ready(pilot)
        assert "press c to train it" in text(pilot)
        await pilot.press("c")
        await cleaned(pilot)


async def test_other_images_are_said_at_once(host: Show, four: StudyRecord) -> None:
    async with host(report(other_images=True)).run_test(size=(120, 40)) as pilot:
        await pilot.press("o")
        # The demo set needs no looking into.
        assert "other images than the paper's" in text(pilot).splitlines()[0]
        assert "DEMO" in text(pilot)
        await ready(pilot)
    assert four.dataset is not None
    four.dataset = replace(four.dataset, is_demo=False, classes=("a", "b", "c", "d", "e", "f"))
    async with host(report(other_images=True)).run_test(size=(120, 40)) as pilot:
        await pilot.press("o")
        await ready(pilot)
        assert "other images than the paper's" in text(pilot).splitlines()[0]


@pytest.mark.parametrize("size", SIZES)
async def test_the_leak_fits_the_screen(host: Show, size: tuple[int, int]) -> None:
    async with host(gap=leak()).run_test(size=size) as pilot:
        await pilot.press("l")
        assert isinstance(pilot.app.screen, LeakScreen)
        await ready(pilot)
        shown = text(pilot)
        for words in ("8,062 and 7,689 images", "373 left out", "● vanilla", "0.757 [", " +0.130 ["):
            assert words in shown
        assert "…" not in shown
        assert ("0.757 [.707 .807]" if size[0] < 100 else "0.757 [0.707 0.807]") in shown
        await pilot.press("end")
        await pilot.pause()
        assert "One seed" in text(pilot)


async def test_a_refusal_is_the_text_of_the_screen(host: Show) -> None:
    async with host(error=InputError("studies a and b have other seeds")).run_test(size=(120, 40)) as pilot:
        await pilot.press("l")
        await ready(pilot)
        assert "studies a and b have other seeds" in text(pilot)


async def test_an_error_of_the_programs_own_does_not_end_the_dashboard(host: Show) -> None:
    async with host(error=RuntimeError("boom")).run_test(size=(120, 40)) as pilot:
        await pilot.press("o")
        await ready(pilot)
        assert "RuntimeError: boom" in text(pilot)


@pytest.mark.parametrize(
    ("fingerprint", "protocol", "words"),
    [
        ("images", "official", "no finished clean run of this study yet: press c"),
        ("images", "clean", "no finished official run of this study yet"),
        ("", "official", "an older version made it"),
    ],
)
async def test_without_a_counterpart_the_leak_says_what_to_do(
    host: Show, four: StudyRecord, fingerprint: str, protocol: str, words: str
) -> None:
    assert four.dataset is not None
    assert four.started is not None
    four.dataset = replace(four.dataset, fingerprint=fingerprint)
    four.started = replace(four.started, protocol=protocol)  # type: ignore[arg-type]
    async with host(record=four).run_test(size=(120, 40)) as pilot:
        await pilot.press("l")
        await ready(pilot)
        assert words in " ".join(text(pilot).split())


async def test_a_screen_that_was_left_before_the_answer_came(host: Show) -> None:
    async with host().run_test(size=(120, 40)) as pilot:
        await pilot.press("o")
        screen = pilot.app.screen
        await pilot.press("escape")
        app = pilot.app
        assert isinstance(app, Host)
        app.engine.go.set()
        for _ in range(100):
            await pilot.pause()
            if getattr(screen, "ready", False):
                break
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_c_is_offered_only_where_it_makes_sense(host: Show, four: StudyRecord) -> None:
    async with host().run_test(size=(200, 50)) as pilot:
        await pilot.press("c")
        await cleaned(pilot)
    assert four.started is not None
    four.started = replace(four.started, protocol="clean")
    async with host(record=four).run_test(size=(200, 50)) as pilot:
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(pilot.app, Host)
        assert pilot.app.session.source is None
        assert "Clean" not in text(pilot)
