"""Tiny data sets on disk."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image

MakeImage = Callable[..., bytes]
MakeSet = Callable[..., Path]


def _image(
    size: tuple[int, int] = (12, 8), color: object = (200, 30, 60), *, kind: str = "JPEG", **options: object
) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.fixture(scope="session")
def make_image() -> MakeImage:
    """The bytes of a one-colour picture of (width, height)."""
    return _image


@pytest.fixture
def make_set(tmp_path: Path) -> MakeSet:
    """Writes files under a folder: `counts` gives images a class folder, `files` further bytes by path."""

    def make(
        counts: Mapping[str, int],
        files: Mapping[str, bytes | str] | None = None,
        lines: Sequence[str] = (),
        name: str = "set",
    ) -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for shade, (folder, count) in enumerate(counts.items()):
            (root / folder).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                picture = _image(color=(shade * 20 % 256, number % 256, number // 256))
                (root / folder / f"pic_{number:04}.jpg").write_bytes(picture)
        for path, content in (files or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
        if lines:
            (root / "annotation.txt").write_text("\n".join(lines) + "\n")
        return root

    return make


@pytest.fixture
def pack(tmp_path: Path) -> Callable[[Path], Path]:
    """Packs a folder into an archive of the same name beside it."""

    def zip_it(folder: Path) -> Path:
        target = tmp_path / f"{folder.name}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder))
        return target

    return zip_it


@pytest.fixture
def pack_tar(tmp_path: Path) -> Callable[..., Path]:
    """Packs a folder into a tar archive with the given ending beside it."""

    def tar_it(folder: Path, ending: str = ".tar") -> Path:
        target = tmp_path / f"{folder.name}{ending}"
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.add(file, file.relative_to(folder).as_posix())
        target.write_bytes(packed_bytes(buffer.getvalue(), ending))
        return target

    return tar_it


def packed_bytes(data: bytes, ending: str) -> bytes:
    """The bytes of a tar archive, compressed as its ending says."""
    kind = ending.rpartition(".")[2]
    if kind == "zst":
        return pytest.importorskip("zstandard").ZstdCompressor().compress(data)
    packers = {"gz": gzip.compress, "tgz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    return packers.get(kind, bytes)(data)


@pytest.fixture
def real_frames() -> Path:
    """The real piece of the data set, where the machine has it."""
    named = os.environ.get("SIMPSONS_DATA")
    folder = Path(named) if named else Path(__file__).parents[4] / "shared" / "simpsons"
    if not (folder / "simpsons_dataset").is_dir():
        pytest.skip("needs the real frames (SIMPSONS_DATA)")
    return folder
