"""What is kept of a decoded picture."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from engine.dataset import THUMBNAIL_SIZE, decode_rgb
from engine.dataset.fingerprints import perceptual_hash, take_fingerprint
from engine.dataset.images import file_format
from engine.dataset.sources import UnreadableImage


@pytest.fixture
def picture():
    """A patchwork of 12 x 9 colours, 240 x 180 pixels."""
    patches = np.random.default_rng(4).integers(0, 256, size=(9, 12, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((240, 180), Image.Resampling.BICUBIC)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("seed", range(5))
def test_the_hash_is_that_of_a_general_cosine_transform(seed):
    """Another implementation: the whole transform by SciPy, of which the lowest frequencies are kept."""
    pixels = np.random.default_rng(seed).integers(0, 256, size=(32, 32), dtype=np.uint8)
    low = dctn(pixels.astype(float), norm="ortho")[:8, :8]
    bits = "".join("1" if value > np.median(low) else "0" for value in low.ravel())
    image = Image.fromarray(pixels).convert("RGB")
    assert perceptual_hash(image) == int(bits, 2)


def test_size_thumbnail_and_format(picture):
    taken = take_fingerprint(picture, "JPEG")
    assert (taken.size, taken.file_format) == ((180, 240), "JPEG")
    thumbnail = np.frombuffer(taken.thumbnail, dtype=np.uint8).reshape(*THUMBNAIL_SIZE, 3)
    assert thumbnail.mean(axis=(0, 1)) == pytest.approx(np.asarray(picture).mean(axis=(0, 1)), abs=1)


def test_equal_pixels_whatever_the_file(picture):
    files = [encoded(picture, "PNG"), encoded(picture, "BMP"), encoded(picture, "WebP", lossless=True)]
    assert len({take_fingerprint(decode_rgb(data), "").pixels for data in files}) == 1


def test_one_pixel_or_another_shape_is_not_equal(picture):
    touched = picture.copy()
    touched.putpixel((0, 0), (1, 2, 3))
    reshaped = Image.frombytes("RGB", (180, 240), picture.tobytes())
    pixels = {take_fingerprint(image, "").pixels for image in (picture, touched, reshaped)}
    assert len(pixels) == 3


@pytest.mark.parametrize("size", [(80, 60), (480, 360), (241, 181)])
def test_a_scaled_picture_has_nearly_the_same_hash_and_thumbnail(picture, size):
    one, other = take_fingerprint(picture, ""), take_fingerprint(picture.resize(size), "")
    assert (one.perceptual_hash ^ other.perceptual_hash).bit_count() <= 4
    first, second = (np.frombuffer(taken.thumbnail, dtype=np.uint8).astype(float) for taken in (one, other))
    assert np.sqrt(np.mean((first - second) ** 2)) < 8


def test_another_picture_has_another_hash(picture):
    turned = picture.transpose(Image.Transpose.ROTATE_180)
    assert (perceptual_hash(picture) ^ perceptual_hash(turned)).bit_count() > 16


def test_pictures_smaller_than_the_thumbnail(picture):
    taken = take_fingerprint(picture.resize((3, 1)), "PNG")
    assert taken.size == (1, 3)
    assert len(taken.thumbnail) == 3 * THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WebP"])
def test_the_format_is_read_from_the_first_bytes(picture, kind):
    assert file_format(encoded(picture, kind)) == kind


@pytest.mark.parametrize(("data", "words"), [(b"", "empty"), (b"GIF89a", "not a JPEG")])
def test_other_formats_are_refused(data, words):
    with pytest.raises(UnreadableImage, match=words):
        file_format(data)
