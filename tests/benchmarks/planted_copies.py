"""Which kinds of copies the audit finds: pictures are changed in known ways and planted as test images.

    python tests/benchmarks/planted_copies.py [--data PATH] [--pictures N]

Prints a Markdown table, a line a kind, with the share that the audit found with each setting, and how many test images
it paired with a picture that is not their original. Without --data the pictures are drawn, as those of the demo set.
"""

import argparse
import io
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import get_args

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from engine.audit import audit_images
from engine.config.protocols import Closeness
from engine.dataset import check_images, decode_rgb, open_dataset
from engine.demo import DEMO_CLASSES, draw_picture
from engine.events.control import StudyControl
from engine.reports.audit import AuditReport

PICTURES = 150
SIZES = ((320, 240), (256, 300), (400, 225))
QUALITY, LOW_QUALITY = 90, 30

Change = Callable[[Image.Image], bytes]


def _encoded(image: Image.Image, quality: int = QUALITY) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _shifted(image: Image.Image, share: float) -> Image.Image:
    """Moved to the right, the left edge repeated."""
    by = round(share * image.width)
    pixels = np.asarray(image)
    edge = np.repeat(pixels[:, :1], by, axis=1)
    return Image.fromarray(np.concatenate((edge, pixels[:, : image.width - by]), axis=1))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    """Without this share of width and height, half of it on each side."""
    x, y = (round(share / 2 * side) for side in image.size)
    return image.crop((x, y, image.width - x, image.height - y))


def _captioned(image: Image.Image) -> Image.Image:
    """With a black bar across its width, an eighth of the height, near the lower edge."""
    covered = image.copy()
    area = (0, round(0.84 * image.height), image.width, round(0.96 * image.height))
    ImageDraw.Draw(covered).rectangle(area, fill="black")
    return covered


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "the same pixels in another file format": _as_png,
        "scaled to a third": lambda image: _encoded(ImageOps.scale(image, 1 / 3)),
        "re-encoded at JPEG quality 30": lambda image: _encoded(image, LOW_QUALITY),
        "grey": lambda image: _encoded(image.convert("L")),
        "brightness +20 %": lambda image: _encoded(ImageEnhance.Brightness(image).enhance(1.2)),
        "shifted by 2 %": lambda image: _encoded(_shifted(image, 0.02)),
        "shifted by 5 %": lambda image: _encoded(_shifted(image, 0.05)),
        "cropped by 5 %": lambda image: _encoded(_cropped(image, 0.05)),
        "cropped by 10 %": lambda image: _encoded(_cropped(image, 0.10)),
        "turned by 3 degrees": lambda image: _encoded(image.rotate(3, Image.Resampling.BILINEAR)),
        "under a bar of an eighth of its height": lambda image: _encoded(_captioned(image)),
        "mirrored": lambda image: _encoded(ImageOps.mirror(image)),
    }
)
"""What is done to a picture, by the words of the table."""


@dataclass(frozen=True)
class Outcome:
    """What one setting of the audit made of the planted copies.

    Attributes:
        found: share of the copies of a kind that were paired with their original.
        exact: share that was called exact.
        wrong: test images that were paired with another picture than their original, of all kinds.
    """

    found: dict[str, float]
    exact: dict[str, float]
    wrong: int


def drawn_pictures(count: int) -> Iterator[tuple[str, Image.Image]]:
    """(class, picture), each a drawing of its own."""
    for number in range(count):
        name = DEMO_CLASSES[number % len(DEMO_CLASSES)]
        yield name, draw_picture(name, f"planted {number}", SIZES[number % len(SIZES)])


def real_pictures(data: Path, count: int) -> Iterator[tuple[str, Image.Image]]:
    """(class, picture) of training images, at random."""
    dataset = open_dataset(data)
    for sample in random.Random(0).sample(dataset.train, count):
        yield dataset.classes[sample.label], decode_rgb(sample.source.read())


def plant(pictures: Sequence[tuple[str, Image.Image]], folder: Path) -> None:
    """Write originals as training images and every change of each as a test image; a file's name tells which."""
    for number, (name, picture) in enumerate(pictures):
        original = folder / "train" / name / f"{number}.bmp"
        original.parent.mkdir(parents=True, exist_ok=True)
        picture.save(original)
        for kind, change in enumerate(CHANGES.values()):
            data = change(picture)
            suffix = ".png" if change is _as_png else ".jpg"
            copy = folder / "test" / name / f"{number}_{kind}{suffix}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)


def measure(folder: Path, cache_dir: Path, closeness: Closeness) -> Outcome:
    """Audit what `plant` wrote."""
    control = StudyControl()
    checked = check_images(open_dataset(folder), cache_dir, control=control, progress=_silent)
    report = audit_images(checked, closeness=closeness, control=control, progress=_silent)
    return _outcome(report)


def _outcome(report: AuditReport) -> Outcome:
    found, exact, wrong = dict.fromkeys(CHANGES, 0), dict.fromkeys(CHANGES, 0), 0
    kinds = tuple(CHANGES)
    for pair in (pair for pair in report.pairs if pair.crosses_parts):
        number, _, kind = Path(pair.first.path).stem.partition("_")
        if number == Path(pair.second.path).stem:
            found[kinds[int(kind)]] += 1
            exact[kinds[int(kind)]] += pair.kind == "exact"
        else:
            wrong += 1
    return Outcome(
        {kind: count / report.train for kind, count in found.items()},
        {kind: count / report.train for kind, count in exact.items()},
        wrong,
    )


def markdown(outcomes: Mapping[Closeness, Outcome]) -> str:
    """The table, and below it how many were paired with the wrong picture."""
    lines = [f"| copy is | {' | '.join(outcomes)} |", f"|---|{'---:|' * len(outcomes)}"]
    for kind in CHANGES:
        shares = " | ".join(f"{100 * outcome.found[kind]:.0f} %" for outcome in outcomes.values())
        lines.append(f"| {kind} | {shares} |")
    wrong = ", ".join(f"{closeness}: {outcome.wrong}" for closeness, outcome in outcomes.items())
    return "\n".join([*lines, "", f"paired with a picture that is not the original: {wrong}"])


def _silent(_done: int, _total: int) -> None:
    pass


def main() -> int:
    """Plant, audit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="PATH", help="take training images from here")
    parser.add_argument("--pictures", type=int, default=PICTURES, metavar="N", help="how many (default: %(default)s)")
    arguments = parser.parse_args()
    source = drawn_pictures(arguments.pictures)
    if arguments.data is not None:
        source = real_pictures(arguments.data, arguments.pictures)
    with tempfile.TemporaryDirectory(prefix="simpsons-planted-") as name:
        folder = Path(name)
        plant(list(source), folder / "set")
        closenesses: tuple[Closeness, ...] = get_args(Closeness)
        outcomes = {closeness: measure(folder / "set", folder / "cache", closeness) for closeness in closenesses}
    print(markdown(outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
