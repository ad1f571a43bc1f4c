"""Turns the bytes of JPEG, PNG, BMP, WebP, TIFF and AVIF files into upright RGB pictures of 8 bits a channel.

Pillow's file classes are used directly rather than through `Image.open`: only these decoders can be reached, and
the limit on pixels is ours, instead of a process-wide setting of Pillow's and a warning.
"""

import contextlib
import ctypes
import io
import threading
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ImageFile
from PIL import _imaging as pillow_core
from PIL.BmpImagePlugin import BmpImageFile
from PIL.Image import DecompressionBombError, Image, Transpose, fromarray, new
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from engine.dataset.sources import IMAGE_KINDS, MAX_FILE_BYTES, ImageSource, UnreadableImage

try:
    from PIL import AvifImagePlugin
except ImportError:  # Pillow before 11.3
    AvifImagePlugin = None  # type: ignore[assignment]

MAX_PIXELS = 50_000_000
"""Largest picture that is decoded, in pixels: 200 MB at Pillow's 4 bytes a pixel.

Measured at 7000 x 7000, decoding takes two copies (PNG, JPEG, BMP: 374 MB), three of a PNG with a transparent colour
(561 MB) and four of a WebP (748 MB).
"""

LARGE_PIXELS = 4_000_000
"""Pictures of more pixels are decoded one at a time, whatever the number of threads; a smaller one takes 64 MB."""

HEADER_BYTES = 16 * 1024
"""Enough of most files to know format, size and orientation; where it is not, the whole file is read."""

_ORIENTATION = 0x0112
"""EXIF tag; the values and what undoes them are in the EXIF 2.32 standard, section 4.6.4."""

_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

_SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height."""

_MAY_ORIENT = frozenset({"exif", "xmp", "Raw profile type exif", "XML:com.adobe.xmp"})
"""Keys of Pillow's `info` where an orientation can be found."""

_FILE_CLASSES: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "BMP": BmpImageFile,
    "WebP": WebPImageFile,
    "TIFF": TiffImageFile,
}
if AvifImagePlugin is not None and AvifImagePlugin.SUPPORTED:
    _FILE_CLASSES["AVIF"] = AvifImagePlugin.AvifImageFile

_NEEDS_WHOLE_FILE = frozenset({"TIFF", "AVIF"})
"""Formats whose first bytes may say too little (a TIFF's directory may lie anywhere)."""

_DEEP = frozenset({"PNG", "TIFF"})
"""Formats that can hold more than 8 bits a channel, and of which pages say nothing of the first one."""

MAX_16_BITS = 2**16 - 1

_ONE_LARGE = threading.Lock()

_OUT_OF_MEMORY = "out of memory"
"""What Pillow's OSError says where a decoder could not get memory."""

# Damaged metadata makes Pillow warn on stderr, in the middle of a screen; such metadata is ignored here anyway.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*")
# And so does libtiff, of whose own messages Pillow silences the warnings but not the errors (which it raises as well).
with contextlib.suppress(AttributeError, OSError):  # a Pillow without it, or with one that cannot be reached
    ctypes.CDLL(pillow_core.__file__).TIFFSetErrorHandler(None)


def decode_rgb(data: bytes) -> Image:
    """The picture in `data`, fully decoded: mode RGB, upright; transparent parts over white; the first frame.

    Of 16 bits a channel the upper 8 are kept; floating-point grey is taken from 0 (black) to 1 (white). `pixel_note`
    says where that was done.

    Raises:
        UnreadableImage: with the reason, without the file's name.
        MemoryError: there is not enough memory now, which says nothing about the picture.
    """
    try:
        # The one name is used again so that no copy lives longer than it must.
        image: Image = _open(data)
        # Before loading, which can bring a PNG's metadata from behind its pixels: `upright_size` does not see that.
        orientation = _orientation(image)
        with _ONE_LARGE if image.width * image.height > LARGE_PIXELS else contextlib.nullcontext():
            image.load()
            image = _to_rgb(image)
            image = _upright(image, orientation)
    except (UnreadableImage, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever comes to mind for damaged data
        if _OUT_OF_MEMORY in str(error):
            raise MemoryError from None
        raise UnreadableImage(f"damaged or truncated image: {_one_line(error)}") from None
    # Nobody may turn it a second time by the orientation that is still in the metadata.
    image.info = {}
    return image


def upright_size(source: ImageSource) -> tuple[int, int]:
    """(width, height) in pixels of the upright picture, from the file's first bytes.

    Raises:
        UnreadableImage: the file cannot be read or is no image that could be decoded.
    """
    start = source.read(HEADER_BYTES)
    if file_format(start) in _NEEDS_WHOLE_FILE and len(start) == HEADER_BYTES:
        return _header_size(source.read(MAX_FILE_BYTES))
    try:
        return _header_size(start)
    except UnreadableImage:
        if len(start) < HEADER_BYTES:
            raise
    # Long metadata before the header proper, or WebP, whose decoder wants it all.
    return _header_size(source.read(MAX_FILE_BYTES))


def _header_size(data: bytes) -> tuple[int, int]:
    image = _open(data)
    width, height = image.size
    return (height, width) if _orientation(image) in _SIDEWAYS else (width, height)


def _open(data: bytes) -> ImageFile.ImageFile:
    kind = _file_class(data)
    try:
        image = kind(io.BytesIO(data))
    except DecompressionBombError:
        raise UnreadableImage(f"more than {MAX_PIXELS:,} pixels") from None
    except MemoryError:
        raise
    except Exception as error:
        if "unknown pixel mode" in str(error):
            raise UnreadableImage("a TIFF whose kind of pixels is not read: 8 or 16 bits a channel are") from None
        raise UnreadableImage(f"damaged or truncated image header: {_one_line(error)}") from None
    width, height = image.size
    if width < 1 or height < 1:
        raise UnreadableImage(f"{width} x {height} pixels: an image without area")
    if width * height > MAX_PIXELS:
        raise UnreadableImage(f"{width} x {height} pixels: more than {MAX_PIXELS:,}")
    return image


def _file_class(data: bytes) -> type[ImageFile.ImageFile]:
    kind = file_format(data)
    if kind not in _FILE_CLASSES:
        raise UnreadableImage(f"an {kind} image, which this Pillow cannot read: pip install -U pillow")
    return _FILE_CLASSES[kind]


def pixel_note(data: bytes) -> str:
    """What `decode_rgb` had to leave of a file that it decoded, in words, or ""."""
    if file_format(data) not in _DEEP:
        return ""
    image = _open(data)
    layout = str(image.tile[0][3]) if image.tile else ""
    notes = []
    if image.mode == "F":
        notes.append("scaled from floating point to 8 bits")
    elif image.mode.startswith("I") or ";16" in layout:
        notes.append("scaled from 16 bits to 8")
    if isinstance(image, TiffImageFile) and image.is_animated:
        notes.append("the first of several pages")
    return ", ".join(notes)


def file_format(data: bytes) -> str:
    """The format, as "JPEG", by the first bytes of a file and not by its name.

    Raises:
        UnreadableImage: it is none of these.
    """
    if not data:
        raise UnreadableImage("an empty file")
    if data.startswith(b"\xff\xd8"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"BM"):
        return "BMP"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        return "AVIF"
    raise UnreadableImage(f"not a {IMAGE_KINDS} image")


def _orientation(image: Image) -> int:
    """The EXIF orientation as far as the header has it, 1 (upright) where there is none that makes sense.

    Pillow turns a TIFF by itself, and gives its size as turned.
    """
    if isinstance(image, TiffImageFile) or _MAY_ORIENT.isdisjoint(image.info):
        return 1
    try:
        # Not a PNG's own `getexif`, which decodes the picture to look for more.
        value = Image.getexif(image).get(_ORIENTATION, 1)
    except MemoryError:
        raise
    except Exception:  # damaged metadata is no reason to lose the picture
        return 1
    return value if isinstance(value, int) else 1


def _upright(image: Image, orientation: int) -> Image:
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _to_rgb(image: Image) -> Image:
    if image.mode == "F" or image.mode.startswith("I"):
        # Pillow would clip values at 255.
        return fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        backdrop = new("RGB", image.size, "white")
        backdrop.paste(image, mask=image)
        return backdrop
    # A plain picture rather than one of a file class, which would hold on to the file's bytes.
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _to_8_bits(grey: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Whole numbers of 16 bits by their upper 8, floats from 0 to 1 by 255.

    Raises:
        UnreadableImage: other values, whose black and white nobody knows.
    """
    low, high = grey.min(), grey.max()
    if np.issubdtype(grey.dtype, np.floating):
        if not (low >= 0 and high <= 1):  # NaN is neither
            raise UnreadableImage(f"floating-point pixels from {low:g} to {high:g}: they must lie between 0 and 1")
        return np.asarray(np.rint(grey * 255), dtype=np.uint8)
    if low < 0 or high > MAX_16_BITS:
        raise UnreadableImage(f"pixels from {low} to {high}: whole numbers must lie between 0 and {MAX_16_BITS}")
    return np.asarray(grey >> 8, dtype=np.uint8)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
