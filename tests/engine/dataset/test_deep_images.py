"""TIFF, AVIF and pictures of more than 8 bits a channel."""

import contextlib
import io

import numpy as np
import pytest
from PIL import Image, features

from engine.dataset import UnreadableImage, check_images, decode_rgb, open_dataset
from engine.dataset.images import file_format, pixel_note, upright_size
from engine.events.control import StudyControl

RAMP = (np.arange(12 * 8).reshape(8, 12) * 690).astype(np.uint16)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


class Source:
    """A file in memory."""

    def __init__(self, data):
        self.data = data

    def read(self, limit=2**30):
        return self.data[:limit]


def colours(data):
    return np.asarray(decode_rgb(data))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_upper_8_bits(kind):
    data = encoded(Image.fromarray(RAMP), kind)
    assert np.array_equal(colours(data)[..., 0], RAMP >> 8)
    assert pixel_note(data) == "scaled from 16 bits to 8"


def test_16_bit_big_endian_tiff():
    data = encoded(Image.fromarray(RAMP.astype(">u2")), "TIFF")
    assert np.array_equal(colours(data)[..., 1], RAMP >> 8)


def _tiff(array, *, bits, sample_format, photometric=1):
    """A plain little-endian TIFF of an array (H, W) or (H, W, C), as Pillow does not write them."""
    import struct

    height, width, *rest = array.shape
    channels = rest[0] if rest else 1
    pixels = array.tobytes()
    extra = struct.pack(f"<{channels}H", *[bits] * channels)
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, bits if channels == 1 else 8 + len(pixels)),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
        (284, 3, 1, 1),
        (339, 3, 1, sample_format),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + b"\0" * 4
    return b"II*\0" + struct.pack("<I", 8 + len(pixels) + len(extra)) + pixels + extra + directory


def test_16_bit_colour_tiff():
    colour = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1)
    data = _tiff(colour, bits=16, sample_format=1, photometric=2)
    assert np.array_equal(colours(data), colour >> 8)
    assert pixel_note(data) == "scaled from 16 bits to 8"


def test_floating_point_is_taken_from_0_to_1():
    values = np.linspace(0, 1, 96, dtype=np.float32).reshape(8, 12)
    data = _tiff(values, bits=32, sample_format=3)
    assert np.array_equal(colours(data)[..., 2], np.rint(values * 255))
    assert pixel_note(data) == "scaled from floating point to 8 bits"


@pytest.mark.parametrize(
    ("values", "sample_format", "words"),
    [
        (np.full((8, 12), 2.5, np.float32), 3, "floating-point pixels from 2.5 to 2.5: they must lie between 0 and 1"),
        (np.full((8, 12), np.nan, np.float32), 3, "floating-point pixels from nan to nan"),
        (
            np.full((8, 12), 70_000, np.int32),
            2,
            "pixels from 70000 to 70000: whole numbers must lie between 0 and 65535",
        ),
        (np.full((8, 12), -1, np.int32), 2, "pixels from -1 to -1"),
    ],
)
def test_values_whose_black_and_white_nobody_knows_are_left_out(values, sample_format, words):
    with pytest.raises(UnreadableImage, match=words):
        decode_rgb(_tiff(values, bits=32, sample_format=sample_format))


def test_pixels_of_an_unknown_kind_are_named():
    data = _tiff(np.zeros((8, 12, 3), np.float32), bits=32, sample_format=3, photometric=2)
    with pytest.raises(UnreadableImage, match="a TIFF whose kind of pixels is not read"):
        decode_rgb(data)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_tiffs_of_all_modes_are_what_pillow_makes_of_them(mode, compression):
    image = Image.linear_gradient("L").resize((12, 8)).convert("RGB").convert(mode)
    data = encoded(image, "TIFF", **({"compression": compression} if compression else {}))
    assert file_format(data) == "TIFF"
    assert pixel_note(data) == ""
    again = Image.open(io.BytesIO(data))
    if mode not in ("RGBA", "LA"):
        assert np.array_equal(colours(data), np.asarray(again.convert("RGB")))
    assert decode_rgb(data).size == (12, 8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_a_tiff_is_turned_upright_once_as_others_are(orientation, kind):
    image = Image.fromarray(np.arange(12 * 8 * 3, dtype=np.uint8).reshape(8, 12, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, kind, exif=exif)
    plain = encoded(image, "PNG", exif=exif)
    assert np.array_equal(colours(data), colours(plain))
    assert upright_size(Source(data)) == decode_rgb(data).size == ((8, 12) if orientation > 4 else (12, 8))


def test_of_several_pages_the_first_counts_and_that_is_said():
    pages = [Image.new("RGB", (12, 8), colour) for colour in ("red", "lime")]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert decode_rgb(data).getpixel((3, 3)) == (255, 0, 0)
    assert pixel_note(data) == "the first of several pages"


def test_damaged_tiffs_are_left_out_and_nothing_is_printed(capfd):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        data = bytearray(encoded(noise, "TIFF", compression=compression))
        data[200:900] = bytes(value ^ 0x55 for value in data[200:900])
        for spoilt in (bytes(data), bytes(data[: len(data) // 2])):
            with contextlib.suppress(UnreadableImage):
                decode_rgb(spoilt)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif():
    data = encoded(Image.new("RGB", (12, 8), (200, 30, 60)), "AVIF", quality=100)
    assert file_format(data) == "AVIF"
    assert upright_size(Source(data)) == decode_rgb(data).size == (12, 8)
    assert np.abs(colours(data)[4, 6].astype(int) - (200, 30, 60)).max() < 6


def test_avif_without_a_decoder_says_what_to_install(monkeypatch):
    monkeypatch.delitem(__import__("engine.dataset.images", fromlist=["x"])._FILE_CLASSES, "AVIF", raising=False)
    with pytest.raises(UnreadableImage, match="an AVIF image, which this Pillow cannot read: pip install -U pillow"):
        decode_rgb(b"\0\0\0\x1cftypavif" + b"\0" * 40)


def test_the_check_counts_what_was_scaled_now_and_from_the_cache(make_set, tmp_path):
    deep = encoded(Image.fromarray(RAMP), "PNG")
    files = {f"{name}/deep{n}.png": deep for name in "ab" for n in range(2)} | {
        "a/deep.tif": encoded(Image.fromarray(RAMP), "TIFF")
    }
    dataset = open_dataset(make_set({"a": 2, "b": 2}, files))
    for _ in range(2):
        checked = check_images(dataset, tmp_path / "cache", control=StudyControl(), progress=lambda done, total: None)
        (note,) = [note for note in checked.dataset.notes if "16 bits" in note]
        assert note.startswith("5 images are scaled from 16 bits to 8, such as ")
