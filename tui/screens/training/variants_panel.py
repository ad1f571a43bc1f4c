"""The list of variants with how each of them stands; where the room is small, one line."""

from collections import Counter

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message

from tui.looks import formatting
from tui.looks.palette import variant_style
from tui.looks.variant_names import MANY, short_variant
from tui.state.jobs import STAGE_WORDS, JobView, Together
from tui.state.view_state import ViewState
from tui.widgets.lines import LinesView, framed

SIGNS = {"waiting": "·", "done": "✓", "stopped": "■", "failed": "✗"}
"""What stands before a variant; one under way has ▶."""

_MOST_LINES_EACH = 3
_STUDY_LINES = 4
_FOLDED_BAR = 8
_LEAST_NAME = 8
_AROUND_NAME = 7  # cells of a line that are not name, number and standing: sign, marker, blanks
_STYLES = {"done": "green", "failed": "bold red", "stopped": "yellow", "waiting": "dim"}


def sign(job: JobView, jobs: Together | None = None, total: int = 1) -> Text:
    """The state of a variant as one character: that of its job, or of all its `jobs` where several run at once."""
    if jobs is not None and not jobs.running:
        status = "waiting" if jobs.ended < total else "failed" if jobs.failed else "done"
        return Text(SIGNS[status], _STYLES[status])
    if jobs is not None:
        return Text("▶", "bold")
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


def count_words(state: ViewState) -> str:
    """How many jobs run, are done, stopped or failed, and wait."""
    counts = state.job_counts()
    always = ("running", "done", "waiting")
    return ", ".join(f"{formatting.count(n)} {word}" for word, n in counts.items() if n or word in always)


class VariantsPanel(LinesView):
    """Three lines a variant, fewer where they are many, so that nothing moves when the next one begins.

    Where a line each is too much, the list scrolls with the marked one.
    """

    _lines_each = _MOST_LINES_EACH
    _first = 0

    class Chosen(Message):
        """A variant was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def show_state(self, state: ViewState, marked: str | None) -> None:
        """Draw how the study stands."""
        width, height = self.size
        inner, variants = width - 2, state.variants
        room = height - 2 - _STUDY_LINES
        self._lines_each = max(1, min(_MOST_LINES_EACH, room // max(1, len(variants))))
        shown = self._scroll(variants, marked, max(1, room // self._lines_each))
        together = state.together()
        standings = {variant: _standing_words(state, variant, together.get(variant)) for variant in variants}
        taken = max(map(len, standings.values()), default=0) + len(str(len(variants))) + _AROUND_NAME
        lines: list[Text] = []
        for index in shown:
            variant = variants[index]
            name = short_variant(variant, variants, inner - taken)
            jobs = together.get(variant)
            head = _head(state, variant, index + 1, name, jobs, marked=variant == marked)
            if jobs is None:
                own = _variant_lines(state, variant, head, standings[variant], inner)
            else:
                own = _jobs_lines(state, variant, head, standings[variant], jobs, inner)
            lines += own[: self._lines_each]
        lines = (lines + [Text()] * max(0, room - len(lines)))[:room]
        share, left = study_words(state)
        done = formatting.bar(state.share(), inner - 2)
        rule = formatting.fit(f" {marked} ", inner - 2) if marked is not None and len(variants) > len(shown) else ""
        lines += [
            Text.assemble("─", (rule, "bold"), "─" * (inner - 1 - cell_len(rule)), style="dim"),
            _spread(Text(f" {share}", "bold"), Text(left), inner),
            Text(f" {done}", "cyan"),
            Text(f" {common_words(state)}"),
        ]
        part = f" {shown[0] + 1}–{shown[-1] + 1} of {len(variants)}" if len(shown) < len(variants) else ""
        self.show_lines(framed(lines, width, height, title=Text(f"variants{part}")))

    def _scroll(self, variants: tuple[str, ...], marked: str | None, room: int) -> range:
        """The places in the list that are shown; they move no more than the marked one needs."""
        place = variants.index(marked) if marked in variants else 0
        first = min(max(self._first, place - room + 1), place, max(0, len(variants) - room))
        self._first = first
        return range(first, min(len(variants), first + room))

    def on_click(self, event: events.Click) -> None:
        """Mark the variant under the mouse."""
        if event.y >= 1:
            self.post_message(self.Chosen(self._first + (event.y - 1) // self._lines_each))


def _spread(left: Text, right: Text, width: int) -> Text:
    return Text.assemble(left, " " * max(1, width - left.cell_len - right.cell_len - 1), right)


def _standing_words(state: ViewState, variant: str, jobs: Together | None = None) -> str:
    started = state.record.started
    if jobs is not None and started is not None and started.jobs_per_variant > 1:
        result = state.record.result(variant) if jobs.ended == started.jobs_per_variant else None
        if result is not None and result.metrics is not None:
            return f"acc {result.metrics.accuracy:.3f}"
        return f"{jobs.ended}/{started.jobs_per_variant} done"
    epochs = started.recipe.epochs if started else 0
    return f"{state.job_place(variant)} {standing(state.job(variant), epochs)}".strip()


def _head(state: ViewState, variant: str, number: int, name: str, jobs: Together | None, *, marked: bool) -> Text:
    style, digits = variant_style(variant), len(str(len(state.variants)))
    return Text.assemble(
        " ",
        sign(state.job(variant), jobs, _jobs_each(state)),
        (f" {number:>{digits}} ", "dim"),
        (f"{style.marker} ", style.colour),
        (name, "bold underline" if marked else "bold"),
    )


def _variant_lines(state: ViewState, variant: str, head: Text, word: str, width: int) -> list[Text]:
    job, colour = state.job(variant), variant_style(variant).colour
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


def _jobs_each(state: ViewState) -> int:
    return state.record.started.jobs_per_variant if state.record.started else 1


def _jobs_lines(  # noqa: PLR0917
    state: ViewState, variant: str, head: Text, word: str, jobs: Together, width: int
) -> list[Text]:
    """The same of a variant whose jobs run side by side: a bar of all of them, how many run, their speed together."""
    total = _jobs_each(state)
    share = formatting.percent(jobs.share / total)
    bar = formatting.bar(jobs.share / total, width - len(share) - 6)
    failed = f", {jobs.failed} failed" if jobs.failed else ""
    doing = f"{jobs.running} running{failed}" if jobs.ended < total else failed.removeprefix(", ")
    return [
        _spread(head, Text(word, "green" if jobs.ended == total else ""), width),
        _spread(Text.assemble("   ", (bar, variant_style(variant).colour)), Text(share), width),
        _spread(Text(f"   {doing}"), Text(formatting.rate(jobs.rate) if jobs.running else ""), width),
    ]


def _ended_line(job: JobView) -> Text:
    if job.result is None:
        return Text()
    if job.status == "failed":
        return Text(f"   {job.result.reason}", "red")
    seconds = job.result.seconds
    return Text(f"   prep {formatting.duration(seconds.preprocess)} train {formatting.duration(seconds.train)}", "dim")


class FoldedVariants(LinesView):
    """The same in one line, for small terminals: ✓1 ▶2 ·3 ·4, the running one in words, the study.

    Of many variants, how many stand how: ✓12 ▶1 ·52.
    """

    def show_state(self, state: ViewState, marked: str | None) -> None:
        """Draw how the study stands."""
        share_word, left_word = study_words(state)
        right = Text(f"{share_word} {left_word}".strip(), "bold")
        parts = [Text(" "), *(_each_sign(state, marked) if not state.attempts else [Text(count_words(state))])]
        running = state.running_variant
        if running is not None and not state.attempts:
            job = state.job(running)
            epochs = state.record.started.recipe.epochs if state.record.started else 0
            stage = job.stage
            share = stage.share if stage else 0.0
            _, left = progress_words(job)
            colour = variant_style(running).colour
            bar = (formatting.bar(share, _FOLDED_BAR), colour)
            tail = Text.assemble(f" {standing(job, epochs)} ", bar, f"{formatting.percent(share)} {left}")
            place = f" {state.job_place(running)}".rstrip()
            taken = sum(part.cell_len for part in (*parts, tail, right)) + len(place) + 3
            name = short_variant(running, state.variants, max(_LEAST_NAME, self.size.width - taken))
            parts.append(Text.assemble(f" {name}{place}", tail))
        elif state.common_stage is not None:
            parts.append(Text(f" {common_words(state)}"))
        left_part = Text.assemble(*parts)
        left_part.truncate(max(0, self.size.width - right.cell_len - 2), overflow="ellipsis")
        self.show_lines([_spread(left_part, right, self.size.width)])


def _each_sign(state: ViewState, marked: str | None) -> list[Text]:
    """A sign and a number a variant; of many, how many have each sign."""
    if len(state.variants) <= MANY:
        return [
            Text.assemble(sign(state.job(variant)), (str(number), "bold underline" if variant == marked else ""), " ")
            for number, variant in enumerate(state.variants, start=1)
        ]
    signs = [sign(state.job(variant)) for variant in state.variants]
    counts = Counter(one.plain for one in signs)
    looks = {one.plain: one for one in signs}
    return [Text.assemble(looks[plain], f"{count} ") for plain, count in counts.items()]
