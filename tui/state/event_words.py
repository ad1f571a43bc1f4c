"""The events that the dashboard's log and the lines of a headless run tell in the same words."""

from engine.events.study import (
    AuditFinished,
    Event,
    MachineChosen,
    NetworkOpened,
    Notice,
    RunResumed,
    StudyFinished,
    SuperresWeightsChosen,
)
from engine.events.study_json import describe_weights
from tui.looks.formatting import machine_words


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
