"""How a figure stands and looks in one picture."""

from dataclasses import dataclass
from random import Random
from typing import Literal

Mouth = Literal["smile", "grin", "open", "flat", "sad"]

# Angles of (upper arm, forearm) in degrees from hanging straight down, outwards and up.
_ARMS = ((12, 4), (38, -52), (22, 70), (95, 140), (150, 170), (70, 82), (60, -20), (8, 24))


@dataclass(frozen=True)
class Pose:
    """One stance.

    Attributes:
        turn: where the face looks, -1 (left) to 1 (right).
        tilt: of the head in degrees, clockwise.
        lean: of the whole figure in degrees, clockwise.
        arms: (upper arm, forearm) of the left and the right arm, in degrees from hanging, outwards and up.
        legs: degrees by which the left and right leg are spread outwards.
        blink: whether the eyes are shut.
        brows: raised (negative) or lowered.
    """

    turn: float
    tilt: float
    lean: float
    arms: tuple[tuple[float, float], tuple[float, float]]
    legs: tuple[float, float]
    mouth: Mouth
    blink: bool
    brows: float


def random_pose(rng: Random) -> Pose:
    """A stance drawn from the generator."""

    def arm() -> tuple[float, float]:
        upper, fore = rng.choice(_ARMS)
        return upper + rng.uniform(-10, 10), fore + rng.uniform(-14, 14)

    mouths: tuple[Mouth, ...] = ("smile", "smile", "grin", "open", "flat", "sad")
    return Pose(
        turn=rng.uniform(-1, 1),
        tilt=rng.uniform(-14, 14),
        lean=rng.uniform(-9, 9),
        arms=(arm(), arm()),
        legs=(rng.uniform(0, 16), rng.uniform(0, 16)),
        mouth=rng.choice(mouths),
        blink=rng.random() < 0.12,  # noqa: PLR2004 - one picture in eight
        brows=rng.uniform(-0.10, 0.06),
    )
