"""An image of the data before and after a pipeline, computed behind the screen."""

from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from engine.config.study import StudyConfig
from engine.config.variants import PLAIN
from tui.looks import formatting
from tui.looks.keys import key
from tui.pictures.marks import with_box
from tui.pictures.picture import Picture
from tui.session.background import Failure
from tui.session.session import Session

if TYPE_CHECKING:
    from engine import Gallery
    from engine.reports.pictures import VariantPicture
    from engine.reports.quality import ImageQuality

_MILLI = 1000
_REMEMBERED = 50
"""Results that are kept: steps of a parameter back and forth, some tens of megabytes."""


class Preview(Vertical):
    """The image as the file has it, as the variant makes it, and how close that is to the plain image.

    One variant at a time is computed; of those that are asked for meanwhile only the last one follows.
    """

    DEFAULT_CSS = """
    Preview {
        & > Horizontal { height: 1fr; }
        & Picture { width: 1fr; height: 100%; }
        & #after { margin: 0 0 0 1; }
        & > Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self, session: Session, config: StudyConfig) -> None:
        super().__init__(id="preview", classes="panel")
        self.border_title = "before, after"
        self._session, self._config = session, config
        self._gallery: Gallery | None = None
        self._paths: list[str] = []
        self._place = 0
        self._variant = PLAIN
        self._computing: tuple[str, str] | None = None
        self._known: dict[tuple[str, str], tuple[VariantPicture, ImageQuality | None]] = {}

    def compose(self) -> ComposeResult:
        """Two pictures, and a line on them."""
        with Horizontal():
            yield Picture(self._session.pictures, id="before")
            yield Picture(self._session.pictures, id="after")
        yield Static("reading the data set ...", id="closeness")

    def on_mount(self) -> None:
        """Read the data set's names in a thread."""
        open_images = partial(self._session.engine.open_gallery, self._config)
        self._session.background.run(self, "open images", open_images, self._opened, self._refused)

    def _opened(self, gallery: "Gallery") -> None:
        self._gallery = gallery
        pages = [
            [image.path for image in gallery.images if image.label == label] for label in range(len(gallery.classes))
        ]
        self._paths = [path for path in chain.from_iterable(zip_longest(*pages)) if path is not None]
        self._show_image()

    def _refused(self, failure: Failure) -> None:
        self._computing = None
        self._line(Text(failure.words, "bold red"))

    # ------------------------------------------------------------ what is shown

    def show(self, variant: str) -> None:
        """Show another variant of the image."""
        self._variant = variant
        self._ask()

    def turn(self, step: int) -> None:
        """Go on to the next image, of the next class, or back."""
        if self._paths:
            self._place = (self._place + step) % len(self._paths)
            self._show_image()

    @property
    def _wanted(self) -> tuple[str, str]:
        return self._paths[self._place], self._variant

    def _show_image(self) -> None:
        gallery = self._gallery
        if gallery is None or not self._paths:
            return
        path = self._paths[self._place]
        self._show_path()
        self.query_one("#before", Picture).show(
            f"boxed {path} {gallery.identity}", lambda: with_box(gallery.pixels(path), gallery.image(path).box)
        )
        self._ask()

    def on_resize(self) -> None:
        """As much of the path as fits."""
        self._show_path()

    def _show_path(self) -> None:
        if self._paths and self.size.width:
            path, keys = self._paths[self._place], f"{key('builder.next', 'n')}, {key('builder.previous', 'p')}"
            self.border_subtitle = formatting.fit_start(f"{path}  {keys}: other images", max(1, self.size.width - 4))

    def _ask(self) -> None:
        gallery = self._gallery
        if gallery is None or not self._paths:
            return
        wanted = self._wanted
        if wanted in self._known:
            self._show_known()
            return
        self._line(Text("computing ...", "dim"))
        if self._computing is not None:
            return

        def work() -> "tuple[VariantPicture, ImageQuality | None]":
            from engine import lower_priority

            lower_priority()
            return gallery.preview(*wanted)

        self._computing = wanted
        self._session.background.run(self, "preview", work, partial(self._computed, wanted), self._not_computed)

    def _computed(self, asked: tuple[str, str], answer: "tuple[VariantPicture, ImageQuality | None]") -> None:
        self._computing = None
        self._known[asked] = answer
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        if asked == self._wanted:
            self._show_known()
        else:
            self._ask()

    def _not_computed(self, failure: Failure) -> None:
        asked, self._computing = self._computing, None
        if asked != self._wanted:
            self._ask()
            return
        self.query_one("#after", Picture).show_note(failure.words)
        self._line(Text())

    def _show_known(self) -> None:
        picture, quality = self._known[self._wanted]
        path, variant = self._wanted
        self.query_one("#after", Picture).show_pixels(f"preview {variant} of {path} {id(picture)}", picture.pixels)
        height, width = picture.pixels.shape[:2]
        self._line(Text.assemble(f"{width}×{height}  {_MILLI * picture.seconds:.1f} ms  ", quality_words(quality)))

    def _line(self, text: Text) -> None:
        self.query_one("#closeness", Static).update(text)


def quality_words(quality: "ImageQuality | None") -> Text:
    """PSNR and SSIM of one image against the plain one; "" where there are none."""
    if quality is None:
        return Text("of another size than the plain image", "dim")
    if quality.psnr is None:
        return Text(f"as {quality.reference}", "dim")
    ssim = f"  SSIM {quality.ssim:.3f}" if quality.ssim is not None else ""
    return Text(f"PSNR {quality.psnr:.1f} dB{ssim}")
