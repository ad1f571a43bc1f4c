"""The trackers that a study can be written to while it trains."""

from typing import Literal, get_args

TrackerName = Literal["tensorboard", "csv", "mlflow", "wandb", "trackio"]
TRACKERS: tuple[TrackerName, ...] = get_args(TrackerName)
