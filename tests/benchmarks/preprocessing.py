"""How fast pre-processing is: once an image and kept, against in the loader and again every epoch.

"Plain" is what one would write first: an `ImageFolder`-like data set in a `DataLoader` without workers, Pillow, and
the whole pre-processing in the transform (scikit-image's denoising in float64; NinaSR in fp32 with nothing set, image
by image, shrunk back by area). "Ours" is reading and checking the image, `engine.preprocess.preprocess` into an empty
cache, and collecting every batch of five epochs from it. Both take the same images, a few hundred of them, each way in
processes of its own that take turns; what an image costs is scaled linearly, which `growth` tests.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from processes import as_in_the_program, call
from table import Row, spread
from workplace import Workplace

from engine.config.recipes import RECIPES
from engine.config.variants import STUDY_VARIANTS, get_variant
from engine.dataset import Dataset, ImageSample, open_dataset

RECIPE = RECIPES["paper"]
EPOCHS = RECIPE.epochs
FULL = {"vanilla": 300, "bbox": 300, "denoise": 120, "superres": 24}
QUICK = {"vanilla": 100, "bbox": 100, "denoise": 40, "superres": 8}
MILLI, WHITE = 1000, 255


@dataclass(frozen=True)
class ImageTimes:
    """Seconds an image, by round, of one variant.

    Attributes:
        plain: loading it once, which every epoch does.
        check: our reading and checking, once for all variants.
        once: our pre-processing.
        gather: our collecting it for a batch, every epoch.
    """

    plain: list[float]
    check: list[float]
    once: list[float]
    gather: list[float]

    @property
    def plain_epochs(self) -> list[float]:
        """All epochs, the plain way."""
        return [EPOCHS * seconds for seconds in self.plain]

    @property
    def our_epochs(self) -> list[float]:
        """All epochs, our way, for this variant alone."""
        parts = zip(self.check, self.once, self.gather, strict=True)
        return [check + once + EPOCHS * gather for check, once, gather in parts]


def measured(place: Workplace) -> dict[str, ImageTimes]:
    """The times of each variant, measured once a run."""
    return place.once("preprocess", lambda: _measure(place))


def rows(place: Workplace) -> list[Row]:
    """(2) each variant over five epochs."""
    found = []
    for variant, times in measured(place).items():
        plain, ours = times.plain_epochs, times.our_epochs
        single = [a / b for a, b in zip(plain, ours, strict=True)]
        found.append(
            Row(
                f"(2) pre-processing an image for {EPOCHS} epochs, {variant}; reference: in the loader, every epoch",
                spread([MILLI * seconds for seconds in ours], "ms"),
                spread([MILLI * seconds for seconds in plain], "ms"),
                spread(single),
            )
        )
    return found


def _measure(place: Workplace) -> dict[str, ImageTimes]:
    counts = QUICK if place.quick else FULL
    data = place.data_set(max(counts.values()))
    plain, ours = [], []
    for _ in range(place.size(3, 1)):
        plain.append(call(plain_loading, data=data, counts=counts))
        ours.append(call(our_loading, data=data, counts=counts, cache=place.cache_dir))
    return {
        variant: ImageTimes(
            [one[variant] for one in plain],
            *([one[variant][part] for one in ours] for part in ("check", "once", "gather")),
        )
        for variant in STUDY_VARIANTS
    }


def first_images(dataset: Dataset, count: int) -> Dataset:
    """The data set with `count` of its images: the same mixture for every count, of each class at least one.

    The last of them is a test image, because a data set must have one.
    """
    train = list(dataset.train)
    random.Random(0).shuffle(train)
    firsts = {sample.label: sample for sample in reversed(train)}
    train.sort(key=lambda sample: sample is not firsts[sample.label])
    return replace(dataset, train=tuple(train[: count - 1]), test=dataset.test[:1])


# ---------------------------------------------------------------- in processes of their own


def plain_loading(data: str, counts: dict[str, int]) -> dict[str, float]:
    """Seconds an image of one pass of a plain loader, by variant."""
    dataset = open_dataset(Path(data))
    found = {}
    for variant, count in counts.items():
        part = first_images(dataset, count)
        loader = _plain_loader(part.train + part.test, _plain_transform(variant))
        began = time.perf_counter()
        for _ in loader:
            pass
        found[variant] = (time.perf_counter() - began) / count
    return found


def _plain_loader(samples: tuple[ImageSample, ...], transform: Callable[[ImageSample, Any], Any]) -> Any:
    import io

    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    class Folder(Dataset[Any]):
        def __len__(self) -> int:
            return len(samples)

        def __getitem__(self, number: int) -> tuple[Any, int]:
            sample = samples[number]
            with Image.open(io.BytesIO(sample.source.read())) as image:
                return transform(sample, image.convert("RGB")), sample.label

    return DataLoader(Folder(), batch_size=RECIPE.batch_size, shuffle=True)


def _plain_transform(variant: str) -> Callable[[ImageSample, Any], Any]:
    """What makes a float tensor of a Pillow image, with nothing tuned."""
    import torch
    from torchvision import transforms

    resize, to_tensor = transforms.Resize(RECIPE.image_size), transforms.ToTensor()

    def crop(sample: ImageSample, image: Any) -> Any:
        box = sample.box
        cut = image if box is None else image.crop((box.left, box.top, box.right, box.bottom))
        return to_tensor(resize(cut))

    def denoise(sample: ImageSample, image: Any) -> Any:
        from skimage.restoration import denoise_tv_chambolle

        pixels = np.asarray(resize(image)) / WHITE  # float64
        smooth: Any = denoise_tv_chambolle(pixels, weight=RECIPE.denoise_weight, channel_axis=-1)  # type: ignore[no-untyped-call]
        return torch.from_numpy(smooth.transpose(2, 0, 1)).float()

    if variant == "denoise":
        return denoise
    if variant == "superres":
        network = _plain_network()

        def enlarge(sample: ImageSample, image: Any) -> Any:
            with torch.no_grad():
                return torch.nn.functional.avg_pool2d(network(to_tensor(resize(image))[None])[0].clamp(0, 1), 2)

        return enlarge
    return crop if variant == "bbox" else lambda sample, image: to_tensor(resize(image))


def _plain_network() -> Any:
    """The same network with the weights that the project ships, as torchSR gives it."""
    import importlib.resources

    from safetensors.torch import load
    from torchsr.models import ninasr_b0

    from engine.superres.weights import SHIPPED_FILE

    network = ninasr_b0(scale=2, pretrained=False)
    weights = load((importlib.resources.files("data") / "weights" / SHIPPED_FILE).read_bytes())
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network.eval()


def our_loading(data: str, counts: dict[str, int], cache: str) -> dict[str, dict[str, float]]:
    """Seconds an image of checking, of pre-processing into an empty cache, and of collecting batches, by variant."""
    return as_in_the_program(
        lambda: {variant: _our_variant(Path(data), variant, count, Path(cache)) for variant, count in counts.items()}
    )


def _our_variant(data: Path, variant: str, count: int, cache: Path) -> dict[str, float]:
    from engine.dataset import check_images
    from engine.events.control import StudyControl
    from engine.preprocess import PixelCache, preprocess
    from engine.superres import load_superres, recall_precision
    from engine.training import choose_machine

    dataset = open_dataset(data)
    machine = choose_machine(RECIPE, len(dataset.classes), device="cpu", cache_dir=cache)
    superres = None
    if variant == "superres":
        superres = load_superres(None, offline=True, cache_dir=cache)
        machine = replace(machine, precision=recall_precision(superres, RECIPE.image_size, machine, cache))
    own = Path(tempfile.mkdtemp(dir=cache))
    try:
        times = [time.perf_counter()]
        part = first_images(dataset, count)
        checked = check_images(part, own, control=StudyControl(), progress=lambda done, total: None)
        times.append(time.perf_counter())
        with preprocess(
            get_variant(variant),
            checked.images,
            RECIPE,
            superres=superres,
            machine=machine,
            cache=PixelCache(own / "pixels"),
            control=StudyControl(),
            on_start=lambda total, cached: None,
            on_progress=lambda done: None,
        ) as pixels:
            times.append(time.perf_counter())
            order = np.random.default_rng(0).permutation(len(pixels))
            for start in range(0, len(order), RECIPE.batch_size):
                pixels.gather(order[start : start + RECIPE.batch_size])
            times.append(time.perf_counter())
    finally:
        shutil.rmtree(own)
    return dict(zip(("check", "once", "gather"), (np.diff(times) / count).tolist(), strict=True))
