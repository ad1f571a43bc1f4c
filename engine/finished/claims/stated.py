"""What the study states, as numbers. It is quoted nowhere; `source` in the claims names the place in its text."""

from engine.dataset.values import STUDY_CLASSES

TRAINING_IMAGES = 8063
SUBSET_IMAGES = 2980
"""Training images of Table 1 and of Table 2 (the part that the study's repository holds)."""

SAME_AMOUNT = 0.02
"""A data set of as many images, up to this share, counts as the study's: a few files may be unreadable."""

HOMER, MARGE, KRUSTY, APU = "homer_simpson", "marge_simpson", "krusty_the_clown", "apu_nahasapeemapetilon"
CLASSES = frozenset(STUDY_CLASSES)

VANILLA_ACCURACY, SUPERRES_ACCURACY = 0.80, 0.81
BEST_PRECISION = 0.84
RECALL = 0.80
BEST_F1 = 0.81

CONVERGED_AFTER = 50
"""Batches."""

KRUSTY_FOR_APU, KRUSTY_FOR_HOMER = 13, 8
"""Of the bounding-box model's 50 test images of Krusty."""

HOMER_TO_APU = 4
"""Training images of Homer for each of Apu."""

OTHER_PROJECT = 0.9
"""F1, precision and recall of the data set's curator: all 22,000 images, a deeper network, 200 epochs."""
