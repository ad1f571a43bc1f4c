"""One chart of the training screen: sign and last value in the frame, within it the curve or what is waited for."""

from collections.abc import Hashable, Mapping, Sequence

from rich.text import Text

from tui.looks import formatting
from tui.looks.palette import variant_style
from tui.looks.variant_names import short_variant
from tui.screens.charts.plots import Plot, Plots
from tui.screens.charts.sources import Source
from tui.screens.training.variants_panel import progress_words
from tui.state.curves import METRICS, Metric
from tui.state.jobs import STAGE_WORDS, JobView
from tui.state.view_state import ViewState
from tui.widgets.charts.chart import CurveChart
from tui.widgets.charts.view import Range
from tui.widgets.lines import Row, centred, framed

_WIDEST_BAR = 40
_TITLE_EDGE = 6
_TITLE_FRAME = 7  # columns of a frame's first line that are neither its title nor its figure


class LossChart(CurveChart):
    """Draws itself only when its curve, its size or the options changed since the last time.

    Attributes:
        index: the place of its variant in the study; -1 for the chart of all.
        metric: what it shows.
    """

    def __init__(self, index: int, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.index = index
        self.metric: Metric = METRICS[0]
        self._shown: Hashable = None

    def show_variant(
        self,
        state: ViewState,
        plot: Plot,
        plots: Plots,
        end: float,
        locked: Mapping[Metric, Range],
        *,
        variants: Sequence[str],
        marked: bool,
    ) -> None:
        """Draw one metric of one of the study's variants."""
        metric, sources = plot
        variant = variants[self.index]
        job = state.job(variant)
        key = (plots.key(plot, end, locked), variant, job.version, self.size, marked, state.paused)
        if key == self._shown or not self.size:
            return
        self._shown = key
        style = variant_style(variant)
        colour = style.colour
        jobs = sources[0].series.jobs if sources else 1
        place = state.job_place(variant) if jobs == 1 else f"mean of {jobs}"
        room = self.size.width - _TITLE_FRAME - len(f" {style.marker} {place}".rstrip())
        of_job = metric == METRICS[0] and jobs == 1
        right = _figure(job) if of_job else _last_value(sources)
        if of_job and len(variant) + right.cell_len > room:
            right = _short_figure(job)
        name = short_variant(variant, variants, room - right.cell_len)
        title = Text.assemble((name, "bold"), (f" {style.marker}", colour))
        if place:
            title.append(f" {place}", "dim")
        lines: Sequence[Row]
        if sources:
            lines = plots.fill(self, plot, end, locked, along=len(sources) > 1)
            caption = plots.caption(plot, self)
        else:
            self.forget()
            lines, caption = centred(_waiting_lines(job, self.room[0], colour), *self.room), ""
        frame = f"bold {colour}" if marked else "dim"
        self.show_lines(framed(lines, *self.size, title=title, right=right, caption=caption, style=frame))

    def show_overlay(self, state: ViewState, plot: Plot, plots: Plots, end: float, marked: str | None) -> None:
        """Draw many curves on one pair of axes; of many variants all but the marked one's are faint."""
        sources = plot[1]
        key = (plots.key(plot, end, {}), self.size, marked)
        if key == self._shown or not self.size:
            return
        self._shown = key
        strong = [source for source in sources if not source.faint]
        lines: Sequence[Row]
        if sources:
            lines = plots.fill(self, plot, end, {}, along=True)
        else:
            self.forget()
            words = "nothing that the filter lets through" if plots.words else "no batch trained yet"
            lines = centred([Text(words, "dim")], *self.room)
        title = _legend(state, strong, marked, self.size.width - _TITLE_EDGE)
        if faint := len({source.name for source in sources if source.faint}):
            title.append(f"  and {faint} others, faint", "dim")
        self.show_lines(framed(lines, *self.size, title=title, caption=plots.caption(plot, self)))


def _legend(state: ViewState, sources: Sequence[Source], marked: str | None, width: int) -> Text:
    """Markers and names with the last values, without them, or with numbers for names, as the width allows."""
    title, short, shortest = Text(), Text(), Text()
    for source in {source.name: source for source in sources}.values():
        number = state.variants.index(source.name) + 1
        weight = "bold" if source.name == marked else ""
        name = Text.assemble((f"{source.marker} ", source.colour), (source.name, weight))
        title.append_text(name).append(f" {formatting.loss(source.series.last_of()).strip():>5}  ")
        short.append_text(name).append("  ")
        shortest.append(f"{number} ").append(source.marker, source.colour)
        shortest.append(f" {source.name}" if source.name == marked else "", "bold").append("  ")
    found = next((one for one in (title, short) if one.cell_len <= width), shortest)
    found.rstrip()
    return found


def _last_value(sources: Sequence[Source]) -> Text:
    last = sources[0].series.last_of() if sources else None
    return Text("" if last is None else f"{last:.4g}", "bold")


def _figure(job: JobView) -> Text:
    """What stands at the right end of the frame."""
    if job.status == "failed":
        return Text("failed", "bold red")
    if job.accuracy is not None:
        return Text.assemble((f"acc {job.accuracy:.3f}  ", "green"), formatting.loss(job.last_loss).strip())
    if job.losses:
        return Text.assemble((_epoch_words(job), "dim"), (formatting.loss(job.last_loss), "bold"))
    stage = job.stage
    return Text(f"{STAGE_WORDS[stage.stage]}{formatting.percent(stage.share)}" if stage else job.status, "dim")


def _short_figure(job: JobView) -> Text:
    """The same where the room is small."""
    if job.accuracy is not None:
        return Text(f"{job.accuracy:.3f}", "green")
    return Text(formatting.loss(job.last_loss).strip(), "bold") if job.losses else _figure(job)


def _epoch_words(job: JobView) -> str:
    """The last epoch's accuracy on the training images, and on those kept out of training where there are any."""
    if job.epoch_accuracy is None:
        return ""
    if job.validation_accuracy is None:
        return f"train {job.epoch_accuracy:.3f}  "
    return f"train {job.epoch_accuracy:.3f} val {job.validation_accuracy:.3f}  "


def _waiting_lines(job: JobView, width: int, colour: str) -> list[Text]:
    if job.status == "failed" and job.result is not None:
        return [Text("failed", "bold red"), Text(formatting.fit(job.result.reason, width))]
    stage = job.stage
    if stage is None:
        return [Text(job.status, "dim")]
    rate, left = progress_words(job)
    bar = min(_WIDEST_BAR, width - 2)
    lines = [
        Text(STAGE_WORDS[stage.stage]),
        Text(formatting.bar(stage.share, bar), colour),
        Text(f"{formatting.count(stage.done)} / {formatting.count(stage.total)}   {rate}   {left}"),
    ]
    if stage.cached:
        lines.append(Text(f"{formatting.count(stage.cached)} from the cache", "dim"))
    return lines
