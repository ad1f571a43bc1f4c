"""Official and clean side by side: what the copies among the training images were worth."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from engine.events.record import is_demo
from engine.reports.leak import LeakReport
from tui.looks.keys import key
from tui.screens.results.counterpart import CounterpartScreen
from tui.tables.claims import leak_parts

_MISSING = {
    "official": "There is no finished clean run of this study yet: press {key} to train it.",
    "clean": "There is no finished official run of this study yet: train it with the protocol official.",
}
_UNKNOWN = (
    "This run does not say which images it used (an older version made it), so its counterpart can't be found: "
    "name both with 'simpsons-tui leak RUN RUN2'."
)


class LeakScreen(CounterpartScreen):
    """Accuracy and F1 of every variant under both protocols, with the gap and its interval."""

    WAITING = "looking for the run under the other protocol"

    def heading(self) -> RenderableType:
        """What is compared."""
        text = Text.assemble((" DEMO ", "reverse bold"), " drawn pictures   ") if is_demo(self.record) else Text()
        return text.append("What the copies were worth: official against clean", style="bold")

    def work(self) -> LeakReport | None:
        """Find the counterpart and compare."""
        return self.session.engine.leak_of_study(self.record, self.session.open_run(self.record).counterpart)

    def parts(self, width: int) -> Iterable[RenderableType]:
        """The report, or what to do."""
        if isinstance(self.found, LeakReport):
            yield from leak_parts(self.found, width)
            return
        yield Text(self._why_none())
        if audit := self.record.audit:
            yield Text(audit.leak_sentence or "The audit found no test image among the training images.")

    def _why_none(self) -> str:
        dataset, started = self.record.dataset, self.record.started
        if dataset is None or not dataset.fingerprint or started is None:
            return _UNKNOWN
        return _MISSING.get(started.protocol, _UNKNOWN).format(key=key("counterpart.clean", "c"))
