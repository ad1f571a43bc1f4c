"""One chart of the training screen: sign and last loss in the frame, within it the curve or what is waited for."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from rich.text import Text
from textual import events
from textual.message import Message

from tui.looks import formatting
from tui.looks.axes import Curve
from tui.looks.palette import variant_style
from tui.looks.variant_names import MANY, short_variant
from tui.screens.training.variants_panel import progress_words
from tui.state.jobs import STAGE_WORDS, Band, JobView
from tui.state.study import ViewState
from tui.widgets.chart import ChartOptions, caption_of, draw_chart
from tui.widgets.lines import LinesView, centred, framed

_FRAME = 2
_WIDEST_BAR = 40
_TITLE_EDGE = 6
_TITLE_FRAME = 7  # columns of a frame's first line that are neither its title nor its figure


class LossChart(LinesView):
    """Draws itself only when its curve, its size or the options changed since the last time."""

    class Chosen(Message):
        """The chart was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, index: int, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.index = index
        self.drawn = 0
        """How often it was really drawn, for the tests of what a hidden chart costs."""
        self._key: Hashable = None

    def on_click(self) -> None:
        """Mark this chart."""
        self.post_message(self.Chosen(self.index))

    def on_resize(self, _event: events.Resize) -> None:
        """What was drawn no longer fits."""
        self._key = None

    def show_variant(self, state: ViewState, variant: str, options: ChartOptions, *, marked: bool, dark: bool) -> None:
        """Draw one variant's curve."""
        job = state.job(variant)
        band = state.band(variant) if options.mean else None
        if band is not None and band.jobs < 2:  # noqa: PLR2004 - a mean is of two
            band, options = None, replace(options, mean=False)
        told = (job.key, job.version) if band is None else band.version
        key = (variant, told, self.size, options, marked, dark, state.paused)
        if key == self._key or not self.size:
            return
        self._key = key
        self.drawn += 1
        style = variant_style(variant)
        colour = style.colour(dark=dark)
        place = state.job_place(variant) if band is None else f"mean of {band.jobs}"
        room = self.size.width - _TITLE_FRAME - len(f" {style.marker} {place}".rstrip())
        right = _figure(job) if band is None else Text(formatting.loss(band.last).strip(), "bold")
        if band is None and len(variant) + right.cell_len > room:
            right = _short_figure(job)
        name = short_variant(variant, state.variants, room - right.cell_len)
        title = Text.assemble((name, "bold"), (f" {style.marker}", colour))
        if place:
            title.append(f" {place}", "dim")
        width, height = self.size.width - _FRAME, self.size.height - _FRAME
        if band is not None or job.losses:
            total = job.train_total if band is None else band.total
            lines = draw_chart(_curves(job, band, colour, style.marker), total, width, height, options)
            caption = caption_of(options)
        else:
            lines, caption = centred(_waiting_lines(job, width, colour), width, height), ""
        frame = f"bold {colour}" if marked else "dim"
        self.show_lines(framed(lines, *self.size, title=title, right=right, caption=caption, style=frame))

    def show_overlay(self, state: ViewState, options: ChartOptions, marked: str | None, *, dark: bool) -> None:
        """Draw every variant's curve on one pair of axes; of many variants all but the marked one's are faint."""
        jobs = [(variant, state.job(variant)) for variant in state.variants]
        bands = {variant: state.band(variant) for variant, _ in jobs} if options.mean else {}
        told = tuple((job.key, job.version) for _, job in jobs)
        key = (told, tuple(band.version for band in bands.values()), self.size, options, marked, dark)
        if key == self._key or not self.size:
            return
        self._key = key
        self.drawn += 1
        faint = {variant for variant, _ in jobs if len(jobs) > MANY and variant != marked}
        curves = []
        for variant, job in jobs:
            style = variant_style(variant)
            colour = style.colour(dark=dark)
            band = bands.get(variant)
            raw, smoothed = (job.losses, job.smoothed) if band is None else (band.mean, band.mean)
            curves.append(Curve(colour, style.marker, raw, smoothed, faint=variant in faint))
        total = max((job.train_total for _, job in jobs), default=0)
        width, height = self.size.width - _FRAME, self.size.height - _FRAME
        if any(curve.raw for curve in curves):
            lines = draw_chart(curves, total, width, height, options)
        else:
            lines = centred([Text("no batch trained yet", "dim")], width, height)
        lasts = [(variant, bands[variant].last if bands else job.last_loss) for variant, job in jobs]
        strong = [one for one in lasts if one[0] not in faint]
        title = _legend(strong, marked, self.size.width - _TITLE_EDGE, dark=dark)
        if faint:
            title.append(f"  and {len(faint)} others, faint", "dim")
        self.show_lines(framed(lines, *self.size, title=title, caption=caption_of(options)))


def _curves(job: JobView, band: Band | None, colour: str, marker: str) -> list[Curve]:
    """A job's curve, or the mean of several between thin lines at the lowest and the highest."""
    if band is None:
        return [Curve(colour, marker, job.losses, job.smoothed)]
    edges = [Curve(colour, marker, edge, edge, faint=True) for edge in (band.low, band.high)]
    return [*edges, Curve(colour, marker, band.mean, band.mean)]


def _legend(jobs: Sequence[tuple[str, float | None]], marked: str | None, width: int, *, dark: bool) -> Text:
    """Markers and names with the last losses, without them, or with numbers for names, as the width allows."""
    title, short, shortest = Text(), Text(), Text()
    for number, (variant, last) in enumerate(jobs, start=1):
        style = variant_style(variant)
        colour = style.colour(dark=dark)
        name = Text.assemble((f"{style.marker} ", colour), (variant, "bold" if variant == marked else ""))
        title.append_text(name).append(f" {formatting.loss(last).strip():>5}  ")
        short.append_text(name).append("  ")
        shortest.append(f"{number} ").append(style.marker, colour)
        shortest.append(f" {variant}" if variant == marked else "", "bold").append("  ")
    found = next((one for one in (title, short) if one.cell_len <= width), shortest)
    found.rstrip()
    return found


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
