"""The list of variants with how each of them stands; where the room is small, one line."""

from rich.text import Text
from textual import events
from textual.message import Message

from tui.looks import formatting
from tui.looks.palette import variant_style
from tui.state.jobs import STAGE_WORDS, JobView
from tui.state.study import ViewState
from tui.widgets.lines import LinesView, framed

SIGNS = {"waiting": "·", "done": "✓", "stopped": "■", "failed": "✗"}
"""What stands before a variant; one under way has ▶."""

_MOST_LINES_EACH = 3
_STUDY_LINES = 4
_FOLDED_BAR = 8
_STYLES = {"done": "green", "failed": "bold red", "stopped": "yellow", "waiting": "dim"}


def sign(job: JobView) -> Text:
    """The variant's state as one character."""
    return Text(SIGNS.get(job.status, "▶"), _STYLES.get(job.status, "bold"))


def standing(job: JobView, epochs: int) -> str:
    """The variant's state in a word or two."""
    if job.accuracy is not None:
        return f"acc {job.accuracy:.3f}"
    if job.status == "train":
        return f"epoch {min(job.epoch + 1, epochs)}/{epochs}"
    return STAGE_WORDS.get(job.status, job.status)


def progress_words(job: JobView) -> tuple[str, str]:
    """Rate and time left of the stage under way."""
    stage = job.stage
    if stage is None:
        return "", ""
    return formatting.rate(stage.image_rate()), f"{formatting.duration(stage.seconds_left())} left"


def study_words(state: ViewState) -> tuple[str, str]:
    """Share done and time left of the whole study."""
    if state.finished is not None:
        return f"study {state.finished.status}", ""
    left = state.seconds_left()
    return f"study {formatting.percent(state.share())}", f"{formatting.duration(left)} left"


def common_words(state: ViewState) -> str:
    """The stage under way that belongs to no variant, with its share."""
    stage = state.common_stage
    return "" if stage is None else f"{STAGE_WORDS[stage.stage]}{formatting.percent(stage.share)}"


class VariantsPanel(LinesView):
    """Three lines a variant, fewer where they are many, so that nothing moves when the next one begins."""

    _lines_each = _MOST_LINES_EACH

    class Chosen(Message):
        """A variant was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def show_state(self, state: ViewState, marked: str | None, *, dark: bool) -> None:
        """Draw how the study stands."""
        width, height = self.size
        inner = width - 2
        room = height - 2 - _STUDY_LINES
        self._lines_each = max(1, min(_MOST_LINES_EACH, room // max(1, len(state.variants))))
        lines: list[Text] = []
        for index, variant in enumerate(state.variants, start=1):
            own = _variant_lines(state, variant, index, inner, marked=variant == marked, dark=dark)
            lines += own[: self._lines_each]
        lines = (lines + [Text()] * max(0, room - len(lines)))[:room]
        share, left = study_words(state)
        done = formatting.bar(state.share(), inner - 2)
        lines += [
            Text("─" * inner, "dim"),
            _spread(Text(f" {share}", "bold"), Text(left), inner),
            Text(f" {done}", "cyan"),
            Text(f" {common_words(state)}"),
        ]
        self.show_lines(framed(lines, width, height, title=Text("variants")))

    def on_click(self, event: events.Click) -> None:
        """Mark the variant under the mouse."""
        if event.y >= 1:
            self.post_message(self.Chosen((event.y - 1) // self._lines_each))


def _spread(left: Text, right: Text, width: int) -> Text:
    return Text.assemble(left, " " * max(1, width - left.cell_len - right.cell_len - 1), right)


def _variant_lines(state: ViewState, variant: str, index: int, width: int, *, marked: bool, dark: bool) -> list[Text]:
    job, style = state.job(variant), variant_style(variant)
    epochs = state.record.started.recipe.epochs if state.record.started else 0
    colour = style.colour(dark=dark)
    word = f"{state.job_place(variant)} {standing(job, epochs)}".strip()
    name = formatting.fit(variant, width - len(word) - 10)
    head = Text.assemble(
        " ",
        sign(job),
        (f" {index} ", "dim"),
        (f"{style.marker} ", colour),
        (name, "bold underline" if marked else "bold"),
    )
    lines = [_spread(head, Text(word, _STYLES.get(job.status, "")), width)]
    stage = job.stage
    if stage is None:
        return [*lines, _ended_line(job), Text()]
    share = formatting.percent(stage.share)
    rate, left = progress_words(job)
    bar = formatting.bar(stage.share, width - len(share) - 6)
    return [
        *lines,
        _spread(Text.assemble("   ", (bar, colour)), Text(share), width),
        _spread(Text(f"   {rate}"), Text(left), width),
    ]


def _ended_line(job: JobView) -> Text:
    if job.result is None:
        return Text()
    if job.status == "failed":
        return Text(f"   {job.result.reason}", "red")
    seconds = job.result.seconds
    return Text(f"   prep {formatting.duration(seconds.preprocess)} train {formatting.duration(seconds.train)}", "dim")


class FoldedVariants(LinesView):
    """The same in one line, for small terminals: ✓1 ▶2 ·3 ·4, the running one in words, the study."""

    def show_state(self, state: ViewState, marked: str | None, *, dark: bool) -> None:
        """Draw how the study stands."""
        parts = [Text(" ")]
        for index, variant in enumerate(state.variants, start=1):
            style = "bold underline" if variant == marked else ""
            parts.append(Text.assemble(sign(state.job(variant)), (str(index), style), " "))
        running = state.running_variant
        if running is not None:
            job = state.job(running)
            epochs = state.record.started.recipe.epochs if state.record.started else 0
            stage = job.stage
            share = stage.share if stage else 0.0
            _, left = progress_words(job)
            colour = variant_style(running).colour(dark=dark)
            bar = (formatting.bar(share, _FOLDED_BAR), colour)
            place = f"{running} {state.job_place(running)}".strip()
            parts.append(
                Text.assemble(f" {place} {standing(job, epochs)} ", bar, f"{formatting.percent(share)} {left}")
            )
        elif state.common_stage is not None:
            parts.append(Text(f" {common_words(state)}"))
        share_word, left_word = study_words(state)
        right = Text(f"{share_word} {left_word}".strip(), "bold")
        left_part = Text.assemble(*parts)
        left_part.truncate(max(0, self.size.width - right.cell_len - 2), overflow="ellipsis")
        self.show_lines([_spread(left_part, right, self.size.width)])
