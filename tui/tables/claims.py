"""The claims and the leak as Rich tables: the screens and the headless output show the same."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.reports.claims import VERDICTS, Claim, ClaimsReport, Finding, Verdict
from engine.reports.leak import Estimate, LeakReport
from tui.looks.palette import variant_mark

SIDE_BY_SIDE = 150
"""From this many columns both protocols stand beside each other."""

_ROOMY = 100
"""From this many columns tables have room between their columns."""

MARKS: dict[Verdict, str] = {"holds": "✓", "does not hold": "✗", "can't be told": "?"}
_STYLES: dict[Verdict, str] = {"holds": "bold green", "does not hold": "bold red", "can't be told": "bold yellow"}
_WORDS: dict[Verdict, str] = {"holds": "hold", "does not hold": "do not hold", "can't be told": "can't be told"}

_VERDICT_WIDTH = 2 + max(map(len, get_args(Verdict)))
_PROTOCOL_WIDTH = 8
_INDENT = 2


# ---------------------------------------------------------------- claims


def tally(findings: Sequence[Finding]) -> str:
    """How many claims hold, do not hold and can't be told."""
    counts = Counter(finding.verdict for finding in findings)
    return ", ".join(f"{counts[verdict]} {_WORDS[verdict]}" for verdict in VERDICTS)


def claims_summary(report: ClaimsReport) -> list[tuple[str, str]]:
    """(protocol, what came of it) for both protocols."""
    columns = (
        ("official", report.official_study, [claim.official for claim in report.claims]),
        ("clean", report.clean_study, [claim.clean for claim in report.claims]),
    )
    return [(name, f"{tally(findings)}  ({study})" if study else "not run") for name, study, findings in columns]


def claims_parts(report: ClaimsReport, width: int, *, brief: bool = False) -> Iterator[RenderableType]:
    """Summary, remarks and the claims by topic, for a screen of `width` columns; `brief` is a line a claim."""
    for name, words in claims_summary(report):
        yield Text.assemble((f"{name:<{_PROTOCOL_WIDTH}}", "bold"), "  ", words)
    for remark in report.remarks:
        yield Text(f"! {remark}", style="yellow")
    if brief:
        yield Text()
        yield _brief(report.claims)
        return
    topic = ""
    for claim in report.claims:
        if claim.topic != topic:
            topic = claim.topic
            yield Text()
            yield Text(topic, style="bold underline")
        yield _claim(claim, width)


def _brief(claims: Sequence[Claim]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("official", justify="center")
    table.add_column("clean", justify="center")
    table.add_column(f"claim  ({', '.join(f'{mark} {verdict}' for verdict, mark in MARKS.items())})")
    for claim in claims:
        marks = (Text(MARKS[found.verdict], _STYLES[found.verdict]) for found in (claim.official, claim.clean))
        table.add_row(*marks, claim.statement)
    return table


def _claim(claim: Claim, width: int) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(ratio=1)
    title = Text.assemble((claim.statement, "bold"), (f"  {claim.source}", "dim"))
    findings = (("official", claim.official), ("clean", claim.clean))
    if width >= SIDE_BY_SIDE:
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        grid.add_row(title, *(_finding(name, finding) for name, finding in findings))
        return grid
    grid.add_row(title)
    for name, finding in findings:
        grid.add_row(Padding(_finding(name, finding), (0, 0, 0, _INDENT)))
    return grid


def _finding(protocol: str, finding: Finding) -> RenderableType:
    """Verdict and figure on one line, the reason below it, both hanging clear of the protocol's name."""
    first = Table.grid(padding=(0, 2, 0, 0))
    first.add_column(width=_VERDICT_WIDTH, no_wrap=True)
    first.add_column()
    first.add_row(Text(f"{MARKS[finding.verdict]} {finding.verdict}", _STYLES[finding.verdict]), Text(finding.figure))
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_PROTOCOL_WIDTH, no_wrap=True)
    grid.add_column()
    grid.add_row(Text(protocol, style="dim"), Group(first, Text(finding.reason, style="dim")))
    return grid


# ---------------------------------------------------------------- the leak


def leak_facts(report: LeakReport) -> Text:
    """What was compared, in a line or two."""
    trained = f"trained on {report.official_train:,} and {report.clean_train:,} images"
    left_out = f"{report.left_out:,} left out as copies" if report.left_out else "none left out as copies"
    seeds = f"seed{'s' if len(report.seeds) > 1 else ''} {', '.join(map(str, report.seeds))}"
    tested = f"tested on the same {report.test_images:,}"
    return Text(
        f"official {report.official_study}, clean {report.clean_study}: {trained} ({left_out}), {tested}, {seeds}"
    )


def leak_parts(report: LeakReport, width: int) -> Iterator[RenderableType]:
    """Facts, the scores side by side, and what the gaps say."""
    yield leak_facts(report)
    yield Text()
    accuracies = [(row.variant, (row.official_accuracy, row.clean_accuracy, row.accuracy_gap)) for row in report.rows]
    f1s = [(row.variant, (row.official_f1, row.clean_f1, row.f1_gap)) for row in report.rows]
    for name, rows in (("accuracy", accuracies), ("macro F1", f1s)):
        yield _leak_table(name, rows, narrow=width < _ROOMY)
        yield Text()
    yield from (Text(f"• {sentence}") for sentence in report.sentences)


def _leak_table(name: str, rows: Sequence[tuple[str, tuple[Estimate, Estimate, Estimate]]], *, narrow: bool) -> Table:
    table = Table(
        title=f"{name}, with 95 % intervals",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0) if narrow else (0, 3),
        header_style="bold",
    )
    table.add_column("variant", no_wrap=True)
    for heading in ("official", "clean", "gap"):
        table.add_column(heading, justify="right", no_wrap=True)
    for variant, (official, clean, gap) in rows:
        told = gap.interval.low > 0 or gap.interval.high < 0
        table.add_row(
            Text.assemble(variant_mark(variant), " ", variant),
            estimate_text(official, short=narrow),
            estimate_text(clean, short=narrow),
            Text(estimate_text(gap, signed=True, short=narrow), style="bold" if told else ""),
        )
    return table


def estimate_text(estimate: Estimate, *, signed: bool = False, short: bool = False) -> str:
    """0.757 [0.705 0.802], or +0.130 [+0.082 +0.178]; the interval without leading noughts where that is too long."""
    form = "+.3f" if signed else ".3f"
    low, high = (f"{end:{form}}" for end in (estimate.interval.low, estimate.interval.high))
    if short:
        low, high = (end.replace("0.", ".", 1) for end in (low, high))
    return f"{estimate.value:{form}} [{low} {high}]"
