"""Facts, notes and findings of a study, in words around its tables."""

from rich.style import Style
from rich.text import Text

from engine.events.record import StudyRecord, is_demo
from tui.looks.keys import key
from tui.looks.palette import ALARM, variant_mark
from tui.state.event_words import event_words
from tui.tables.data import BEST
from tui.tables.effects import effects_line
from tui.tables.facts import origin_facts, setting_facts, shortfalls, warnings
from tui.tables.pipelines import pipelines_line
from tui.tables.quality import quality_line
from tui.tables.statistics import leak_warning, seed_words, verdict

ALARM_STYLE = Style(bold=True, color=ALARM)
"""The style of what went wrong."""

_GAP = "   "
"""Between two facts."""


def facts_text(record: StudyRecord, width: int) -> Text:
    """Data, protocol, recipe and seed; in `width` columns a line breaks between facts only."""
    lines = [Text.assemble((" DEMO ", "reverse bold"), " drawn pictures") if is_demo(record) else Text()]
    for fact in setting_facts(record):
        words = _fact_words([fact])
        if lines[-1] and lines[-1].cell_len + len(_GAP) + words.cell_len > width:
            lines.append(words)
        else:
            lines[-1].append(_GAP if lines[-1] else "").append_text(words)
    return Text("\n").join(lines)


def notes_text(record: StudyRecord, sorted_by: str) -> Text:
    """The verdict, warnings beside the scores, and how the table is sorted."""
    verdicts = [Text(words) for words in (verdict(record),) if words]
    if leak := leak_warning(record):
        verdicts.append(Text(f"{leak}: press {key('results.clean', 'c')} for the clean protocol", style=ALARM_STYLE))
    lines = [Text(" ─ ").join(verdicts)] if verdicts else []
    said = (seed_words(record), effects_line(record), pipelines_line(record), quality_line(record))
    lines += [Text(words) for words in said if words]
    lines.append(Text(f"{BEST} best of its column among finished variants   sorted by {sorted_by}", style="dim"))
    for variant, words in shortfalls(record):
        mark = variant_mark(variant)
        lines.append(Text.assemble(mark, " ", (f"{variant} {words}", ALARM_STYLE)))
    return Text("\n").join(lines)


def findings_text(record: StudyRecord) -> Text:
    """How the study ended, its conclusion, its warnings, and where the numbers come from."""
    lines: list[Text] = []
    finished, alarm = record.finished, ALARM_STYLE
    if finished is not None and finished.status != "done":
        reason = f": {finished.reason}" if finished.reason else ""
        lines.append(Text(f"The study {finished.status}{reason}", style=alarm))
    if finished is not None and finished.conclusion:
        lines.append(Text("Conclusion", style="bold"))
        lines += [Text(f"• {sentence}") for sentence in finished.conclusion]
    if notices := warnings(record):
        lines.append(Text(f"Warnings ({len(notices)})", style="bold"))
    lines += [Text(f"! {event_words(notice)}", style=alarm) for notice in notices]
    lines.append(_fact_words(origin_facts(record)))
    return Text("\n").join(lines)


def _fact_words(facts: list[tuple[str, str]]) -> Text:
    """Names dim, values bold."""
    return Text(_GAP).join(Text.assemble((f"{name} ", "dim"), (value, "bold")) for name, value in facts)
