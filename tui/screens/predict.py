"""Using a model of a run: images in, classes out, as they come."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import DataTable, Static

from engine.config.model import ModelRequest
from engine.reports.prediction import ImagePrediction
from engine.reports.results import SkippedFile
from tui.looks import formatting
from tui.looks.keys import bind, key
from tui.looks.palette import variant_mark
from tui.pictures.picture import Picture
from tui.screens.path import PathScreen
from tui.session.predictions import PredictionFeed
from tui.session.session import Session
from tui.tables.facts import short_names
from tui.widgets.key_line import KeyLine

NARROW = 100
"""Below this many columns the picture and the probabilities of the marked image are left out."""

REFRESH_SECONDS = 0.25
_BAR = 12
_NAME, _MARKED = 22, 40
"""Columns of a class's name, and of the whole, beside the table."""

_LEAST_IMAGE = 60
"""Columns for an image's path and why it was refused; more than a narrow screen has, which then scrolls."""


class ImagesScreen(PathScreen):
    """Asks for the images."""

    HEADING, VERB = "images", "predict"
    QUESTION, EMPTY = "An image, or a folder or archive with images", "path"


class PredictScreen(Screen[None]):
    """A table of images that fills while a model looks at them, and a picture of the marked one."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-roomy")]  # noqa: RUF012 - Textual's declaration

    DEFAULT_CSS = """
    PredictScreen {
        & > #model, & > #progress, & > #remarks { height: auto; padding: 0 1; }
        & > #body { height: 1fr; }
        #answers { width: 1fr; height: 100%; background: $background; scrollbar-size: 1 1; }
        #answers > .datatable--header { background: $background; color: $foreground; }
        #marked { width: 44; height: 100%; padding: 0 1; border-left: solid $foreground 30%; }
        #picture { height: 1fr; }
        #shares { height: auto; }
        &.-narrow #marked { display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Use the model"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("predict.images", "d", "images", "Images", "Name an image, or a folder or archive with images"),
        bind("predict.variant", "tab", "variant(1)", "Variant", "The same images with the next variant's model"),
        bind("predict.before", "shift+tab", "variant(-1)", "Previous", "With the variant's before", show=False),
        bind("predict.stop", "s", "stop", "Stop", "End here and keep what there is"),
        bind("predict.back", "escape", "app.back", "Results", "Back to the results", display="esc"),
    ]

    def __init__(
        self, session: Session, request: ModelRequest, variants: Sequence[str], paths: Sequence[Path] = ()
    ) -> None:
        """Use the variant of `request`, or the first of `variants`, those that the run has a model of."""
        super().__init__()
        self._session, self._request = session, request
        self._variants = tuple(variants)
        self._variant = request.variant or self._variants[0]
        self._paths = tuple(paths)
        self._feed: PredictionFeed | None = None
        self._answers: dict[str, ImagePrediction | SkippedFile] = {}
        self._names: tuple[str, ...] = ()
        self._refused = 0
        self._settled = False  # whether the end has been drawn

    # ------------------------------------------------------------ what stands where

    def compose(self) -> ComposeResult:
        """The model, how far it is, the answers, and the marked image beside them."""
        yield Static(id="model")
        yield Static(id="progress")
        yield Static(id="remarks")
        with Horizontal(id="body"):
            yield DataTable[Text](id="answers", cursor_type="row", zebra_stripes=False)
            with Vertical(id="marked"):
                yield Static(id="shares")
                yield Picture(self._session.pictures, id="picture")
        yield KeyLine()

    def on_mount(self) -> None:
        """Ask for images, where none were given."""
        self.query_one("#remarks").display = False
        self.set_interval(REFRESH_SECONDS, self._pump)
        self._show_words()
        if self._paths:
            self._ask()
        else:
            self.action_images()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        if self._feed is not None:
            self._feed.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to stop only while the model works."""
        if action == "stop":
            return self._feed is not None and self._feed.running
        return super().check_action(action, parameters)

    # ------------------------------------------------------------ the model at work

    def _ask(self) -> None:
        """Begin anew, with the variant and the images as they are now."""
        if self._feed is not None:
            self._feed.stop()
        self._answers.clear()
        self._refused = 0
        table = self.query_one("#answers", DataTable)
        table.clear(columns=True)
        table.focus()
        self.query_one("#shares", Static).update("")
        request = ModelRequest(**{**vars(self._request), "variant": self._variant})
        self._feed = PredictionFeed(self._session.engine, request, self._paths, self._session.config.runs_dir)
        self._feed.start()
        self._settled = False
        self._show_words()
        self.refresh_bindings()

    def _head(self, table: "DataTable[Text]", names: Sequence[str]) -> None:
        """The columns, once the classes are known; with widths, because the table measures new rows late."""
        longest = max(cell_len("predicted"), *map(cell_len, names))
        columns = (("predicted", longest), ("confidence", 10), ("runner-up", longest), ("", 5))
        for number, (heading, width) in enumerate(columns):
            table.add_column(heading, width=width, key=str(number))
        taken = sum(width + 2 * table.cell_padding for _, width in columns)
        table.add_column(
            "image", width=max(_LEAST_IMAGE, table.size.width - taken - 2 * table.cell_padding), key="image"
        )

    def _pump(self) -> None:
        feed = self._feed
        if feed is None:
            return
        running = feed.running
        news = feed.drain()
        if not news and not running and self._settled:
            return
        table: DataTable[Text] = self.query_one("#answers", DataTable)
        if feed.model is not None and not table.columns:
            self._names = short_names(feed.model.classes)
            self._head(table, self._names)
        with self.app.batch_update():
            for answer in news:
                if isinstance(answer, ImagePrediction | SkippedFile):
                    self._add(answer)
            self._show_words()
        self._settled = not running
        if not running:
            self.refresh_bindings()

    def _add(self, answer: ImagePrediction | SkippedFile) -> None:
        key = str(len(self._answers))
        self._answers[key] = answer
        table: DataTable[Text] = self.query_one("#answers", DataTable)
        path = Text(self._short(answer.path), no_wrap=True)
        if isinstance(answer, SkippedFile):
            self._refused += 1
            refused = Text("refused", style="bold red")
            table.add_row(
                refused, Text(""), Text(""), Text(""), path.append(f": {answer.reason}", style="red"), key=key
            )
            return
        first, second = answer.ranking[:2]
        table.add_row(
            Text(self._class(first), style="bold"),
            Text(f"{answer.probabilities[first]:.3f}", justify="right"),
            Text(self._class(second), style="dim"),
            Text(f"{answer.probabilities[second]:.3f}", style="dim", justify="right"),
            path,
            key=key,
        )

    def _short(self, path: str) -> str:
        """A path below the folder or archive that was named."""
        return path.removeprefix(f"{self._paths[0]}/")

    def _class(self, label: int) -> str:
        return self._names[label] if self._names else str(label)

    # ------------------------------------------------------------ texts

    def _show_words(self) -> None:
        self.query_one("#model", Static).update(self._model_words())
        self.query_one("#progress", Static).update(self._progress_words())
        model = self._feed.model if self._feed is not None else None
        remarks = self.query_one("#remarks", Static)
        remarks.display = model is not None and bool(model.notes)
        remarks.update(Text("\n".join(model.notes) if model is not None else "", style="dim"))

    def _model_words(self) -> Text:
        words = Text.assemble(variant_mark(self._variant), (f" {self._variant}", "bold"))
        model = self._feed.model if self._feed is not None else None
        words.append(f"   run {self._request.folder.name}", style="dim")
        if model is not None:
            height, width = model.image_size
            words.append(f"   seed {model.seed}   {height} x {width}   {model.device} {model.precision}", style="dim")
        return words

    def _progress_words(self) -> Text:
        feed = self._feed
        if feed is None:
            return Text(f"{key('predict.images', 'd')}: name a file, a folder or an archive with images", style="dim")
        if feed.failure is not None and not feed.stopped:
            return Text(feed.failure.words, style="bold red")
        if feed.model is None:
            return Text("stopped" if feed.stopped else "loading the model", style="dim")
        total, done = feed.model.images, feed.done
        words = Text(f"{formatting.count(done)} of {formatting.count(total)} images")
        if done > self._refused:
            words.append(f"   {formatting.rate(feed.images_per_second)}")
        if self._refused:
            words.append(f"   {formatting.count(self._refused)} refused", style="bold red")
        if feed.running and not feed.stopped:
            words.append(f"   {formatting.duration(feed.seconds_left)} left")
        elif done < total:
            words.append("   stopped", style="bold yellow")
        return words

    @on(DataTable.RowHighlighted, "#answers")
    def _mark(self, event: DataTable.RowHighlighted) -> None:
        answer = self._answers.get(event.row_key.value or "")
        if answer is None:
            return
        self.query_one("#shares", Static).update(self._shares(answer))
        picture, paths = self.query_one(Picture), self._paths
        if isinstance(answer, SkippedFile):
            picture.show("", None)
        else:
            picture.show(answer.path, partial(self._session.engine.read_image, paths, answer.path))

    def _shares(self, answer: ImagePrediction | SkippedFile) -> Text:
        """The marked image's probabilities as bars, or why it was refused."""
        if isinstance(answer, SkippedFile):
            return Text.assemble((answer.path, "bold"), "\n", (answer.reason, "red"))
        lines = [Text(formatting.fit_start(answer.path, _MARKED), style="bold")]
        for label in answer.ranking:
            share = answer.probabilities[label]
            name = formatting.left(formatting.fit(self._class(label), _NAME), _NAME)
            lines.append(Text(f"{name} {share:.3f} {formatting.bar(share, _BAR)}"))
        return Text("\n").join(lines)

    # ------------------------------------------------------------ keys

    def action_images(self) -> None:
        """Name other images."""

        def named(text: str | None) -> None:
            if text is not None:
                self._paths = (Path(text).expanduser(),)
                self._ask()

        self.app.push_screen(ImagesScreen(str(self._paths[0]) if self._paths else ""), named)

    def action_variant(self, step: int) -> None:
        """The same images with the next variant's model."""
        place = (self._variants.index(self._variant) + step) % len(self._variants)
        self._variant = self._variants[place]
        self._show_words()
        if self._paths:
            self._ask()

    def action_stop(self) -> None:
        """Keep what there is."""
        if self._feed is not None:
            self._feed.stop()
            self._show_words()
