"""The workers of a study whose jobs run in processes of their own: where each is, what it does and how fast."""

from rich.text import Text

from tui.looks import formatting
from tui.looks.keys import key
from tui.looks.palette import variant_style
from tui.screens.training.attempts_table import job_name, stage_words
from tui.screens.training.variants_panel import count_words, progress_words
from tui.state.attempts import Attempt
from tui.state.view_state import ViewState
from tui.widgets.lines import LinesView, framed

MOST_LINES = 8
"""Of the panel; the table of attempts has all workers."""

_OTHERS, _SHARE = 10, 6
"""Of a screen's lines, those of log, head and foot; the workers get one in so many of the rest."""

_BAR, _FIGURES, _PLACE, _DOING = 8, 33, 18, 14
_LEAST_NAME, _SEED_AND_FOLD = 8, 24


class WorkersPanel(LinesView):
    """A line a worker; a worker keeps its line until it ends, and the next one takes it."""

    _height = 0
    _state: ViewState | None = None

    def fit(self, state: ViewState, lines: int) -> bool:
        """Take a share of so many lines of a screen, none where there are no workers; returns whether that is new."""
        self._state, height = state, 0
        if state.attempts and lines:
            height = max(1, min(MOST_LINES, (lines - _OTHERS) // _SHARE, state.attempts.workers)) + 2
            height += bool(state.attempts.held)
        if height == self._height:
            return False
        self._height = height
        self.styles.height, self.display = height, bool(height)
        return True

    def on_resize(self) -> None:
        """The lines that were asked for are there now."""
        if self._state is not None:
            self.show_state(self._state)

    def show_state(self, state: ViewState) -> None:
        """Draw what the workers do."""
        width, height = self.size
        lanes, held = state.attempts.lanes, state.attempts.held
        room = height - 2 - bool(held)
        hidden = sum(lane is not None for lane in lanes[room:])
        places = max((len(_place(lane)) for lane in lanes[:room] if lane is not None), default=0)
        lines = [_line(state, lane, width - 2, min(places, _PLACE)) for lane in lanes[:room]]
        if held:
            lines.insert(0, Text(f" no job is taken for now: {held}", "yellow"))
        on = "" if state.attempts.on == "local" else state.attempts.on
        attempts = key("training.attempts", "w")
        more = f"and {hidden} more: {attempts}" if hidden else f"{attempts}: output"
        title = Text.assemble(("workers", ""), ("  ", ""), (count_words(state), "bold"))
        self.show_lines(framed(lines, width, height, title=title, right=Text(on), caption=more))


def _place(one: Attempt) -> str:
    return one.host or one.place


def _line(state: ViewState, one: Attempt | None, width: int, places: int) -> Text:
    """Host, job, what it does, rate, bar and share, in columns."""
    if one is None:
        return Text()
    style = variant_style(one.job.variant)
    place = formatting.left(formatting.fit(_place(one), places), places)
    job = state.jobs.get(one.job)
    stage = job.stage if job is not None and one.phase == "running" else None
    rate = progress_words(job)[0] if job is not None and stage is not None else ""
    tail = Text(f"{formatting.fit(stage_words(state, one), _DOING):<{_DOING}} {rate:>11} ")
    if stage is not None and width >= places + _FIGURES + _BAR + 2 * _LEAST_NAME:
        tail.append(formatting.bar(stage.share, _BAR), style.colour)
        tail.append(formatting.percent(stage.share))
    again = f" try {one.number}" if one.number > 1 else ""
    room = width - places - tail.cell_len - len(again) - _SEED_AND_FOLD
    name = job_name(state, one, max(_LEAST_NAME, room))
    mark = (f"{style.marker} ", style.colour) if one.job.variant else "  "
    head = Text.assemble(" ", (place, "dim"), " ", mark, name, (again, "yellow"))
    head.truncate(max(0, width - tail.cell_len - 1), overflow="ellipsis")
    return Text.assemble(head, " " * max(1, width - head.cell_len - tail.cell_len - 1), tail)
