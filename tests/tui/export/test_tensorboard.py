"""Event files, read back by TensorBoard's own reader."""

import sys

import pytest

from engine.errors import InputError
from engine.events.record import JobKey
from engine.finished.dossier import Exported
from tui.export.formats import FORMATS
from tui.export.saving import save
from tui.export.tensorboard import scalars


def test_batches_have_the_times_at_which_they_were_trained(studies):
    record, key = studies.repeated(), JobKey("vanilla", 1, 1)
    record.times[key][5] += 0.5
    points = [point for point in scalars(record, key) if point.tag == "loss/batch"]
    assert [point.step for point in points] == list(range(12))
    assert [point.time for point in points] == list(record.times[key])
    assert not [point for point in scalars(record, key) if point.tag == "gradient_norm/batch"]
    record.gradient_norms[key][3] = 0.5
    norms = [point for point in scalars(record, key) if point.tag == "gradient_norm/batch"]
    assert [(point.step, point.value) for point in norms] == [(3, 0.5)]


def test_without_the_package_the_extra_is_named(studies, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(InputError, match=r"simpsons-tui\[tensorboard\]"):
        FORMATS["tensorboard"].render(Exported(studies.whole()))


def test_tensorboard_reads_it_back(studies, tmp_path):
    module = "tensorboard.backend.event_processing.event_accumulator"
    reader = pytest.importorskip(module, reason="tensorboard comes with the extra of that name")
    record = studies.repeated()
    save(FORMATS["tensorboard"].render(Exported(record)), tmp_path / "logs")
    assert sorted(path.name for path in (tmp_path / "logs").iterdir())[-1] == "vanilla-seed1-fold1"
    events = reader.EventAccumulator(str(tmp_path / "logs" / "vanilla-seed1-fold1"))
    events.Reload()
    losses = events.Scalars("loss/batch")
    assert [point.value for point in losses] == pytest.approx(record.losses[JobKey("vanilla", 1, 1)], rel=1e-6)
    assert [point.value for point in events.Scalars("accuracy/train")] == pytest.approx([0.53, 0.57, 0.61])
    assert events.Scalars("test/accuracy")[0].value == pytest.approx(22 / 30)
    assert set(events.Tags()["scalars"]) == {
        "loss/batch",
        "loss/epoch",
        "accuracy/train",
        "test/accuracy",
        *(f"test/{average} {score}" for average in ("macro", "weighted") for score in ("F1", "precision", "recall")),
    }
