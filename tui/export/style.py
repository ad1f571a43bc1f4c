"""Colours of reports and drawings as CSS, for light and dark grounds."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

from rich.color_triplet import ColorTriplet

from tui.looks.heat import heat_style
from tui.looks.palette import variant_style

LIGHT, DARK = ColorTriplet(0xFF, 0xFF, 0xFF), ColorTriplet(0x16, 0x1B, 0x22)
"""The grounds that cells and curves are drawn on; the style sheets name the same."""

_HEAT_STEPS = 12


def heat_class(share: float, *, diagonal: bool) -> str:
    """The CSS class of a cell with this share of its row: d0 to d12 on the diagonal, o0 to o12 off it."""
    return f"{'d' if diagonal else 'o'}{round(min(1.0, max(0.0, share)) * _HEAT_STEPS)}"


def sheet(name: str) -> str:
    """A style sheet that lies beside the templates."""
    return (files("tui.export") / "templates" / name).read_text(encoding="utf-8")


def colours(variants: Sequence[str]) -> str:
    """The variants' colours (v0, v1, ... in this order) and the heat of matrix cells, for both kinds of ground."""
    return "\n".join(
        [
            *_variant_rules(variants),
            *_heat_rules(LIGHT),
            "@media (prefers-color-scheme: dark) {",
            *_heat_rules(DARK),
            "}",
        ]
    )


def _variant_rules(variants: Sequence[str]) -> Iterator[str]:
    light = " ".join(f"--v{place}: {variant_style(name).on_light};" for place, name in enumerate(variants))
    dark = " ".join(f"--v{place}: {variant_style(name).colour};" for place, name in enumerate(variants))
    yield f":root {{ {light} }}"
    yield f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    for place in range(len(variants)):
        yield f".v{place} {{ --own: var(--v{place}); }}"


def _heat_rules(ground: ColorTriplet) -> Iterator[str]:
    for kind, diagonal in (("d", True), ("o", False)):
        for step in range(_HEAT_STEPS + 1):
            style = heat_style(step / _HEAT_STEPS, diagonal=diagonal, ground=ground)
            back, text = _hex(style.bgcolor), _hex(style.color)
            yield f".{kind}{step} {{ --back: {back}; --ink: {text}; }}"


def _hex(colour: object) -> str:
    triplet = getattr(colour, "triplet", None)
    return triplet.hex if isinstance(triplet, ColorTriplet) else "inherit"
