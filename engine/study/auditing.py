"""The audit of a data set without a study: what its images say of how far scores on them can be trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.audit_report import AuditReport
from engine.config import StudyConfig
from engine.control import StudyControl
from engine.locations import cache_folder

AuditStage = Literal["check", "audit"]


@dataclass(frozen=True)
class AuditProgress:
    """`done` of `total` images were read ("check") or compared with all others ("audit")."""

    stage: AuditStage
    done: int
    total: int


def audit_dataset(
    config: StudyConfig,
    control: StudyControl | None = None,
    progress: Callable[[AuditProgress], None] | None = None,
) -> AuditReport:
    """Open the data set, read every image (what was read before comes from the cache) and audit them.

    `config` gives the data, its classes and sample, how alike copies are (`closeness`) and the cache's folder; where no
    data is named the demo set is made. `progress` is called in the calling thread and must return at once.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
        StudyStopped: `control` was told to stop.
    """
    from engine.audit import audit_images
    from engine.dataset import check_images
    from engine.study import open_study_dataset

    control = control or StudyControl()
    tell = progress or (lambda _: None)
    checked = check_images(
        open_study_dataset(config),
        cache_folder(config.cache_dir),
        control=control,
        progress=lambda done, total: tell(AuditProgress("check", done, total)),
    )
    return audit_images(
        checked,
        closeness=config.closeness,
        control=control,
        progress=lambda done, total: tell(AuditProgress("audit", done, total)),
    )
