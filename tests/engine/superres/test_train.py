"""A few steps on tiny drawings; what a real run takes and reaches is in data/weights/README.md."""

import hashlib
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torchsr.models import ninasr_b0

from engine.superres import load_superres
from engine.superres.making import train
from engine.superres.making.quality import enlarge_bicubic

STEPS = 4


@pytest.fixture
def tiny(monkeypatch):
    """Two tiny drawings and no photographs, in small batches of small patches."""
    sizes = {"PUBLIC_PHOTOS": (), "HELD_OUT_PHOTOS": (), "HELD_OUT_SCENES": 1, "SCENE_SIZE": (100, 100)}
    for name, value in {**sizes, "BATCH": 2, "PATCH": 16, "REPORT_EVERY": 2}.items():
        monkeypatch.setattr(train, name, value)


@pytest.fixture
def run(tiny, tmp_path, monkeypatch):
    """Runs the command, and gives the file that it wrote."""

    def run(name, **options):
        path = tmp_path / name
        given = {"steps": STEPS, "scenes": 2, "threads": 1, "minutes": 5, "precision": "fp32", **options}
        words = [word for key, value in given.items() for word in (f"--{key}", str(value))]
        monkeypatch.setattr(sys, "argv", ["train", "--out", str(path), *words])
        threads = torch.get_num_threads()
        try:
            train.main()
        finally:
            torch.set_num_threads(threads)
        return path

    return run


def test_a_run_writes_weights_that_load_and_says_how_it_goes(run, machine, tmp_path, capsys):
    path = run("mine.safetensors")
    model = load_superres(path, offline=True, cache_dir=tmp_path / "cache")
    assert model.info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert model.upscale(np.zeros((1, 8, 8, 3), np.uint8), machine).shape == (1, 16, 16, 3)
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"steps": str(STEPS), "seed": "0", "licence": "MIT", "network": "NinaSR-B0 x2"}
    first, *reports = capsys.readouterr().out.splitlines()
    assert first.startswith("2 pictures; gain at the start")
    assert [int(line.split()[0]) for line in reports] == [2, 4]
    assert [file.name for file in tmp_path.iterdir()] == ["mine.safetensors"]


def test_a_seed_repeats_its_run_and_steps_change_the_weights(run):
    first, again, longer = (
        load_file(run(f"{number}.safetensors", seed=3, steps=steps)) for number, steps in enumerate((4, 4, 6))
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], longer[name]) for name in first)


def test_a_run_ends_with_its_time(run, capsys):
    run("short.safetensors", steps=10**6, minutes=1e-9, precision="bf16")
    assert [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()[1:]] == [1]


def test_before_it_learns_the_network_enlarges_almost_as_bicubic(tiny):
    torch.manual_seed(0)
    model = ninasr_b0(scale=2, pretrained=False)
    train.start_as_interpolation(model)
    (picture,) = train.held_out_pictures()
    pixels = np.asarray(picture)
    difference = train.enlarge(model.eval(), pixels).astype(int) - enlarge_bicubic(pixels)
    assert np.abs(difference[4:-4, 4:-4]).mean() < 4
    assert abs(train.measured_gain(model, [picture])) < 2


def test_the_learning_rate_rises_then_falls():
    rates = [train.learning_rate(progress) for progress in (0, train.WARM_UP / 2, train.WARM_UP, 0.5, 1)]
    assert rates[0] < rates[1] < rates[2] == train.PEAK_LEARNING_RATE
    assert rates[2] > rates[3] > rates[4] == pytest.approx(train.PEAK_LEARNING_RATE * train.FINAL_SHARE)
