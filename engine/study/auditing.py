"""The audit of a data set without a study: what its images say of how far scores on them can be trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.audit_report import AuditReport, Closeness
from engine.control import StudyControl

if TYPE_CHECKING:
    from engine.dataset import Dataset


@dataclass(frozen=True)
class AuditProgress:
    """`done` of `total` images were read ("check") or compared with all others ("audit")."""

    stage: Literal["check", "audit"]
    done: int
    total: int


ReportProgress = Callable[[AuditProgress], None]


def audit_opened(
    dataset: "Dataset", closeness: Closeness, cache_dir: Path, control: StudyControl, progress: ReportProgress
) -> AuditReport:
    """Read every image of a data set (what was read before comes from the cache) and audit them.

    Raises:
        SimpsonsError: too few images can be read.
        StudyStopped: `control` was told to stop.
    """
    from engine.audit import audit_images
    from engine.dataset import check_images
    from engine.study.images import pooled_for_audit

    checked = check_images(
        dataset,
        cache_dir,
        control=control,
        progress=lambda done, total: progress(AuditProgress("check", done, total)),
    )
    return audit_images(
        pooled_for_audit(checked),
        closeness=closeness,
        control=control,
        progress=lambda done, total: progress(AuditProgress("audit", done, total)),
    )
