"""Using a trained model: class probabilities for new images, and the model as an ONNX file.

Importing this package imports torch: do so when work starts.
"""

from engine.finished.predicting.images import NewImage, find_images, read_image
from engine.finished.predicting.model import TrainedModel, load_model

__all__ = ["NewImage", "TrainedModel", "find_images", "load_model", "read_image"]
