"""Audit of a data set without a study."""

from engine.audit import audit_images
from engine.config.study import StudyConfig
from engine.dataset import check_images
from engine.events.control import StudyControl
from engine.events.progress import AuditProgress, ReportProgress
from engine.reports.audit import AuditReport
from engine.study.images import undivided
from engine.study.opening import open_study_dataset
from engine.system.locations import cache_folder


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
    control, tell = control or StudyControl(), progress or (lambda _: None)
    checked = check_images(
        open_study_dataset(config),
        cache_folder(config.cache_dir),
        control=control,
        progress=lambda done, total: tell(AuditProgress("check", done, total)),
        recheck=config.recheck,
    )
    return audit_images(
        undivided(checked),
        closeness=config.closeness,
        control=control,
        progress=lambda done, total: tell(AuditProgress("audit", done, total)),
    )
