"""The manual: one page at a time, the list of pages first."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Markdown, Static

from tui.tables.pages import INDEX, page_names, read_page

PAGE_KEYS = "123456789abcd"
"""The pages in the list's order."""


class DocsScreen(Screen[None]):
    """Opens on the list of pages, or on the page that is named."""

    DEFAULT_CSS = """
    DocsScreen {
        & > #docs-heading { height: 1; padding: 0 1; }
        & > #docs-body { height: 1fr; scrollbar-size: 1 1; }
        & Markdown { padding: 0 1; max-width: 120; }
    }
    """

    BINDING_GROUP_TITLE = "Manual"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn(1)", "Next page", id="docs.next", tooltip="The next page of the manual"),
        Binding("shift+tab", "turn(-1)", "Previous", show=False, id="docs.previous", tooltip="The page before"),
        Binding("i,0", "open(0)", "List of pages", id="docs.index", tooltip="What pages there are", key_display="i"),
        *(
            Binding(key, f"open({n})", f"Page {n}", show=False, id=f"docs.page{n}", tooltip="This page of the list")
            for n, key in enumerate(PAGE_KEYS, start=1)
        ),
        Binding("escape,f1", "app.pop_screen", "Back", id="docs.back", tooltip="Leave the manual", key_display="esc"),
    ]

    def __init__(self, page: str = INDEX) -> None:
        super().__init__()
        self.page = page

    def compose(self) -> ComposeResult:
        """Heading, page, footer."""
        yield Static(id="docs-heading")
        with VerticalScroll(id="docs-body"):
            yield Markdown(open_links=False)
        yield Footer(show_command_palette=False, compact=True)

    async def on_mount(self) -> None:
        """Show the first page; the arrow keys scroll it."""
        self.query_one("#docs-body").focus()
        await self.show_page(self.page)

    async def show_page(self, page: str, anchor: str = "") -> None:
        """Show a page from its beginning, or from one of its headings.

        Raises:
            InputError: there is no such page.
        """
        document = self.query_one(Markdown)
        await document.update(read_page(page))
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

    async def action_turn(self, pages: int) -> None:
        """Some pages on, round at the end."""
        names = page_names()
        await self.show_page(names[(names.index(self.page) + pages) % len(names)])

    async def action_open(self, number: int) -> None:
        """The page of that number in the list; 0 is the list."""
        if number < len(page_names()):
            await self.show_page(page_names()[number])
