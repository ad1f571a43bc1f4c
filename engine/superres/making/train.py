"""Train the NinaSR-B0 x2 weights that the project ships: `python -m engine.superres.making.train --help`.

Pairs are a degraded picture and its half by Pillow's bicubic filter, so the network learns to undo exactly that halving
(see `training_pictures.py`). L1 loss, Adam with warm-up and cosine, an exponential moving average (EMA) of the weights
is what is kept. The network starts as an interpolation close to bicubic, not at random: it spends its
steps on what bicubic gets wrong. `data/weights/README.md` says what a run took and reached.
"""
# ruff: noqa: T201 - a script that reports on stdout

import argparse
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch import nn
from torchsr.models import ninasr_b0

from engine.superres.making.quality import Pixels, psnr_after_halving
from engine.superres.making.training_pictures import (
    HELD_OUT_PHOTOS,
    PUBLIC_PHOTOS,
    TrainingPair,
    degrade,
    draw_scene,
    load_photo,
    make_pair,
)
from engine.system.files import replacing
from engine.system.process import keep_memory

PATCH = 48
"""Side of a training patch at the small size; a multiple of the network's attention stride, 16."""

BATCH = 16
PEAK_LEARNING_RATE = 1.5e-3
WARM_UP = 0.03
FINAL_SHARE = 0.01
"""The schedule rises over the first `WARM_UP` of the run, and ends at this share of the peak."""

EMA_DECAY = 0.998
SCENE_SIZE = (420, 320)
SCENES, VIEWS_OF_A_PHOTO, HELD_OUT_SCENES = 700, 20, 8
HELD_OUT_SEED = 2**31
"""Drawings from this seed on measure the run and are never trained on."""

REPORT_EVERY = 250
FLAT = 6.0
"""A patch whose pixels deviate less than this from their mean teaches little and is passed over a few times."""

BICUBIC_TAPS = (-0.0686, 0.8472, 0.2214)
"""Keys' kernel (a = -0.5) for a pixel a quarter off the centre, without its weak fourth tap, summing to 1."""


def start_as_interpolation(model: Any) -> None:
    """Set the weights so that the network enlarges almost as bicubic does before it has learnt anything."""
    with torch.no_grad():
        head, tail = model.head[1], model.tail[0]
        head.weight.mul_(0.5)
        head.weight[:3] = 0
        for colour in range(3):
            head.weight[colour, colour, 1, 1] = 1
        for block in model.body:
            block.body[3].weight.mul_(0.1)
            block.body[3].weight[:3] = 0
        tail.weight.mul_(0.02)
        tail.weight[:, :3] = 0
        tail.bias.zero_()
        near = torch.tensor(BICUBIC_TAPS)
        for colour in range(3):
            for row, vertical in enumerate((near.flip(0), near)):
                for column, horizontal in enumerate((near.flip(0), near)):
                    # The network adds its head's output once more before the tail, so colours arrive doubled.
                    tail.weight[4 * colour + 2 * row + column, colour] = torch.outer(vertical, horizontal) / 2


def training_pairs(seed: int, scenes: int) -> list[TrainingPair]:
    """Make every picture of the training set, once."""
    rng = random.Random(seed)
    pairs = [make_pair(draw_scene(rng, SCENE_SIZE), rng) for _ in range(scenes)]
    for name in PUBLIC_PHOTOS:
        photo = load_photo(name)
        pairs += [make_pair(photo, rng) for _ in range(VIEWS_OF_A_PHOTO)]
    return [pair for pair in pairs if min(pair.small.shape[:2]) >= PATCH]


def held_out_pictures() -> list[Image.Image]:
    """Degraded drawings and photographs that the training never sees."""
    rng = random.Random(HELD_OUT_SEED)
    drawings = [draw_scene(rng, SCENE_SIZE) for _ in range(HELD_OUT_SCENES)]
    return [degrade(picture, rng) for picture in [*drawings, *(load_photo(name) for name in HELD_OUT_PHOTOS)]]


def take_batch(pairs: Sequence[TrainingPair], rng: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut, turn and mirror random patches.

    Returns:
        small (BATCH, 3, PATCH, PATCH) and large (BATCH, 3, 2 PATCH, 2 PATCH), float32 in [0, 1], channels last.
    """
    small, large = [], []
    for _ in range(BATCH):
        for _ in range(4):
            pair = rng.choice(pairs)
            top = rng.randint(0, pair.small.shape[0] - PATCH)
            left = rng.randint(0, pair.small.shape[1] - PATCH)
            patch = pair.small[top : top + PATCH, left : left + PATCH]
            if patch.std(axis=(0, 1)).mean() > FLAT:
                break
        whole = pair.large[2 * top : 2 * (top + PATCH), 2 * left : 2 * (left + PATCH)]
        turns, mirror = rng.randrange(4), rng.choice((1, -1))
        small.append(np.rot90(patch, turns)[:, ::mirror])
        large.append(np.rot90(whole, turns)[:, ::mirror])
    return _as_images(small), _as_images(large)


def _as_images(patches: Sequence[Pixels]) -> torch.Tensor:
    images = torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2)  # NHWC in memory is channels_last
    return images.to(torch.float32).div_(255)


def learning_rate(progress: float) -> float:
    """Warm-up, then a half cosine; `progress` in [0, 1]."""
    if progress < WARM_UP:
        return PEAK_LEARNING_RATE * max(progress, 1e-4) / WARM_UP
    cosine = (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2
    return PEAK_LEARNING_RATE * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)


def enlarge(model: nn.Module, pixels: Pixels) -> Pixels:
    """Enlarge one (H, W, 3) uint8 picture in fp32."""
    with torch.inference_mode():
        image = _as_images([pixels])
        result: Pixels = model(image)[0].mul(255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
        return result


def measured_gain(model: nn.Module, pictures: Sequence[Image.Image]) -> float:
    """Mean gain in dB over bicubic on held-out pictures."""
    pairs = [psnr_after_halving(picture, lambda pixels: enlarge(model, pixels)) for picture in pictures]
    return float(np.mean([ours - bicubic for bicubic, ours in pairs]))


def save(model: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    """Write the weights to `path` in one piece."""
    state = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    with replacing(path) as stream:
        stream.write(safetensors.torch.save(state, metadata))


def train(out: Path, *, steps: int, minutes: float, seed: int, scenes: int, precision: str) -> None:
    """Train and save the averaged weights to `out`, every `REPORT_EVERY` steps and at the end.

    The schedule ends after `steps` or `minutes`, whichever is first: the same seed repeats a run that its steps end.
    """
    torch.manual_seed(seed)
    rng = random.Random(seed + 1)
    pairs, held_out = training_pairs(seed, scenes), held_out_pictures()
    model = ninasr_b0(scale=2, pretrained=False)
    start_as_interpolation(model)
    model.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(EMA_DECAY),  # type: ignore[no-untyped-call]
    )
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], fused=True)
    print(f"{len(pairs)} pictures; gain at the start {measured_gain(model, held_out):+.2f} dB", flush=True)
    began, losses, step, progress = time.monotonic(), list[float](), 0, 0.0
    while progress < 1:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(progress)
        small, large = take_batch(pairs, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            enlarged = model(small)
        loss = nn.functional.l1_loss(enlarged.float(), large)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(model)
        losses.append(loss.item())
        step += 1
        elapsed = time.monotonic() - began
        progress = max(step / steps, elapsed / (60 * minutes))
        if step % REPORT_EVERY == 0 or progress >= 1:
            gain = measured_gain(average.module, held_out)
            print(f"{step:6d}  {elapsed:6.0f} s  loss {np.mean(losses):.5f}  held out {gain:+.2f} dB", flush=True)
            losses.clear()
            save(
                average.module,
                out,
                {"steps": str(step), "seed": str(seed), "licence": "MIT", "network": "NinaSR-B0 x2"},
            )


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("data/weights/ninasr_b0_x2.safetensors"))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=11)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    arguments = parser.parse_args()
    keep_memory()
    torch.set_num_threads(arguments.threads)
    train(
        arguments.out,
        steps=arguments.steps,
        minutes=arguments.minutes,
        seed=arguments.seed,
        scenes=arguments.scenes,
        precision=arguments.precision,
    )


if __name__ == "__main__":
    main()
