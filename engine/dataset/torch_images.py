"""The data set as torchvision knows data sets. Importing this module loads torch."""

from collections.abc import Callable, Sequence
from typing import Any

from torchvision.datasets import VisionDataset

from engine.dataset.images import decode_rgb
from engine.dataset.values import ImageSample


class ImageFolderWithPath(VisionDataset):  # type: ignore[misc]  # torchvision has no types
    """Images with their labels and paths, after the study's class of this name.

    Unlike torchvision's `ImageFolder` it reads whatever `engine.dataset` found (archives too), through the same
    decoder as the check, so that what passed there can be read here.

    An item is (image, label, path): the upright RGB `PIL.Image.Image`, or what `transform` makes of it; the label as
    an int, or what `target_transform` makes of it; `ImageSample.path`.
    """

    def __init__(
        self,
        samples: Sequence[ImageSample],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(root="", transform=transform, target_transform=target_transform)
        self.samples = tuple(samples)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any, str]:
        """Read and decode one image.

        Raises:
            UnreadableImage: the file has changed since it was checked.
        """
        sample = self.samples[index]
        image: Any = decode_rgb(sample.source.read())
        label: Any = sample.label
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label, sample.path
