"""Who the demo set shows: six characters of the project's own, each a build, a face, hair and a wardrobe.

`clover` and `hazel` share build and face and differ in hair and clothes only; `juniper` has another skin tone.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from engine.demo.pen import Colour

Top = Literal["plain", "striped", "dungarees", "coat", "shawl", "dress"]


@dataclass(frozen=True)
class Build:
    """A body's measures, in head heights of that body.

    Attributes:
        shoulders, belly, hips: half widths of the trunk at three heights.
        trunk: length from neck to hips.
        leg, arm: lengths.
        limb: thickness of an arm at the shoulder.
    """

    shoulders: float
    belly: float
    hips: float
    trunk: float
    leg: float
    arm: float
    limb: float


@dataclass(frozen=True)
class Face:
    """A head's measures, in units of half a head's height.

    Attributes:
        width: half width of the head.
        squareness: exponent of the superellipse that is the head's outline; 2 is an ellipse.
        jaw: how much wider (> 0) or narrower (< 0) the jaw is than the brow.
        eye_gap: distance of an eye from the middle.
        eye_height: of the eyes above the middle, negative is up.
        eye: radius of an eye.
        nose: length and width of the nose.
        brow: thickness of the brows.
        blush: strength of the cheeks' red.
        freckles, glasses: whether the face has them.
    """

    width: float
    squareness: float
    jaw: float
    eye_gap: float
    eye_height: float
    eye: float
    nose: tuple[float, float]
    brow: float
    blush: float
    freckles: bool = False
    glasses: bool = False


@dataclass(frozen=True)
class Outfit:
    """One set of clothes: how the top is cut, and the colours of top, trim, trousers or skirt, and shoes."""

    top: Top
    main: Colour
    trim: Colour
    lower: Colour
    shoes: Colour
    short_sleeves: bool = False
    skirt: bool = False


@dataclass(frozen=True)
class Character:
    """Everything that stays the same from picture to picture.

    Attributes:
        hair: key in `engine.demo.hair.STYLES`.
        hair_colours: one is chosen a picture.
        accents: colours of what is worn on the head, one is chosen a picture.
        wardrobe: one outfit is chosen a picture.
    """

    name: str
    skin: Colour
    build: Build
    face: Face
    hair: str
    hair_colours: tuple[Colour, ...]
    accents: tuple[Colour, ...]
    wardrobe: tuple[Outfit, ...]


LIGHT_SKIN: Colour = (244, 203, 172)
DARK_SKIN: Colour = (134, 88, 62)

RED: Colour = (205, 72, 66)
RUST: Colour = (188, 100, 58)
MUSTARD: Colour = (222, 172, 66)
LEAF: Colour = (106, 152, 84)
PINE: Colour = (50, 104, 88)
TEAL: Colour = (64, 150, 152)
SKY: Colour = (120, 176, 214)
NAVY: Colour = (52, 68, 116)
PLUM: Colour = (124, 78, 128)
ROSE: Colour = (226, 138, 150)
CREAM: Colour = (242, 232, 208)
STONE: Colour = (156, 148, 138)
COCOA: Colour = (104, 74, 60)
COAL: Colour = (58, 58, 66)

CHILD_BUILD = Build(shoulders=0.37, belly=0.40, hips=0.38, trunk=0.80, leg=0.62, arm=0.82, limb=0.21)
CHILD_FACE = Face(
    width=1.06, squareness=2.15, jaw=0.05, eye_gap=0.42, eye_height=0.10, eye=0.125, nose=(0.10, 0.12), brow=0.05,
    blush=0.42, freckles=True,
)  # fmt: skip

_BASIL = Character(
    name="basil",
    skin=LIGHT_SKIN,
    build=Build(shoulders=0.44, belly=0.34, hips=0.34, trunk=1.25, leg=1.55, arm=1.35, limb=0.22),
    face=Face(0.74, 2.2, -0.10, 0.30, -0.08, 0.085, (0.46, 0.17), 0.07, 0.18),
    hair="straw hat",
    hair_colours=((204, 158, 84), (186, 138, 70)),
    accents=((232, 206, 138), (222, 190, 116)),
    wardrobe=(
        Outfit("dungarees", LEAF, CREAM, LEAF, COCOA),
        Outfit("plain", LEAF, PINE, COCOA, COAL),
        Outfit("striped", CREAM, LEAF, PINE, COCOA),
        Outfit("coat", PINE, CREAM, STONE, COCOA),
    ),
)
_CLOVER = Character(
    name="clover",
    skin=LIGHT_SKIN,
    build=CHILD_BUILD,
    face=CHILD_FACE,
    hair="two buns",
    hair_colours=((196, 92, 48), (178, 78, 44)),
    accents=(LEAF, RED, CREAM),
    wardrobe=(
        Outfit("dress", RED, CREAM, RED, COCOA, short_sleeves=True, skirt=True),
        Outfit("striped", CREAM, RED, NAVY, RED),
        Outfit("dungarees", RED, CREAM, RED, COCOA),
        Outfit("plain", MUSTARD, RED, RUST, RED, short_sleeves=True),
    ),
)
_HAZEL = Character(
    name="hazel",
    skin=LIGHT_SKIN,
    build=CHILD_BUILD,
    face=CHILD_FACE,
    hair="bob",
    hair_colours=((54, 46, 62), (66, 52, 56)),
    accents=(RED, SKY, ROSE),
    wardrobe=(
        Outfit("dress", SKY, CREAM, SKY, COAL, skirt=True),
        Outfit("striped", CREAM, SKY, NAVY, COAL, short_sleeves=True),
        Outfit("coat", NAVY, CREAM, SKY, COCOA),
        Outfit("dungarees", SKY, RED, SKY, RED),
    ),
)
_JUNIPER = Character(
    name="juniper",
    skin=DARK_SKIN,
    build=Build(shoulders=0.46, belly=0.37, hips=0.44, trunk=1.10, leg=1.35, arm=1.18, limb=0.22),
    face=Face(0.84, 2.1, -0.06, 0.34, 0.02, 0.105, (0.22, 0.20), 0.055, 0.22),
    hair="cloud",
    hair_colours=((62, 42, 38), (78, 50, 40)),
    accents=(MUSTARD, CREAM, TEAL),
    wardrobe=(
        Outfit("coat", MUSTARD, COCOA, NAVY, COCOA),
        Outfit("dress", TEAL, MUSTARD, TEAL, COAL, short_sleeves=True, skirt=True),
        Outfit("plain", MUSTARD, TEAL, TEAL, CREAM),
        Outfit("striped", CREAM, MUSTARD, PINE, COCOA),
    ),
)
_OLIVE = Character(
    name="olive",
    skin=LIGHT_SKIN,
    build=Build(shoulders=0.44, belly=0.58, hips=0.60, trunk=0.98, leg=0.72, arm=0.92, limb=0.25),
    face=Face(0.94, 2.25, 0.10, 0.35, 0.04, 0.085, (0.20, 0.16), 0.04, 0.38, glasses=True),
    hair="top bun",
    hair_colours=((206, 206, 212), (188, 190, 200)),
    accents=(PLUM, RED, TEAL),
    wardrobe=(
        Outfit("shawl", PLUM, ROSE, PLUM, COAL, skirt=True),
        Outfit("coat", PLUM, CREAM, STONE, COCOA, skirt=True),
        Outfit("dress", ROSE, CREAM, ROSE, PLUM, skirt=True),
        Outfit("shawl", ROSE, PLUM, NAVY, COCOA, skirt=True),
    ),
)
_ROWAN = Character(
    name="rowan",
    skin=LIGHT_SKIN,
    build=Build(shoulders=0.66, belly=0.76, hips=0.62, trunk=1.22, leg=0.92, arm=1.12, limb=0.34),
    face=Face(0.96, 2.6, 0.12, 0.34, -0.06, 0.08, (0.26, 0.30), 0.11, 0.26),
    hair="bobble hat",
    hair_colours=((92, 58, 40), (78, 50, 42)),
    accents=(NAVY, RUST, PINE),
    wardrobe=(
        Outfit("striped", NAVY, CREAM, COAL, COCOA),
        Outfit("coat", RUST, NAVY, NAVY, COAL),
        Outfit("plain", NAVY, RUST, COCOA, COAL),
        Outfit("dungarees", RUST, NAVY, RUST, COAL),
    ),
)

CHARACTERS = MappingProxyType(
    {character.name: character for character in (_BASIL, _CLOVER, _HAZEL, _JUNIPER, _OLIVE, _ROWAN)}
)
