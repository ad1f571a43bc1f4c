"""The manual in the dashboard."""

import pytest
from textual.widgets import Markdown

from tui.screens.docs import DocsScreen
from tui.tables.pages import page_names

PAGES = len(page_names()) - 1
SIZES = [(80, 24), (120, 40)]


async def opened(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("f1")
    await shows(kit, pilot, "The manual of simpsons-tui")
    assert isinstance(pilot.app.screen, DocsScreen)


async def shows(kit, pilot, words):
    await kit.until(pilot, lambda: words in kit.screen_text(pilot.app), words)


def follow(pilot, href):
    document = pilot.app.screen.query_one(Markdown)
    document.post_message(Markdown.LinkClicked(document, href))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_f1_opens_the_list_of_pages_and_escape_leaves_it(kit, make_app, size):
    async with make_app().run_test(size=size) as pilot:
        await opened(kit, pilot)
        assert "6. trust: protocols, intervals, comparisons, claims, limits" in kit.screen_text(pilot.app)
        await pilot.press("escape")
        await kit.until(pilot, lambda: not isinstance(pilot.app.screen, DocsScreen))


async def test_f1_opens_one_manual(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        depth = len(pilot.app.screen_stack)
        await pilot.press("f1")
        await kit.until(pilot, lambda: len(pilot.app.screen_stack) == depth - 1)


async def test_keys_go_from_page_to_page(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        await pilot.press("tab")
        await shows(kit, pilot, f"install ─ 1 of {PAGES}")
        await pilot.press("6")
        await shows(kit, pilot, "Can the answer be trusted?")
        await pilot.press("i")
        await shows(kit, pilot, "list of pages")
        await pilot.press("shift+tab")
        await shows(kit, pilot, f"{page_names()[-1]} ─ {PAGES} of {PAGES}")


async def test_the_list_opens_any_page(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        await pilot.press("end", "enter")
        await shows(kit, pilot, f"{page_names()[-1]} ─ {PAGES} of {PAGES}")
        await pilot.press("0", "home", "down", "enter")
        await shows(kit, pilot, f"{page_names()[2]} ─ 2 of {PAGES}")


async def test_a_page_scrolls(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        await pilot.press("3")
        await shows(kit, pilot, "What can be read")
        body = pilot.app.screen.query_one("#docs-body")
        await pilot.press("down")
        await kit.until(pilot, lambda: body.scroll_y == 1)
        await pilot.press("pagedown")
        await kit.until(pilot, lambda: body.scroll_y > 10)
        await pilot.press("end")
        await shows(kit, pilot, "KAGGLE_API_TOKEN")
        await pilot.press("4")
        await shows(kit, pilot, "Variants, recipes, effects, a search")


async def test_links_lead_to_other_pages_and_to_their_headings(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        follow(pilot, "trust.md")
        await shows(kit, pilot, f"trust ─ 6 of {PAGES}")
        follow(pilot, "data.md#the-audit")
        await shows(kit, pilot, "What it finds of 150 drawn pictures")
        follow(pilot, "#boxes")
        await shows(kit, pilot, "has one line an image")


async def test_a_link_elsewhere_is_told(kit, make_app):
    async with make_app().run_test(size=(80, 24), notifications=True) as pilot:
        await opened(kit, pilot)
        follow(pilot, "https://optuna.org")
        await shows(kit, pilot, "https://optuna.org")
        assert pilot.app.screen.page == "index"
