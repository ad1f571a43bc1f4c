import numpy as np

from engine.evaluation import majority_baseline, thumbnail_baseline


class Pixels:
    def __init__(self, images):
        self.images = images

    def gather(self, rows):
        return self.images[rows]


def test_the_majority_class_is_taken_from_the_training_images():
    baseline = majority_baseline(np.array([1, 1, 0]), np.array([0, 0, 1]), ("a", "b"))
    assert baseline.metrics.accuracy == 1 / 3
    assert baseline.metrics.confusion_matrix == ((0, 2), (0, 1))


def test_the_nearest_thumbnail_finds_slightly_changed_copies():
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (70, 40, 60, 3), dtype=np.uint8)
    test = np.clip(train[:20].astype(int) + random.integers(-3, 4, (20, 40, 60, 3)), 0, 255).astype(np.uint8)
    labels = np.arange(70) % 3
    baseline = thumbnail_baseline(
        Pixels(np.concatenate([train, test])),
        train_rows=np.arange(70),
        train_labels=labels,
        test_rows=np.arange(70, 90),
        test_labels=labels[:20],
        classes=("a", "b", "c"),
    )
    assert baseline.metrics.accuracy == 1
