"""The run folder: the events of one study as they happened, its configuration, result and weights.

Layout of a folder: `study.json` (format version and configuration), `events.jsonl` (one event a line, appended),
`result.json` (at the end), `weights/<variant>-seed<seed>-fold<fold>.safetensors`.
"""

from engine.runs.store import FORMAT_VERSION, RunFolder, read_events

__all__ = ["FORMAT_VERSION", "RunFolder", "read_events"]
