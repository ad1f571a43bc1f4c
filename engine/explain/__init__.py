"""What trained networks look at: feature maps, filters, class activation maps, and what they lose without a part.

Everything works on a network whose weights are on the disk; nothing is trained. Importing this loads torch.
"""

from engine.explain.answers import draw_answers
from engine.explain.changes import CHANGES, Changed, box_on_pixels
from engine.explain.inside import BlockMaps, feature_maps, first_filters, grad_cam, load_network, probabilities
from engine.explain.measuring import measure_change
from engine.explain.sheets import maps_picture, overlay, png_bytes, sheet

__all__ = [
    "CHANGES",
    "BlockMaps",
    "Changed",
    "box_on_pixels",
    "draw_answers",
    "feature_maps",
    "first_filters",
    "grad_cam",
    "load_network",
    "maps_picture",
    "measure_change",
    "overlay",
    "png_bytes",
    "probabilities",
    "sheet",
]
