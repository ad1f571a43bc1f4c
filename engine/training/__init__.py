"""Training a network, predicting with it and keeping its weights, on whatever the machine is good at."""

from engine.training.batches import steps_per_epoch
from engine.training.checkpoint_format import (
    Checkpoint,
    CheckpointError,
    checkpoint_to_bytes,
    job_identity,
    read_checkpoint,
)
from engine.training.inference import Validation, predict_proba, validation_scores
from engine.training.loop import TrainingOutcome, train
from engine.training.machine import (
    choose_machine,
    find_device,
    footprint_of,
    free_memory,
    require_memory,
    review_choice,
)
from engine.training.pace import StepClock
from engine.training.probe import seconds_per_image
from engine.training.weights import load_weights, save_weights, weights_to_bytes

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "StepClock",
    "TrainingOutcome",
    "Validation",
    "checkpoint_to_bytes",
    "choose_machine",
    "find_device",
    "footprint_of",
    "free_memory",
    "job_identity",
    "load_weights",
    "predict_proba",
    "read_checkpoint",
    "require_memory",
    "review_choice",
    "save_weights",
    "seconds_per_image",
    "steps_per_epoch",
    "train",
    "validation_scores",
    "weights_to_bytes",
]
