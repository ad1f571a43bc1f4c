"""The paper's claims, one by one, against our figures."""

from collections.abc import Iterable
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual.binding import BindingType

from engine.events.record import is_demo
from engine.reports.claims import ClaimsReport
from tui.looks.keys import bind, key
from tui.screens.results.counterpart import CounterpartScreen
from tui.tables.claims import claims_parts


class ClaimsScreen(CounterpartScreen):
    """Each claim with our figure under the official and under the clean protocol, and a verdict."""

    BINDING_GROUP_TITLE = "Claims and leak"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("claims.brief", "v", "brief", "Brief", "A line a claim, or figures and reasons too"),
        bind("claims.readings", "r", "readings", "Readings", "Which readings of the paper its numbers leave possible"),
    ]

    WAITING = "looking for the run under the other protocol, and comparing"

    brief = False
    """Whether each claim takes one line."""

    def action_brief(self) -> None:
        """A line a claim, or everything."""
        self.brief = not self.brief
        self.show()

    def action_readings(self) -> None:
        """Readings of what the study leaves open, against its numbers."""
        from tui.screens.results.reconstruction import ReconstructionScreen

        self.app.push_screen(ReconstructionScreen(self.session, self.record))

    def heading(self) -> RenderableType:
        """What is claimed by whom; that these are other images is said at once."""
        demo = is_demo(self.record)
        text = Text.assemble((" DEMO ", "reverse bold"), " drawn pictures   ") if demo else Text()
        text.append("The paper's claims, one by one", style="bold")
        if not demo and isinstance(self.found, ClaimsReport) and self.found.other_images:
            text.append("   other images than the paper's: its claims can't be told from them", style="bold yellow")
        elif demo:
            text.append("   can't be told from other images than the paper's", style="bold yellow")
        return text

    def work(self) -> ClaimsReport:
        """Find the counterpart and judge."""
        return self.session.engine.judge_study(self.record, self.session.open_run(self.record).counterpart)

    def parts(self, width: int) -> Iterable[RenderableType]:
        """The report, and what to do where one half of it is empty."""
        report = self.found
        if not isinstance(report, ClaimsReport):
            return
        if not report.clean_study:
            clean = key("counterpart.clean", "c")
            yield Text(f"No clean run of this study yet: press {clean} to train it.", style="bold")
        if not report.official_study:
            yield Text("No official run of this study yet: train it with the protocol official.", style="bold")
        yield from claims_parts(report, width, brief=self.brief)
