"""What is fuzzed of the data's readers: layouts, archives, label files, annotations, pictures, what is remembered."""

import bz2
import contextlib
import csv
import gzip
import hashlib
import importlib
import importlib.util
import io
import json
import lzma
import os
import random
import shutil
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz import WrongAnswer, damaged, target
from PIL import Image

from engine.dataset import check_images, open_dataset
from engine.dataset.annotations import fit_box, read_annotations
from engine.dataset.images import decode_rgb, upright_size
from engine.dataset.sources import UnreadableImage
from engine.dataset.tree import printable
from engine.errors import SimpsonsError
from engine.events.control import StudyControl

# ------------------------------------------------------------------ the inputs

NAMES = (
    *(
        "train",
        "test",
        "val",
        "valid",
        "dev",
        "eval",
        "Train",
        "TEST",
        "training_set",
        "test_set",
        "seg_train",
        "seg_test",
    ),
    *("images", "data", "docs", "figures", "a", "b", "c", "A", "Bart", "bart", "homer_simpson", "lisa_simpson"),
    *("simpsons_dataset", "kaggle_simpson_testset", "é", "e\u0301", "名", "x, y", " lead", "-", "__MACOSX", ".hidden"),
)
FILES = (
    "1.jpg",
    "2.png",
    "homer_simpson_3.jpg",
    "a_1.jpg",
    "b_2.bmp",
    "x.webp",
    "t.tif",
    "notes.txt",
    "annotation.txt",
    "z.zip",
)
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")


def picture(rng: random.Random) -> bytes:
    """A small sound picture of any format."""
    size = rng.randrange(1, 40), rng.randrange(1, 40)
    mode = rng.choice(("RGB", "L"))
    buffer = io.BytesIO()
    if rng.random() < 0.1:
        deep = Image.frombytes("I;16", size, rng.randbytes(size[0] * size[1] * 2))
        deep.save(buffer, rng.choice(("PNG", "TIFF")))
        return buffer.getvalue()
    image, kind = Image.frombytes(mode, size, rng.randbytes(size[0] * size[1] * len(mode))), rng.choice(FORMATS)
    packed = rng.choice((None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")) if kind == "TIFF" else None
    image.save(buffer, kind, **({"compression": packed} if packed else {}))
    return buffer.getvalue()


def tree(rng: random.Random) -> dict[str, bytes]:
    """Files of a data set by path, in folders with names that mean something, more or less in order."""
    files: dict[str, bytes] = {}
    for _ in range(rng.randrange(1, 14)):
        depth = rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 10))
        folder = [rng.choice(NAMES) for _ in range(depth)]
        for _ in range(rng.choice((1, 1, 2, 4))):
            name = rng.choice(FILES)
            content = rng.randbytes(rng.randrange(30)) if rng.random() < 0.1 else picture(rng)
            files["/".join([*folder, name])] = annotation(rng) if name == "annotation.txt" else content
    return files


def annotation(rng: random.Random) -> bytes:
    """Lines of an annotation file, most of them sound."""

    def number() -> str:
        odd = ("nan", "inf", "1e309", "-1", "", "9" * rng.choice((20, 5000)), "0x10", "１２", "1_0", "3.7")
        return rng.choice(odd) if rng.random() < 0.2 else str(rng.randrange(-5, 60))

    lines = []
    for _ in range(rng.randrange(12)):
        folders = "/".join(rng.choice((*NAMES, ".", "..", "")) for _ in range(rng.randrange(4)))
        fields = [
            f"./{folders}/{rng.choice(FILES)}",
            *(number() for _ in range(rng.choice((4, 4, 4, 3, 5)))),
            rng.choice(NAMES),
        ]
        lines.append(rng.choice((",", ",", ",", ";", ", ")).join(fields))
    data = rng.choice(("\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogateescape")
    return damaged(rng, data) if rng.random() < 0.3 else data


def write(files: Mapping[str, bytes], root: Path) -> Path:
    """Lay files out on disk; of paths that get in each other's way, the first."""
    root.mkdir()
    for path, content in files.items():
        with contextlib.suppress(OSError):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
    return root


def pack(rng: random.Random, files: Mapping[str, bytes], path: Path) -> Path:
    """An archive of the files, with a few members that nobody should have."""
    odd = (
        "../up.jpg",
        "/root.jpg",
        "C:\\a\\1.jpg",
        "a//b/1.jpg",
        "a\\b\\1.jpg",
        "./train/a/1.jpg",
        "a/1.jpg/2.jpg",
        "\x07.jpg",
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
            with contextlib.suppress(UserWarning):
                archive.writestr(rng.choice(odd) if rng.random() < 0.1 else name, content, kind)
        if rng.random() < 0.05:
            archive.writestr("train/a/bomb.jpg", bytes(3 * 2**20), zipfile.ZIP_DEFLATED)
    return path


# ------------------------------------------------------------------ what is fuzzed


@target("layouts")
def fuzz_layouts(rng: random.Random, folder: Path) -> None:
    """Folders of any shape: each image is in one part, or is said to be left out."""
    root = write(tree(rng), folder / "set")
    options: dict[str, Any] = {"classes": rng.choice((None, None, ("all",), ("a", "b"), ("Bart", "x, y")))}
    if rng.random() < 0.2:
        inside = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_dir()] or [Path()]
        options["train"] = rng.choice(inside)
        options["test"], options["validation"] = (rng.choice((None, *inside)) for _ in range(2))
    dataset = open_dataset(root, **options)
    used = [sample.path for sample in dataset.images]
    if len(set(used)) != len(used):
        raise WrongAnswer(f"an image stands in two parts: {sorted(used)}")
    if options["classes"] == ("all",) and "train" not in options:
        _require_named(root, dataset.skipped, {*used}, dataset.summary().notes)
    if dataset.test_given and not {sample.label for sample in dataset.test} <= {
        sample.label for sample in dataset.train
    }:
        raise WrongAnswer("a class is tested that has no training image")


def _require_named(root: Path, skipped: Sequence[Any], used: set[str], notes: Sequence[str]) -> None:
    """Every image that is not used must be named, or a folder that it lies in."""
    listed, said = {file.path for file in skipped}, "\n".join(notes)
    for file in root.rglob("*"):
        path = file.relative_to(root).as_posix()
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.split("/"))
        if file.suffix.lower() not in {".jpg", ".png", ".bmp", ".webp", ".tif"} or hidden or not file.is_file():
            continue
        folders = [str(above) for above in Path(path).parents][:-1]
        named = any(f"{above}/" in said or above in listed or f"class {Path(above).name} " in said for above in folders)
        outside = "outside class folders" in said or "more folders" in said
        if path not in used and path not in listed and not named and not outside:
            raise WrongAnswer(f"{path} is passed over without a word: {notes}")


@target("zip")
def fuzz_zip(rng: random.Random, folder: Path) -> None:
    """Archives, sound and damaged."""
    archive = pack(rng, tree(rng), folder / "set.zip")
    if rng.random() < 0.7:
        archive.write_bytes(damaged(rng, archive.read_bytes()))
    dataset = open_dataset(archive, classes=rng.choice((None, ("all",))))
    check_images(dataset, folder / "cache", control=StudyControl(), progress=lambda done, total: None)


@target("tar")
def fuzz_tar(rng: random.Random, folder: Path) -> None:
    """Tar archives, plain and compressed, sound and damaged before and after packing."""
    buffer = io.BytesIO()
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, b"Z")
    layout = rng.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, content in tree(rng).items():
            member = tarfile.TarInfo(rng.choice(("../up.jpg", "/root.jpg", f"{'d/' * 60}x.jpg", name, name, name)))
            member.size = len(content)
            if rng.random() < 0.1:
                member.type, member.linkname, member.size = rng.choice(kinds), "/etc/passwd", 0
            if rng.random() < 0.1:
                member.pax_headers = {"comment": "x" * rng.randrange(2000), "path": rng.choice(NAMES)}
            with contextlib.suppress(ValueError):
                archive.addfile(member, io.BytesIO(content))
    data = buffer.getvalue()
    data = damaged(rng, data) if rng.random() < 0.5 else data
    data = rng.choice((bytes, gzip.compress, bz2.compress, lzma.compress, _zstd))(data)
    file = folder / rng.choice(("set.tar", "set.tar.gz", "set.bin"))
    file.write_bytes(damaged(rng, data) if rng.random() < 0.4 else data)
    dataset = open_dataset(file, classes=rng.choice((None, ("all",))))
    checked = check_images(dataset, folder / "cache", control=StudyControl(), progress=lambda done, total: None)
    for sample in checked.dataset.images:
        if hashlib.sha256(sample.source.read()).hexdigest() != checked.digests[sample.path]:
            raise WrongAnswer(f"{sample.path} is another one the second time")


def _zstd(data: bytes) -> bytes:
    if importlib.util.find_spec("zstandard") is None:
        return data
    return importlib.import_module("zstandard").ZstdCompressor().compress(data)  # type: ignore[no-any-return]


@target("labels")
def fuzz_labels(rng: random.Random, folder: Path) -> None:
    """Label files: an image has the label of a row that names it, boxes lie inside, and every refusal is one line."""
    files = {path: content for path, content in tree(rng).items() if not path.endswith(".txt")}
    text, labels_of = _label_table(rng, list(files))
    name = rng.choice(("labels.csv", "metadata.csv", "metadata.jsonl", "sub/metadata.csv", "mine.txt"))
    root = write({name: damaged(rng, text) if (spoilt := rng.random() < 0.4) else text, **files}, folder / "set")
    try:
        dataset = open_dataset(root, labels=Path(name) if rng.random() < 0.8 else None)
    except SimpsonsError as error:
        if "\n" in str(error):
            raise WrongAnswer(f"more than one line: {error}") from None
        raise
    if len({sample.path for sample in dataset.images}) != len(dataset.images):
        raise WrongAnswer("an image is in two parts")
    for sample in dataset.images:
        width, height = upright_size(sample.source)
        if (box := sample.box) and not (0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height):
            raise WrongAnswer(f"{box} in an image of {width} x {height}")
        label = dataset.classes[sample.label]
        file = sample.path.rpartition("/")[2]
        if not spoilt and dataset.layout == "labels" and label not in labels_of.get(file, {label}):
            raise WrongAnswer(f"{sample.path} has the label {label}, and its rows say {labels_of[file]}")
    if any("\n" in note for note in dataset.summary().notes):
        raise WrongAnswer("a note of two lines")


def _label_table(rng: random.Random, paths: Sequence[str]) -> tuple[bytes, dict[str, set[str]]]:
    """A label file of any convention, and the labels that its rows give a file name."""
    labels_of: dict[str, set[str]] = {}
    columns = [rng.choice(("path", "File Name", "image")), rng.choice(("label", "Class", "target"))]
    columns += rng.choice(((), ("split",), ("patient",), ("split", "video")))
    columns += rng.choice(((), ("bbox",), ("x1", "y1", "x2", "y2"), ("x", "y", "w", "h")))
    rows = []
    for path in [*paths, *rng.choices((*paths, "no"), k=rng.randrange(3)), "no/such.jpg"]:
        row: dict[str, Any] = {}
        for column in columns:
            odd = rng.choice(("", "é", "\t", '"', "nan", "9" * 5000, "x\ny", "-3"))
            sound = {
                **{"split": rng.choice(("train", "train", "test", "val")), "patient": f"p{rng.randrange(4)}"},
                **{"bbox": rng.choice(("[1, 1, 9, 9]", "1 1 9 9")), "video": "v1"},
                **dict.fromkeys(("label", "Class", "target"), rng.choice("ab01")),
                **dict.fromkeys(("path", "File Name", "image"), path),
            }
            row[column] = odd if rng.random() < 0.03 else sound.get(column, str(rng.randrange(40)))
        labels_of.setdefault(path.rpartition("/")[2], set()).add(printable(row[columns[1]].strip()))
        rows.append(row)
    if rng.random() < 0.3:
        return "\n".join(map(json.dumps, rows)).encode(), labels_of
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, delimiter=rng.choice(",;\t"))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8"), labels_of


@dataclass(frozen=True)
class _Bytes:
    """A file in memory."""

    data: bytes
    key: str = "memory"

    def read(self, limit: int = 2**30) -> bytes:
        return self.data[:limit]


@target("annotations")
def fuzz_annotations(rng: random.Random, folder: Path) -> None:
    """Annotation files: boxes lie in their images."""
    data = annotation(rng) if rng.random() < 0.7 else rng.randbytes(rng.randrange(3000))
    found = read_annotations([("annotation.txt", _Bytes(data))])  # type: ignore[list-item]
    size = rng.randrange(1, 50), rng.randrange(1, 50)
    for lines in (*found.by_folder.values(), *found.by_column.values()):
        for line in lines:
            box = fit_box(line.corners, size).box
            if box and not (0 <= box.left < box.right <= size[0] and 0 <= box.top < box.bottom <= size[1]):
                raise WrongAnswer(f"{line.corners} gave {box} in an image of {size}")


@target("images")
def fuzz_images(rng: random.Random, folder: Path) -> None:
    """Picture files: what the header promised is what is decoded, and the checker comes to the same."""
    data = damaged(rng, picture(rng))
    sizes = []
    for measure in (lambda: upright_size(_Bytes(data)), lambda: decode_rgb(data).size):  # type: ignore[arg-type]
        try:
            sizes.append(measure())
        except UnreadableImage:
            sizes.append(None)
    if sizes[1] is not None and sizes[0] != sizes[1]:
        raise WrongAnswer(f"the header says {sizes[0]}, the picture is {sizes[1]}")
    files = {
        f"{part}/{name}/{number}.jpg": picture(rng) for part in ("train", "test") for name in "ab" for number in "12"
    }
    root = write({**files, "train/a/odd.jpg": data}, folder / "set")
    dataset = open_dataset(root)
    for _ in range(2):  # the second time from what is remembered
        checked = check_images(dataset, folder / "cache", control=StudyControl(), progress=lambda done, total: None)
        if ("train/a/odd.jpg" in checked.digests) != (sizes[1] is not None):
            raise WrongAnswer("the checker and the decoder are of two minds")


@target("changes")
def fuzz_changes(rng: random.Random, folder: Path) -> None:
    """Files that change behind what is remembered of them, with their old sizes and times."""
    names = [f"{part}/{name}/{number}.bmp" for part in ("train", "test") for name in "ab" for number in "12"]
    root = write({name: _bitmap(rng) for name in names}, folder / "set")
    for _ in range(3):
        checked = check_images(
            open_dataset(root), folder / "cache", control=StudyControl(), progress=lambda done, total: None
        )
        for path, digest in checked.digests.items():
            if hashlib.sha256((root / path).read_bytes()).hexdigest() != digest:
                raise WrongAnswer(f"{path} is taken for what it was before")
        for name in rng.sample(names, rng.randrange(4)):
            _change(rng, root / name, root / rng.choice(names))


def _bitmap(rng: random.Random) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", (6, 4), rng.randbytes(72)).save(buffer, "BMP")
    return buffer.getvalue()


def _change(rng: random.Random, file: Path, other: Path) -> None:
    """In place, by another file, by a link, or by changing names with one; the time stays."""
    before = file.stat()
    spare = file.with_suffix(".new")
    match rng.randrange(4):
        case 0:
            file.write_bytes(_bitmap(rng))
        case 1:
            spare.write_bytes(_bitmap(rng))
            spare.rename(file)
        case 2:
            shutil.copy2(other, spare)
            spare.rename(file)
        case _ if other != file:
            file.rename(spare)
            other.rename(file)
            spare.rename(other)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
