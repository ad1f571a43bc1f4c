"""A report opens its run once: every file of it is read once, and so is every image's header."""

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from engine.study.running import run_study
from tests.warm import run_warm

TIMEOUT = 300

# In a process of its own, since an audit hook cannot be removed.
EXPORT = """
import json, os, sys
from engine.dataset import opening
from engine.preprocess import pipeline
from engine.superres import weights
from tui.cli import main

opened, headers = [], []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        opened.append(os.fsdecode(arguments[0]))
def counted(source, read=opening.upright_size):
    headers.append(source.key)
    return read(source)
def needless(*arguments, **named):
    raise AssertionError("all pixels are in the cache")
opening.upright_size = counted
pipeline.ImageReader = weights.find_superres = needless
sys.addaudithook(hook)
status = main(["export", sys.argv[1], "--format", "html", "--out", sys.argv[2]])
seen = list(opened)
with open(sys.argv[3], "w") as stream:
    json.dump([seen, headers], stream)
sys.exit(status)
"""


@pytest.fixture
def runs(config, tmp_path):
    """A run of four variants and its counterpart."""
    wanted = replace(
        config, variants=("vanilla", "bbox", "denoise", "superres"), recipe=replace(config.recipe, epochs=1)
    )
    return [Path(run_study(replace(wanted, protocol=protocol)).started.folder) for protocol in ("official", "clean")]


def test_a_report_reads_everything_once(runs, config, tmp_path):
    page, told = tmp_path / "report.html", tmp_path / "told.json"
    paths = [str(path) for path in (runs[0], page, told)]
    child = run_warm(paths, os.environ, tmp_path / "streams", TIMEOUT, EXPORT)
    assert child.returncode == 0, child.stderr
    opened, headers = json.loads(told.read_text())
    opens = Counter(map(Path, opened))

    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 4 + 4  # sheets, and one a variant
    for run in runs:
        assert opens[run / "events.jsonl"] == 1
        predictions = list((run / "predictions").iterdir())
        assert [opens[path] for path in predictions] == [1] * 4
        assert 1 <= opens[run / "study.json"] <= 2  # the layout's version, and the configuration

    images = [path for path in config.data.rglob("*.png") if path.is_file()]
    assert sorted(headers) == sorted(map(str, images))
    assert {opens[path] for path in images if "train" in path.parts} == {1}  # the pictures are of test images

    for words in ("reading the images", "drawing: Where the evidence lies", "writing the report"):
        assert words in child.stderr
