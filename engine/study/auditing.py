"""The audit of a data set without a study: what its images say of how far scores on them can be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.protocols import Closeness
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.progress import AuditProgress, ReportProgress
from engine.reports.audit import AuditReport
from engine.study.opening import open_study_dataset
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from engine.dataset import Dataset


def audit_opened(
    dataset: "Dataset",
    closeness: Closeness,
    cache_dir: Path,
    control: StudyControl,
    progress: ReportProgress,
    *,
    recheck: bool = False,
) -> AuditReport:
    """Read every image of a data set (what was read before comes from the cache, but with `recheck`) and audit them.

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
        recheck=recheck,
    )
    return audit_images(
        pooled_for_audit(checked),
        closeness=closeness,
        control=control,
        progress=lambda done, total: progress(AuditProgress("audit", done, total)),
    )


def audit_dataset(
    config: StudyConfig, control: StudyControl | None = None, progress: ReportProgress | None = None
) -> AuditReport:
    """What the images themselves say of how far scores on them can be trusted.

    `config` gives the data, its parts, classes and sample, how alike copies are (`closeness`), the cache's folder and
    whether it counts (`recheck`). Every
    image is read once; a second audit takes what is known of them from the cache. `progress` is called in the calling
    thread and must return at once.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
        StudyStopped: `control` was told to stop.
    """
    return audit_opened(
        open_study_dataset(config),
        config.closeness,
        cache_folder(config.cache_dir),
        control or StudyControl(),
        progress or _say_nothing,
        recheck=config.recheck,
    )


def _say_nothing(_: AuditProgress) -> None:
    pass
