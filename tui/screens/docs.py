"""The manual: one page at a time, the list of pages first."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Markdown, OptionList, Static
from textual.widgets.option_list import Option

from tui.looks.keys import bind
from tui.tables.pages import INDEX, page_names, page_summaries, read_page
from tui.widgets.key_line import KeyLine

_MOST_KEYS = 9
"""Pages that a digit opens as well as the list."""


class DocsScreen(Screen[None]):
    """Opens on the list of pages."""

    DEFAULT_CSS = """
    DocsScreen {
        & > #docs-heading { height: 1; padding: 0 1; }
        & > #docs-body { height: 1fr; scrollbar-size: 1 1; }
        & Markdown { padding: 0 1; max-width: 120; }
        & #docs-list { height: auto; border: none; background: $background; &:focus { border: none; } }
    }
    """

    BINDING_GROUP_TITLE = "Manual"

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("docs.next", "tab", "turn(1)", "Next page", "The next page of the manual"),
        bind("docs.previous", "shift+tab", "turn(-1)", "Previous", "The page before", show=False),
        bind("docs.index", "i,0", "open(0)", "List of pages", "What pages there are; enter opens one", display="i"),
        *(
            bind(f"docs.page{n}", str(n), f"open({n})", f"Page {n}", "This page of the list", show=False)
            for n in range(1, _MOST_KEYS + 1)
        ),
        bind("docs.back", "escape,f1", "app.pop_screen", "Back", "Leave the manual", display="esc"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.page = INDEX

    def compose(self) -> ComposeResult:
        """Heading, page, footer."""
        yield Static(id="docs-heading")
        with VerticalScroll(id="docs-body"):
            yield Markdown(open_links=False)
            lines = enumerate(page_summaries().items(), start=1)
            pages = (Option(f"{n:2}. {name}: {summary}", name) for n, (name, summary) in lines)
            yield OptionList(*pages, id="docs-list", markup=False)
        yield KeyLine()

    async def on_mount(self) -> None:
        """Show the first page."""
        await self.show_page(self.page)

    async def show_page(self, page: str, anchor: str = "") -> None:
        """Show a page from its beginning, or from one of its headings.

        Raises:
            InputError: there is no such page.
        """
        document, listed = self.query_one(Markdown), self.query_one("#docs-list", OptionList)
        text = read_page(page)
        listed.display = page == INDEX
        await document.update(text.partition("\n1. ")[0] if listed.display else text)
        (listed if listed.display else self.query_one("#docs-body")).focus()  # the arrow keys move in it
        self.page = page
        number = page_names().index(page)
        place = f"{number} of {len(page_names()) - 1}" if number else "list of pages"
        self.query_one("#docs-heading", Static).update(Text.assemble(("manual", "bold"), f" ─ {page} ─ {place}"))
        self.query_one("#docs-body").scroll_home(animate=False)
        if anchor:
            self.call_after_refresh(document.goto_anchor, anchor)

    @on(Markdown.LinkClicked)
    async def follow_link(self, event: Markdown.LinkClicked) -> None:
        """Another page is shown here; an address elsewhere is only told, for the browser is not on this machine."""
        file, _, anchor = event.href.partition("#")
        page = file.removesuffix(".md") or self.page
        if page in page_names():
            await self.show_page(page, anchor)
        else:
            self.notify(event.href, title="not a page of the manual")

    @on(OptionList.OptionSelected, "#docs-list")
    async def _open_chosen(self, event: OptionList.OptionSelected) -> None:
        await self.show_page(event.option_id or INDEX)

    async def action_turn(self, pages: int) -> None:
        """Some pages on, round at the end."""
        names = page_names()
        await self.show_page(names[(names.index(self.page) + pages) % len(names)])

    async def action_open(self, number: int) -> None:
        """The page of that number in the list; 0 is the list."""
        if number < len(page_names()):
            await self.show_page(page_names()[number])
