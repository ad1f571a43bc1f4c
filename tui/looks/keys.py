"""Key bindings, and the keys of every screen."""

from textual.binding import Binding


def _key(
    name: str,
    key: str,
    action: str,
    description: str,
    tooltip: str,
    *,
    show: bool = True,
    display: str | None = None,
    priority: bool = False,
) -> Binding:
    return Binding(
        key, action, description, show=show, key_display=display, priority=priority, tooltip=tooltip, id=name
    )


EVERYWHERE_NAME = "Everywhere"

EVERYWHERE: tuple[Binding, ...] = (
    _key("app.help", "question_mark", "keys", "Keys", "List every key", display="?"),
    _key("app.docs", "f1", "docs", "Manual", "The manual, page by page", show=False, display="F1"),
    _key("app.palette", "ctrl+p", "command_palette", "Commands", "Find a command by name", show=False, display="^p"),
    _key("app.back", "escape", "back", "Back", "Go back to the screen before", show=False, display="esc"),
    _key("app.new", "n", "new_study", "New study", "Back to the set-up, for another study"),
    _key("app.quit", "q", "quit", "Quit", "Leave; asks first while a study runs"),
    _key("app.interrupt", "ctrl+c,ctrl+q", "quit", "Quit", "Leave, as q does", show=False, priority=True),
)
