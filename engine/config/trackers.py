"""The trackers that a study can be written to while it trains."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

TrackerName = Literal["tensorboard", "csv", "mlflow", "wandb", "trackio"]
TRACKERS: tuple[TrackerName, ...] = get_args(TrackerName)

TRACKER_WORDS: Mapping[TrackerName, str] = MappingProxyType(
    {
        "tensorboard": "event files",
        "csv": "tables, a folder a job",
        "mlflow": "MLflow",
        "wandb": "Weights & Biases",
        "trackio": "Trackio",
    }
)
