"""What charts as SVG share: margins, a legend in as many lines as it needs, axes with their ticks."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from tui.export.nodes import node, number
from tui.looks.axes import tick_label
from tui.looks.palette import variant_style

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 10.0, 36.0
_LEGEND_LINE = 18.0
_LETTER = 7.2  # mean width of a letter of the legend in pixels
_PIXELS_PER_Y_TICK, _PIXELS_PER_X_CELL = 36.0, 8.0


class ChartFrame:
    """Where the curves lie in a drawing, in pixels: below the legend, within the axes.

    `legend` has (variant, words after its name) for each curve. A variant's colour is that of the CSS class v0, v1, ...
    by its place in `variants`.
    """

    def __init__(
        self,
        root: Element,
        legend: Sequence[tuple[str, str]],
        variants: Sequence[str],
        width: float,
        height: float,
    ) -> None:
        self.root, self._variants = root, variants
        above = self._legend(legend, width)
        self.left, self.top = _LEFT, above + _TOP
        self.width, self.height = width - _LEFT - _RIGHT, height - above - _TOP - _BOTTOM
        self.bottom = self.top + self.height

    @property
    def y_labels(self) -> int:
        """How many labels there is room for beside the y axis."""
        return max(2, int(self.height / _PIXELS_PER_Y_TICK) + 1)

    @property
    def x_cells(self) -> int:
        """How many characters there is room for below the x axis."""
        return int(self.width / _PIXELS_PER_X_CELL)

    def colour(self, variant: str) -> str:
        """The CSS class of a variant's colour."""
        return f"v{self._variants.index(variant)}"

    def _legend(self, entries: Sequence[tuple[str, str]], width: float) -> float:
        """Sign, name and words of each curve; returns the height taken."""
        x, y = _LEFT, _LEGEND_LINE - 4
        for variant, words in entries:
            taken = (len(variant) + len(words) + 4) * _LETTER
            if x > _LEFT and x + taken > width - _RIGHT:
                x, y = _LEFT, y + _LEGEND_LINE
            line = node(self.root, "text", x=x, y=y, class_="legend")
            node(line, "tspan", variant_style(variant).marker, class_=f"sign {self.colour(variant)}")
            node(line, "tspan", f" {variant}{words}")
            x += taken
        return y + 4

    def draw_y_axis(self, ticks: Sequence[tuple[float, float]], high: float) -> None:
        """A line across at each (value, pixels from above)."""
        for value, y in ticks:
            self.across(y, "grid")
            label = tick_label(value, high).strip()
            node(self.root, "text", label, x=self.left - 6, y=y + 4, class_="tick", text_anchor="end")

    def draw_x_axis(self, ticks: Sequence[tuple[int, float]], words: str) -> None:
        """A stroke at each (value, pixels from the left), and below them what they are."""
        for value, x in ticks:
            node(self.root, "path", d=f"M{number(x)} {number(self.bottom)}v4", class_="axis")
            node(self.root, "text", str(value), x=x, y=self.bottom + 16, class_="tick", text_anchor="middle")
        self.across(self.bottom, "axis")
        middle = self.left + self.width / 2
        node(self.root, "text", words, x=middle, y=self.bottom + 31, class_="tick", text_anchor="middle")

    def across(self, y: float, kind: str) -> None:
        """A line from the left to the right."""
        node(self.root, "path", d=f"M{number(self.left)} {number(y)}h{number(self.width)}", class_=kind)

    def sign(self, variant: str, x: float, y: float) -> None:
        """The variant's sign at a point."""
        marker = variant_style(variant).marker
        node(self.root, "text", marker, x=x, y=y + 4.5, class_=f"sign {self.colour(variant)}", text_anchor="middle")
