"""Using a trained model: class probabilities for new images, and the model as an ONNX file."""
