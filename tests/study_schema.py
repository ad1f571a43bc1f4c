"""The schema that every JSON object of a study keeps to."""

import importlib.resources
import json

from jsonschema import Draft202012Validator

SCHEMA = json.loads((importlib.resources.files("data") / "docs" / "study.schema.json").read_text(encoding="utf-8"))


def assert_valid(data):
    """The object, as it is once it was written and read, is what the schema promises."""
    written = json.loads(json.dumps(data, allow_nan=False))
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(written)]
    assert not errors, errors[:3]
