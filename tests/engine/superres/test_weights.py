import hashlib
import importlib.resources
import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import DownloadError, WeightsError
from engine.superres import find_superres, load_superres, recall_superres

URL = "https://weights.invalid/releases/ninasr_b0_x2.pt"
SHIPPED = importlib.resources.files("data") / "weights" / "ninasr_b0_x2.safetensors"


def torch_bytes(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def never(url):
    raise AssertionError(f"{url} was fetched")


def unreachable(url):
    raise DownloadError("no route")


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (1, 20, 24, 3), dtype=np.uint8)


def test_offline_uses_the_shipped_weights_and_says_why(tmp_path):
    info = load_superres(None, offline=True, cache_dir=tmp_path, fetch=never).info
    assert info.source == "shipped"
    assert info.sha256 == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert "offline" in info.note
    assert "shipped" in info.description


def test_the_shipped_file_is_small_and_says_its_licence():
    from safetensors import safe_open

    assert len(SHIPPED.read_bytes()) < 600_000
    with importlib.resources.as_file(SHIPPED) as path, safe_open(path, "pt") as file:
        assert file.metadata()["licence"] == "MIT"


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".PTH"])
def test_a_named_file_comes_first(tmp_path, other_state, picture, machine, suffix):
    path = tmp_path / f"mine{suffix}"
    if suffix == ".safetensors":
        save_file(other_state, path)
    else:
        path.write_bytes(torch_bytes(other_state))
    model = load_superres(path, offline=False, cache_dir=tmp_path, fetch=never)
    assert model.info.source == "file"
    assert str(path) in model.info.description
    assert model.info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    shipped = load_superres(None, offline=True, cache_dir=tmp_path)
    assert not np.array_equal(model.upscale(picture, machine), shipped.upscale(picture, machine))


def bad_files(folder, state):
    (folder / "folder.pt").mkdir()
    (folder / "empty.pt").write_bytes(b"")
    (folder / "text.safetensors").write_text("not weights")
    (folder / "text.pt").write_text("not weights")
    (folder / "truncated.pt").write_bytes(torch_bytes(state)[:5000])
    (folder / "list.pt").write_bytes(torch_bytes([1, 2]))
    (folder / "numbers.pt").write_bytes(torch_bytes({"head.0.bias": 1}))
    (folder / "weights.bin").write_bytes(torch_bytes(state))
    missing = dict(state)
    del missing["tail.0.bias"]
    (folder / "missing.pt").write_bytes(torch_bytes(missing))
    (folder / "extra.pt").write_bytes(torch_bytes(state | {"more": torch.zeros(1)}))
    (folder / "shape.pt").write_bytes(torch_bytes(state | {"tail.0.bias": torch.zeros(27)}))
    (folder / "nan.pt").write_bytes(torch_bytes(state | {"tail.0.bias": torch.full((12,), torch.nan)}))
    with (folder / "huge.pt").open("wb") as file:
        file.truncate(10**9)


BAD = {
    "absent.pt": "No such file",
    "folder.pt": "not a file",
    "empty.pt": "cannot be read as a .pt file",
    "text.safetensors": "cannot be read as a .safetensors file",
    "text.pt": "cannot be read as a .pt file",
    "truncated.pt": "cannot be read as a .pt file",
    "list.pt": "not a table of tensors",
    "numbers.pt": "not a table of tensors",
    "weights.bin": "neither .safetensors nor .pt",
    "missing.pt": "tail.0.bias is missing",
    "extra.pt": "also holds more",
    "shape.pt": r"tail.0.bias has the shape \(27,\) rather than \(12,\)",
    "nan.pt": "not finite",
    "huge.pt": "1,000,000,000 bytes",
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_these_weights_is_one_clear_line(tmp_path, other_state, name):
    bad_files(tmp_path, other_state)
    with pytest.raises(WeightsError, match=BAD[name]) as caught:
        load_superres(tmp_path / name, offline=True, cache_dir=tmp_path)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_code_in_a_file_is_never_run(tmp_path):
    trap = tmp_path / "sprung"
    (tmp_path / "trap.pt").write_bytes(torch_bytes({"head.0.bias": Trap(trap)}))
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps(Trap(trap)))
    for name in ("trap.pt", "pickle.pt"):
        with pytest.raises(WeightsError):
            load_superres(tmp_path / name, offline=True, cache_dir=tmp_path)
    assert not trap.exists()


def test_the_hub_cache_is_used_before_the_network(tmp_path, hub, other_state):
    (hub / "checkpoints").mkdir(parents=True)
    (hub / "checkpoints" / "ninasr_b0_x2.pt").write_bytes(torch_bytes(other_state))
    info = load_superres(None, offline=True, cache_dir=tmp_path, url=URL, fetch=never).info
    assert (info.source, info.note) == ("official", "")


def test_a_download_is_validated_kept_and_used_again(tmp_path, other_state):
    asked = []

    def fetch(url):
        asked.append(url)
        return torch_bytes(other_state)

    first = load_superres(None, offline=False, cache_dir=tmp_path, url=URL, fetch=fetch).info
    second = load_superres(None, offline=True, cache_dir=tmp_path, url=URL, fetch=fetch).info
    assert first == second
    assert first.source == "official"
    assert asked == [URL]
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["ninasr_b0_x2.pt"]


def test_a_damaged_kept_file_is_replaced(tmp_path, other_state):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "ninasr_b0_x2.pt").write_bytes(b"half a fi")
    load_superres(None, offline=False, cache_dir=tmp_path, url=URL, fetch=lambda _: torch_bytes(other_state))
    info = load_superres(None, offline=True, cache_dir=tmp_path, url=URL, fetch=never).info
    assert info.source == "official"


def test_the_address_is_the_librarys_own(tmp_path):
    from torchsr.models import ninasr_b0

    asked = []

    def fetch(url):
        asked.append(url)
        raise DownloadError("no route")

    load_superres(None, offline=False, cache_dir=tmp_path, fetch=fetch)
    assert asked == [ninasr_b0(scale=2).url]


def test_an_unreachable_server_costs_one_attempt_and_is_named(tmp_path):
    asked = []

    def fetch(url):
        asked.append(url)
        return unreachable(url)

    infos = [load_superres(None, offline=False, cache_dir=tmp_path, url=URL, fetch=fetch).info for _ in range(3)]
    assert len(asked) == 1
    assert {info.source for info in infos} == {"shipped"}
    assert {info.note for info in infos} == {"official weights not reachable: no route"}


def test_a_download_of_something_else_is_not_kept(tmp_path):
    info = load_superres(None, offline=False, cache_dir=tmp_path, url=URL, fetch=lambda _: b"<html>").info
    assert info.source == "shipped"
    assert "not these weights" in info.note
    assert not (tmp_path / "weights").exists()


def test_a_cache_folder_that_cannot_be_made_is_said(tmp_path, other_state):
    (tmp_path / "file").write_text("in the way")
    info = load_superres(
        None, offline=False, cache_dir=tmp_path / "file", url=URL, fetch=lambda _: torch_bytes(other_state)
    ).info
    assert info.source == "official"
    assert "could not be kept" in info.note


def test_shipped_weights_load_into_the_network():
    with importlib.resources.as_file(SHIPPED) as path:
        assert sum(tensor.numel() for tensor in load_file(path).values()) == 100_178


@pytest.fixture
def other_file(tmp_path, other_state):
    path = tmp_path / "other.safetensors"
    save_file(other_state, path)
    return path


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_the_shipped_weights_are_found_by_their_digest_without_a_look_at_the_network(tmp_path):
    model = find_superres(digest(SHIPPED.read_bytes()), None, offline=False, cache_dir=tmp_path, fetch=never)
    assert model.info.source == "shipped"


def test_the_official_weights_are_found_by_their_digest(tmp_path, other_state):
    data = torch_bytes(other_state)
    model = find_superres(digest(data), None, offline=False, cache_dir=tmp_path, url=URL, fetch=lambda url: data)
    assert (model.info.source, model.info.sha256) == ("official", digest(data))


def test_the_users_file_must_have_the_digest(tmp_path, other_file):
    own = digest(other_file.read_bytes())
    model = find_superres(own, other_file, offline=False, cache_dir=tmp_path, fetch=never)
    assert model.info.source == "file"
    with pytest.raises(WeightsError, match=r"other\.safetensors does not hold.*--superres-weights"):
        find_superres(digest(SHIPPED.read_bytes()), other_file, offline=False, cache_dir=tmp_path, fetch=never)


def test_weights_that_are_nowhere_are_refused_with_the_reason(tmp_path):
    with pytest.raises(WeightsError, match=r"sha256 121212121212\) are not here.*no route.*--superres-weights"):
        find_superres("12" * 32, None, offline=False, cache_dir=tmp_path, url=URL, fetch=unreachable)


def test_the_weights_of_a_run_are_looked_for_when_something_is_enlarged(tmp_path, picture, machine):
    used = load_superres(None, offline=True, cache_dir=tmp_path)
    recalled = recall_superres(used.info, None, offline=True, cache_dir=tmp_path)
    assert np.array_equal(recalled.upscale(picture, machine), used.upscale(picture, machine))
    gone = recall_superres(replace(used.info, sha256="12" * 32), None, offline=True, cache_dir=tmp_path)
    with pytest.raises(WeightsError, match=r"sha256 121212121212\) are not here"):
        gone.upscale(picture, machine)
