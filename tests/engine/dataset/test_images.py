"""Any kind of picture file comes out RGB and upright."""

import io
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo

from engine.dataset import UnreadableImage, decode_rgb
from engine.dataset.images import upright_size
from engine.dataset.sources import FileSource


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixel(data: bytes, at: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    image = decode_rgb(data)
    assert image.mode == "RGB"
    return image.getpixel(at)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
def test_formats(kind):
    image = decode_rgb(save(Image.new("RGB", (9, 5), (250, 120, 10)), kind))
    assert (image.mode, image.size) == ("RGB", (9, 5))
    assert np.abs(np.asarray(image).astype(int) - (250, 120, 10)).max() <= 4


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (4, 4), 77), (77, 77, 77)),
        (Image.new("1", (4, 4), 1), (255, 255, 255)),
        (Image.new("RGBA", (4, 4), (10, 20, 30, 0)), (255, 255, 255)),
        (Image.new("RGBA", (4, 4), (0, 0, 0, 128)), (127, 127, 127)),
        (Image.new("LA", (4, 4), (0, 255)), (0, 0, 0)),
        (Image.new("RGB", (4, 4), (1, 2, 3)).quantize(4), (1, 2, 3)),
        (Image.fromarray(np.full((4, 4), 0x8040, np.uint16)), (128, 128, 128)),
    ],
    ids=["grey", "bilevel", "transparent", "half", "grey+alpha", "palette", "16-bit"],
)
def test_modes(image, expected):
    assert pixel(save(image, "PNG")) == expected


def test_transparent_colours():
    colour_key = save(Image.new("RGB", (4, 4), (9, 9, 9)), "PNG", transparency=(9, 9, 9))
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixel(colour_key) == (255, 255, 255)
        assert pixel(save(palette, "PNG", transparency=b"\xff\x00")) == (255, 255, 255)


def test_cmyk():
    red, green, blue = pixel(save(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95))
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation(orientation, kind):
    # As a camera would store it: the upright picture has its red quarter top left.
    upright = np.full((16, 32, 3), 255, np.uint8)
    upright[:8, :16] = (255, 0, 0)
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright), 7: np.rot90(upright[:, ::-1], -1),
        8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_rgb(save(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif))
    assert image.size == (32, 16)
    assert image.getpixel((4, 3))[1] < 90
    assert image.getpixel((28, 3))[1] > 165
    assert image.getpixel((4, 13))[1] > 165
    # Nobody downstream can turn it again.
    assert 0x0112 not in image.getexif()


def test_metadata_behind_the_pixels_turns_neither_the_picture_nor_its_size(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("RGB", (8, 4), "red")
    turned, plain = save(picture, "PNG", exif=exif), save(picture, "PNG")
    start = turned.index(b"eXIf") - 4
    chunk = turned[start : start + 12 + int.from_bytes(turned[start : start + 4], "big")]
    file = tmp_path / "late.png"
    end = plain.index(b"IEND") - 4
    for data, size in [(turned, (4, 8)), (plain[:end] + chunk + plain[end:], (8, 4))]:
        file.write_bytes(data)
        assert (upright_size(FileSource(str(file))), decode_rgb(data).size) == (size, size)


def test_orientation_in_xmp_alone(tmp_path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 160, 3), dtype=np.uint8))
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    file = tmp_path / "xmp.png"
    file.write_bytes(save(noise, "PNG", pnginfo=text))
    # More than the header that is read first, and none of its pixels are needed for the size.
    assert upright_size(FileSource(str(file))) == decode_rgb(file.read_bytes()).size == (80, 160)


@pytest.mark.parametrize("error", [MemoryError(), OSError("out of memory error when reading image file")])
def test_too_little_memory_says_nothing_about_the_picture(monkeypatch, error):
    def fail(self):
        raise error

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.raises(MemoryError):
        decode_rgb(save(Image.new("RGB", (4, 4)), "PNG"))


@pytest.mark.parametrize("failing", ["__init__", "getexif"])
def test_too_little_memory_for_the_header(monkeypatch, failing):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = save(Image.new("RGB", (4, 4)), "JPEG", exif=exif)

    def fail(self, *arguments):
        raise MemoryError

    monkeypatch.setattr(JpegImageFile if failing == "__init__" else Image.Image, failing, fail)
    with pytest.raises(MemoryError):
        decode_rgb(data)


@pytest.mark.parametrize(("limit", "together"), [(80, True), (79, False)])
def test_large_pictures_are_decoded_one_at_a_time(monkeypatch, limit, together):
    both = threading.Barrier(2, timeout=0.3)
    load = PngImageFile.load
    met = []

    def meeting(self):
        try:
            both.wait()
            met.append(True)
        except threading.BrokenBarrierError:
            met.append(False)
        return load(self)

    monkeypatch.setattr(PngImageFile, "load", meeting)
    monkeypatch.setattr("engine.dataset.images.LARGE_PIXELS", limit)
    data = save(Image.new("RGB", (10, 8)), "PNG")
    with ThreadPoolExecutor(2) as pool:
        assert [image.size for image in pool.map(decode_rgb, [data, data])] == [(10, 8)] * 2
    assert set(met) == {together}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_transparent_pictures_take_two_copies(tmp_path):
    file = tmp_path / "clear.png"
    side = 2500
    file.write_bytes(save(Image.new("RGBA", (side, side), (10, 20, 30, 99)), "PNG"))
    code = (
        "import re, sys; from pathlib import Path; from engine.dataset import decode_rgb\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) * 1024\n"
        "data = Path(sys.argv[1]).read_bytes(); before = peak(); decode_rgb(data); print(peak() - before)"
    )
    shown = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert int(shown.stdout) < 2.5 * side * side * 4


def test_transparency_over_white_is_rounded():
    grey, alpha = np.mgrid[:256, :256].astype(np.uint8)
    picture = Image.fromarray(np.stack([grey, grey, grey, alpha], axis=2))
    exact = (grey * (alpha / 255.0)) + 255 * (1 - alpha / 255.0)
    assert np.abs(np.asarray(decode_rgb(save(picture, "PNG")))[..., 0] - exact).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_first_frame_of_an_animation(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = save(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert pixel(data)[0] > 240


def test_damaged_exif_is_ignored():
    image = Image.new("RGB", (8, 4), "red")
    data = save(image, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 30)
    assert decode_rgb(data).size == (8, 4)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty file"), (b"GIF89a....", "not a JPEG"), (b"\xff\xd8\xff", "header"), (b"BM", "header")],
)
def test_what_is_no_image(data, reason):
    with pytest.raises(UnreadableImage, match=reason):
        decode_rgb(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
def test_truncated(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = save(Image.fromarray(noise), kind)
    with pytest.raises(UnreadableImage, match="truncated"):
        decode_rgb(data[: len(data) * 2 // 3])


def test_too_many_pixels(monkeypatch):
    monkeypatch.setattr("engine.dataset.images.MAX_PIXELS", 99)
    assert decode_rgb(save(Image.new("RGB", (11, 9)), "PNG")).size == (11, 9)
    with pytest.raises(UnreadableImage, match="10 x 10 pixels"):
        decode_rgb(save(Image.new("RGB", (10, 10)), "PNG"))


def test_pillows_own_limit_neither_counts_nor_changes(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode_rgb(save(Image.new("RGB", (10, 10)), "PNG")).size == (10, 10)
    assert Image.MAX_IMAGE_PIXELS == 10
