"""The data set as torchvision sees it."""

import pytest

torch = pytest.importorskip("torch")

from torchvision.datasets import VisionDataset  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

from engine.dataset import UnreadableImage, open_dataset  # noqa: E402
from engine.dataset.torch_images import ImageFolderWithPath  # noqa: E402

COUNTS = {"train/a": 2, "train/b": 2, "test/a": 1, "test/b": 1}


def test_items_are_image_label_path(make_set):
    dataset = open_dataset(make_set(COUNTS))
    images = ImageFolderWithPath(dataset.train)
    assert isinstance(images, VisionDataset)
    assert len(images) == 4
    image, label, path = images[2]
    assert (image.mode, image.size) == ("RGB", (12, 8))
    assert (label, path) == (1, "train/b/pic_0000.jpg")


def test_transforms_and_loader(make_set):
    transform = v2.Compose([v2.ToImage(), v2.Resize((6, 10), antialias=True)])
    images = ImageFolderWithPath(open_dataset(make_set(COUNTS)).train, transform, lambda label: label + 10)
    batch, labels, paths = next(iter(torch.utils.data.DataLoader(images, batch_size=4)))
    assert tuple(batch.shape) == (4, 3, 6, 10)
    assert batch.dtype == torch.uint8
    assert labels.tolist() == [10, 10, 11, 11]
    assert list(paths) == [sample.path for sample in images.samples]


def test_file_that_changed(make_set):
    root = make_set(COUNTS)
    images = ImageFolderWithPath(open_dataset(root).train)
    (root / "train" / "a" / "pic_0000.jpg").write_bytes(b"text")
    with pytest.raises(UnreadableImage):
        images[0]
