"""What the cache of pre-processed images holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.study import StudyConfig
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from engine.preprocess import PixelCache


@dataclass(frozen=True)
class CacheReport:
    """Where pre-processed images are kept, what they take and what they may take, in bytes."""

    folder: Path
    used_bytes: int
    limit_bytes: int


def cache_report(config: StudyConfig) -> CacheReport:
    """What the cache of pre-processed images holds now."""
    cache = _pixel_cache(config)
    return CacheReport(cache.folder, cache.size(), cache.limit_bytes)


def clear_cache(config: StudyConfig) -> int:
    """Empty the cache of pre-processed images, but for what a running study uses; returns the bytes freed."""
    return _pixel_cache(config).clear()


def _pixel_cache(config: StudyConfig) -> "PixelCache":
    from engine.preprocess import PixelCache

    return PixelCache(cache_folder(config.cache_dir) / "pixels")
