"""What a run and its counterpart (see `engine.finished.counterpart`) say together: the claims, and the leak."""

from pathlib import Path

from engine.config.protocols import Protocol
from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.finished.counterpart import OTHER_PROTOCOL
from engine.reports.claims import ClaimsReport
from engine.reports.leak import LeakReport


def is_of_the_study(record: StudyRecord) -> bool:
    """Whether the images are of the classes of the study that the program repeats, so that its claims say something."""
    dataset = record.dataset
    if dataset is None or dataset.is_demo:
        return False
    from engine.finished.claims.file import load_claims  # what judges them is slow to import

    return set(dataset.classes) == set(load_claims().classes)


def judge_study(
    record: StudyRecord,
    counterpart: StudyRecord | None = None,
    second: StudyRecord | None = None,
    file: Path | None = None,
) -> ClaimsReport:
    """A paper's claims against a run and its counterpart.

    Args:
        record: a run under the official or the clean protocol.
        counterpart: the same study under the other one.
        second: used in place of the counterpart; or a run under the same protocol on another amount of data.
        file: the paper's claims; None for those of the study that the program repeats.

    Raises:
        InputError: a run is of another protocol, or the file cannot be used.
    """
    from engine.finished.claims.judge import judge_claims

    own = _protocol(record)
    others = () if second is None or _protocol(second) != own else (second,)
    counterpart = counterpart if second is None or others else second
    official, clean = (record, counterpart) if own == "official" else (counterpart, record)
    return judge_claims(official, clean, others, file)


def leak_of_study(record: StudyRecord, counterpart: StudyRecord | None) -> LeakReport | None:
    """A run and its counterpart side by side; None where there is no counterpart.

    Raises:
        InputError: the run is of another protocol, or the two cannot be set side by side.
    """
    own = _protocol(record)
    if counterpart is None:
        return None
    from engine.finished.claims.leak import leak_gap  # brings scipy along

    return leak_gap(record, counterpart) if own == "official" else leak_gap(counterpart, record)


def _protocol(record: StudyRecord) -> Protocol:
    """The protocol, which has a counterpart.

    Raises:
        InputError: it has none.
    """
    if record.started is None:
        raise InputError("the study has not begun")
    protocol = record.started.protocol
    if protocol not in OTHER_PROTOCOL:
        raise InputError(
            f"study {record.started.study} is of the {protocol} protocol, which has test images of its own: "
            "name a run of the official or the clean one"
        )
    return protocol
