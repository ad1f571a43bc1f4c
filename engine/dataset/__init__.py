"""Reads folders and archives of labelled images, whatever their layout, and says what was left out.

`open_dataset` looks at names and image headers only; `check_images` reads and decodes everything once. Importing this
package loads neither torch nor torchvision (`engine.dataset.torch_images` does).
"""

from engine.dataset.checking import CheckedDataset, CheckedImage, check_images
from engine.dataset.fingerprints import THUMBNAIL_SIZE, Fingerprint
from engine.dataset.images import decode_rgb
from engine.dataset.opening import open_dataset
from engine.dataset.sources import UnreadableImage
from engine.dataset.values import STUDY_CLASSES, Box, Dataset, ImageSample

__all__ = [
    "STUDY_CLASSES",
    "THUMBNAIL_SIZE",
    "Box",
    "CheckedDataset",
    "CheckedImage",
    "Dataset",
    "Fingerprint",
    "ImageSample",
    "UnreadableImage",
    "check_images",
    "decode_rgb",
    "open_dataset",
]
