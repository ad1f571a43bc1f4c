"""The table of steps on the page of variants is the registry."""

from pathlib import Path

from engine.steps import BUILT_IN

PAGE = Path(__file__).parents[3] / "data" / "docs" / "variants.md"


def described(parameter):
    bounds = ", ".join(parameter.choices) or f"{parameter.low:g} to {parameter.high:g}"
    default = parameter.default if isinstance(parameter.default, str) else f"{parameter.default:g}"
    return f"`{parameter.name}` {default} ({bounds})"


def row(spec):
    return f"| `{spec.name}` | {spec.summary} | {'; '.join(described(parameter) for parameter in spec.parameters)} |"


def test_the_page_of_variants_lists_every_step_and_no_other():
    section = PAGE.read_text(encoding="utf-8").partition("\n## Steps\n")[2].partition("\n## ")[0]
    listed = [line for line in section.splitlines() if line.startswith("| `")]
    assert listed == [row(spec) for spec in BUILT_IN]
