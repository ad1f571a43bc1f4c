"""Progress of work that has no event stream: audits and explanations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class AuditProgress:
    """`done` of `total` images were read ("check") or compared with all others ("audit")."""

    stage: Literal["check", "audit"]
    done: int
    total: int


ReportProgress = Callable[[AuditProgress], None]


@dataclass(frozen=True)
class ExplanationProgress:
    """`done` of `total` predictions are made; `words` say what is under way."""

    words: str
    done: int
    total: int


Tell = Callable[[ExplanationProgress], None]
