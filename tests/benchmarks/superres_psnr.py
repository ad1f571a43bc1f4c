"""How much better than bicubic the super-resolution weights enlarge real frames.

    python -m tests.benchmarks.superres_psnr [--weights FILE] [--every N]

Every 30th training frame in sorted order is cut to even size, halved by Pillow's bicubic filter and enlarged again, by
Pillow's bicubic and by the network. Printed: the mean luma (BT.601) PSNR in dB, less a border of 2 pixels. The frames
lie in $SIMPSONS_DATA or in ../shared/simpsons beside the project; none was used in training.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine.config.machine import MachineSettings
from engine.errors import SimpsonsError
from engine.superres import SuperresModel, load_superres
from engine.superres.making.quality import psnr_after_halving

EVERY = 30
PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = PROJECT / "data" / "weights" / "ninasr_b0_x2.safetensors"
REAL_FRAMES = Path(os.environ.get("SIMPSONS_DATA", PROJECT.parent / "shared" / "simpsons"))


def frame_paths(data: Path, every: int = EVERY) -> list[Path]:
    """Every n-th training frame of a folder in the Kaggle layout, in sorted order."""
    return sorted((data / "simpsons_dataset").rglob("*.jpg"))[::every]


def measure(model: SuperresModel, paths: list[Path], precision: str = "fp32") -> tuple[float, float]:
    """Mean PSNR in dB of bicubic and of the network over the frames."""
    machine = MachineSettings(
        "cpu", "cpu", "bf16" if precision == "bf16" else "fp32", True, torch.get_num_threads(), "given"
    )
    measured = []
    for path in paths:
        with Image.open(path) as frame:
            picture = frame.convert("RGB")
        measured.append(psnr_after_halving(picture, lambda pixels: model.upscale(pixels[None], machine)[0]))
    bicubic, ours = np.mean(measured, axis=0)
    return float(bicubic), float(ours)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="weights file (default: the shipped one)")
    parser.add_argument("--every", type=int, default=EVERY, help="take every n-th frame (default: %(default)s)")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    arguments = parser.parse_args()
    paths = frame_paths(REAL_FRAMES, arguments.every)
    if not paths:
        print(f"no frames in {REAL_FRAMES}: set SIMPSONS_DATA to a folder in the Kaggle layout", file=sys.stderr)
        return 2
    try:
        model = load_superres(arguments.weights, offline=True, cache_dir=Path())
    except SimpsonsError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    bicubic, ours = measure(model, paths, arguments.precision)
    print(f"{len(paths)} frames  {model.info.description}  {arguments.precision}")
    print(f"bicubic {bicubic:.2f} dB  ours {ours:.2f} dB  gain {ours - bicubic:+.2f} dB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
