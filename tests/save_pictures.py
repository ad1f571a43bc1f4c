"""Save the README's pictures from the real program: `python -m tests.save_pictures` (a few minutes).

It runs the quick recipe on the demo set in the dashboard, without a terminal, and writes the screens as SVG into
data/pictures. Run it again when a screen has changed.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

# Before Textual is imported: it asks once which colours there are.
os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
os.environ.pop("NO_COLOR", None)

from textual.pilot import Pilot

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from tui.app.app import DashboardApp

PICTURES = Path(__file__).parents[1] / "data" / "pictures"
SIZE = (120, 40)
LOOK_SECONDS = 0.5


async def until(pilot: Pilot[object], condition: Callable[[], object]) -> None:
    """Wait for the study to come to a point."""
    while not condition():
        await asyncio.sleep(LOOK_SECONDS)
    await asyncio.sleep(2 * LOOK_SECONDS)  # the next redraw


def complete(pilot: Pilot[object]) -> bool:
    """Whether nothing on the screen is waited for, as a picture that is being made."""
    return not any("..." in strip.text for strip in pilot.app.screen._compositor.render_strips())


def save(pilot: Pilot[object], name: str) -> None:
    """Write what is on the screen."""
    svg = pilot.app.export_screenshot(title="simpsons-tui", simplify=True)
    (PICTURES / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


async def main() -> None:
    """One study from set-up to results."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as runs:
        app = DashboardApp(StudyConfig(recipe=RECIPES["quick"], offline=True, runs_dir=Path(runs)))
        session = app.session
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: session.warm and app.screen.known.estimate)
            await until(pilot, lambda: complete(pilot))
            save(pilot, "setup")
            await pilot.press("enter")
            await until(pilot, lambda: session.state is not None and len(session.state.job("denoise").losses) > 30)
            save(pilot, "training")
            await until(pilot, lambda: session.state is not None and session.state.record.finished)
            save(pilot, "results")


if __name__ == "__main__":
    asyncio.run(main())
