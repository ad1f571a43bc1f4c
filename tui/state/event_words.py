"""The events that the dashboard's log and the lines of a headless run tell in the same words."""

from engine.events.study import (
    AttemptEnded,
    AttemptStarted,
    AttemptSubmitted,
    AuditFinished,
    Event,
    MachineChosen,
    NetworkOpened,
    Notice,
    RunResumed,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
    WorkersChanged,
)
from engine.events.study_json import describe_weights
from tui.looks.formatting import duration, machine_words

MOST_TOLD = 20
"""Of studies with more jobs than this, only what became of each job is told."""

PROBE = "probe"
"""The attempt that belongs to no job: it looks whether a worker sees the data, and chooses the arithmetic."""


def job_count(started: StudyStarted | None) -> int:
    """How many jobs a study has."""
    return len(started.variants) * started.jobs_per_variant if started is not None else 1


def job_words(started: StudyStarted | None, variant: str, seed: int, fold: int) -> str:
    """A job by its variant, with seed and fold where there are several."""
    parts = []
    if started is not None and started.repeats > 1:
        parts.append(f"seed {seed}")
    if started is not None and started.folds > 1:
        parts.append(f"fold {fold}")
    if not variant:
        return PROBE
    return f"{variant} ({', '.join(parts)})" if parts else variant


def attempt_words(event: Event, started: StudyStarted | None) -> str:
    """One line for an event of a job's process; "" for others, and for those of many jobs where all is well."""
    text, many = "", job_count(started) > MOST_TOLD
    match event:
        case AttemptSubmitted() if not many or event.attempt > 1:
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            text = f"submitted as {event.place}{again}"
        case AttemptStarted() if not many:
            text = f"starts on {event.host}, process {event.process}"
        case AttemptEnded() if event.reason:
            text = f"attempt {event.attempt} ended: {event.reason}"
        case AttemptEnded() if not many:
            text = "its process ended"
        case WorkersChanged(held_seconds=seconds) if event.held or seconds:
            if not event.held:
                return f"jobs are taken again, after {duration(seconds)}"
            since = f"no job was taken for {duration(seconds)}" if seconds else "no job is taken for now"
            return f"{since}: {event.held}"
        case WorkersChanged():
            jobs = "one job" if event.workers == 1 else f"{event.workers} jobs"
            where = "" if event.on == "local" else f" on {event.on.capitalize()}"
            return f"{jobs} at once{where}" + (f": {event.reason}" if event.reason else "")
    if isinstance(event, AttemptSubmitted | AttemptStarted | AttemptEnded) and text:
        text = f"{job_words(started, event.variant, event.seed, event.fold)}: {text}"
    return text


def event_words(event: Event) -> str:
    """One line for an event, "" for one that has none here."""
    text = ""
    match event:
        case AuditFinished() if event.audit.sentences:
            text = f"audit: {event.audit.sentences[0]}"
        case MachineChosen():
            text = f"computing on {machine_words(event.machine)} ({event.machine.chosen_by})"
        case NetworkOpened(network=network):
            text = f"network {network.name}, {network.parameters:,} weights, begun from {network.weights}"
        case SuperresWeightsChosen():
            text = f"super-resolution weights: {describe_weights(event.weights)}"
        case RunResumed():
            text = "the study is resumed"
        case StudyFinished():
            reason = f" ({event.reason})" if event.reason else ""
            text = f"study {event.status}{reason}" + (f"; kept in {event.folder}" if event.folder else "")
        case Notice():
            # The variant's name in front, unless the message begins with it.
            named = event.variant and not event.message.startswith(event.variant)
            text = f"{event.variant}: {event.message}" if named else event.message
    return text
