from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import StudyStopped
from engine.events.control import StudyControl
from engine.training import predict_proba
from engine.training.trainer import fresh_model

CLASSES = 3


@pytest.fixture
def model(recipe):
    return fresh_model(recipe, CLASSES, recipe.image_size, seed=1, fold=0)


def ask(model, machine, tiny, *, batch_size=10, control=None, progress=None):
    done = [] if progress is None else progress
    return predict_proba(
        model,
        machine,
        tiny.pixels,
        tiny.rows,
        batch_size=batch_size,
        control=control or StudyControl(),
        on_progress=done.append,
    )


def test_probabilities_are_those_of_the_network_in_evaluation_mode(model, machine, tiny):
    progress = []
    probabilities = ask(model.train(), machine, tiny, progress=progress)
    images = torch.from_numpy(tiny.pixels.images[tiny.rows]).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        expected = torch.softmax(model.eval()(images).double(), dim=1)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-4)
    assert probabilities.dtype == np.float64
    assert probabilities.shape == (25, CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert progress == [10, 20, 25]


def test_batches_do_not_matter_beyond_rounding(model, machine, tiny):
    np.testing.assert_allclose(
        ask(model, machine, tiny, batch_size=4), ask(model, machine, tiny, batch_size=100), rtol=1e-4
    )


def test_bf16_agrees_with_fp32(model, machine, tiny):
    halves = ask(model, replace(machine, precision="bf16"), tiny)
    np.testing.assert_allclose(halves, ask(model, machine, tiny), atol=0.01)
    np.testing.assert_allclose(halves.sum(axis=1), 1, rtol=1e-12)


def test_broken_weights_give_nan_and_no_error(model, machine, tiny):
    torch.nn.init.constant_(model.linear.weight, float("nan"))
    assert np.isnan(ask(model, machine, tiny)).all()


def test_a_stop_ends_it(model, machine, tiny):
    control = StudyControl()
    control.stop()
    with pytest.raises(StudyStopped):
        ask(model, machine, tiny, control=control)
