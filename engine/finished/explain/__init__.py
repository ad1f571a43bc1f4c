"""What trained networks look at: feature maps, filters, class activation maps, and what they lose without a part.

Everything works on a network whose weights are on the disk; nothing is trained. Importing this loads torch.
"""

from engine.finished.explain.answers import draw_answers
from engine.finished.explain.changes import CHANGES, Changed, box_on_pixels
from engine.finished.explain.curves import PART_WORDS, count_ladder, longer_sides, native_sizes, resolution_answers
from engine.finished.explain.inside import BlockMaps, feature_maps, first_filters, grad_cam, probabilities
from engine.finished.explain.measuring import measure_change
from engine.finished.explain.sheets import maps_picture, overlay, png_bytes, sheet
from engine.finished.explain.shrinking import Prepared, prepared_at_sizes, shrink
from engine.training.inference import load_network

__all__ = [
    "CHANGES",
    "PART_WORDS",
    "BlockMaps",
    "Changed",
    "Prepared",
    "box_on_pixels",
    "count_ladder",
    "draw_answers",
    "feature_maps",
    "first_filters",
    "grad_cam",
    "load_network",
    "longer_sides",
    "maps_picture",
    "measure_change",
    "native_sizes",
    "overlay",
    "png_bytes",
    "prepared_at_sizes",
    "probabilities",
    "resolution_answers",
    "sheet",
    "shrink",
]
