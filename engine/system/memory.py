"""Measurements of this machine, remembered in small JSON files in the cache folder."""

import contextlib
import json
from pathlib import Path
from typing import Any

from engine.system.files import replace_json


def recall(path: Path) -> dict[str, Any]:
    """What is remembered; a missing or damaged file is an empty memory."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remember(path: Path, entries: dict[str, Any]) -> None:
    """Add entries; a cache that cannot be written costs another measurement and is no reason to fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_json(path, {**recall(path), **entries})
