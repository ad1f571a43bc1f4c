"""A model as an ONNX file; without the optional packages only that their absence is told."""

import json

import numpy as np
import pytest
from PIL import Image

from engine.config.model import ModelRequest
from engine.errors import InputError
from engine.finished.predicting.predict import export_onnx


@pytest.fixture
def options(trained):
    return ModelRequest(trained.folder, "vanilla", offline=True, cache_dir=trained.config.cache_dir)


@pytest.fixture
def packages():
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="comes with the onnx extra")


def test_missing_packages_are_told_with_the_extra(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"onnxruntime.*\.\[onnx\]"):
        export_onnx(ModelRequest(trained.folder), tmp_path / "model.onnx")


@pytest.mark.usefixtures("packages")
def test_the_file_gives_the_runs_own_predictions_and_says_what_it_is(trained, options, tmp_path):
    import onnxruntime

    path = tmp_path / "model.onnx"
    difference = export_onnx(options, path)
    assert 0 <= difference < 1e-4
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == ["blue", "green", "red"]
    assert (about["variant"], json.loads(about["image_size"])) == ("vanilla", [16, 20])
    assert [step["step"] for step in json.loads(about["preprocessing"])] == ["resize"]
    assert json.loads(about["recipe"])["epochs"] == 2
    expected = {p.path: p.probabilities for p in trained.record.result("vanilla").predictions}
    for count in (1, 3):
        paths = list(expected)[:count]
        pictures = [Image.open(trained.images / name).resize((20, 16), Image.Resampling.BILINEAR) for name in paths]
        images = np.stack([np.asarray(picture) for picture in pictures]).transpose(0, 3, 1, 2).astype(np.float32) / 255
        logits, probabilities = session.run(["logits", "probabilities"], {"images": images})
        assert logits.shape == probabilities.shape == (count, 3)
        # Pillow's resizing differs from torchvision's by a level here and there.
        np.testing.assert_allclose(probabilities, [expected[name] for name in paths], atol=0.02)


@pytest.mark.usefixtures("packages")
def test_a_file_that_computes_something_else_is_not_kept(trained, options, tmp_path, monkeypatch):
    from engine.finished.predicting import onnx_file

    class Wrong:
        """A session that is off by a hundredth."""

        def __init__(self, content, providers):
            self._session = session(content, providers=providers)

        def run(self, names, inputs):
            return [output + np.float32(0.01) for output in self._session.run(names, inputs)]

    import onnxruntime

    session = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", Wrong)
    with pytest.raises(onnx_file.ExportError, match=r"0\.01 in a logit.*no file"):
        export_onnx(options, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("packages")
def test_a_place_that_cannot_be_written_is_told(trained, options, tmp_path):
    from engine.finished.predicting.onnx_file import ExportError

    with pytest.raises(ExportError, match=r"nowhere/model\.onnx: cannot be written"):
        export_onnx(options, tmp_path / "nowhere" / "model.onnx")
