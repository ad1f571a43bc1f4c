"""Draws a data set of many classes with few images each, in the demo set's style.

    python tests/benchmarks/many_classes.py FOLDER [--classes 24] [--images 60]

A class is a character put together of the six: the build and skin of one, the face, hair and wardrobe of others, no two
with more than two of the four in common. So neither clothes nor hair alone say which one it is. FOLDER gets a folder a
class.
"""

import argparse
import itertools
import operator
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from unittest.mock import patch

from engine.demo import scene
from engine.demo.characters import CHARACTERS, Character

SIZE = (171, 128)
MOST_IN_COMMON = 2


def characters() -> Iterator[Character]:
    """All that may be mixed, in an order that is always the same."""
    mixes = list(itertools.product(CHARACTERS.values(), repeat=4))
    Random(0).shuffle(mixes)
    taken: list[tuple[Character, ...]] = []
    for mix in mixes:
        shared = max((sum(map(operator.is_, mix, other)) for other in taken), default=0)
        if shared <= MOST_IN_COMMON:
            body, face, hair, clothes = mix
            yield replace(
                body,
                name="-".join(one.name for one in mix),
                face=face.face,
                hair=hair.hair,
                hair_colours=hair.hair_colours,
                accents=hair.accents,
                wardrobe=clothes.wardrobe,
            )
            taken.append(mix)


def main() -> None:
    """Draw the set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classes", type=int, default=24)
    parser.add_argument("--images", type=int, default=60)
    wanted = parser.parse_args()
    mixed = {one.name: one for one in itertools.islice(characters(), wanted.classes)}
    with patch.object(scene, "CHARACTERS", mixed):
        for name in mixed:
            (wanted.folder / name).mkdir(parents=True)
            for number in range(wanted.images):
                picture = scene.draw_picture(name, number, SIZE)
                picture.save(wanted.folder / name / f"{number:03d}.jpg", "JPEG", quality=70)


if __name__ == "__main__":
    main()
