"""What stands on a screen of the results, and pressing its keys."""

from textual.pilot import Pilot


def screen_text(pilot: Pilot[None]) -> str:
    return "\n".join(
        "".join(segment.text for segment in pilot.app.screen._compositor.render_strips()[y]).rstrip()
        for y in range(pilot.app.size.height)
    )


async def pressed(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(3):
        await pilot.pause()
