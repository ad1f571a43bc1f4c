"""Measurements of this machine, remembered in small JSON files in the cache folder."""

import contextlib
from pathlib import Path
from typing import Any

from engine.system.files import parse_json, replace_json


def recall(path: Path) -> dict[str, Any]:
    """What is remembered; a missing or damaged file is an empty memory."""
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def forget(path: Path, key: str) -> None:
    """Drop an entry, so that it is measured again."""
    entries = recall(path)
    if entries.pop(key, None) is not None:
        with contextlib.suppress(OSError):
            replace_json(path, entries)


def remember(path: Path, entries: dict[str, Any]) -> None:
    """Add entries; a cache that cannot be written costs another measurement and is no reason to fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_json(path, {**recall(path), **entries})
