"""Draws one character in one pose: body, head and face.

The pen's origin is the middle of the head and its unit half a head's height; y points down.
"""

import math
from itertools import pairwise

from engine.demo.characters import Build, Character, Face, Outfit
from engine.demo.hair import STYLES, HeadWear, head_outline
from engine.demo.pen import Colour, Pen, Point, mix, shade
from engine.demo.pose import Pose

INK_WIDTH = 0.055
"""Outline of a figure, in half head heights."""

PUPIL: Colour = (44, 36, 40)
WHITE: Colour = (255, 252, 246)
LIPS: Colour = (176, 74, 74)
BLUSH: Colour = (232, 110, 104)
FRAME: Colour = (70, 62, 84)

_NECK = 0.86


def draw_figure(pen: Pen, character: Character, outfit: Outfit, wear: HeadWear, pose: Pose) -> None:
    """Draw a whole figure; what lies outside the picture is simply not seen.

    Args:
        pen: origin at the middle of the head, unit half a head's height.
        character: who.
        outfit: one of the character's wardrobe.
        wear: colours of hair and hat, with the face's turn.
        pose: how the figure stands.
    """
    pen = pen.moved(0, 0, degrees=pose.lean).with_ink(INK_WIDTH)
    head = pen.moved(0, _NECK, degrees=pose.tilt).moved(0, -_NECK)
    style = STYLES[character.hair]
    if style.behind:
        style.behind(head, wear)
    body = pen.moved(0, _NECK, scale=2.0)
    _legs(body, character, outfit, pose)
    _trunk(body, character, outfit)
    for side, angles in zip((-1, 1), pose.arms, strict=True):
        _arm(body, character, outfit, side, angles)
    _head(head, character.face, character.skin, wear)
    if style.on_skin:
        style.on_skin(head, wear)
    _features(head, character, wear, pose)
    if style.front:
        style.front(head, wear)
    if character.face.glasses:
        _glasses(head, character.face, pose)


# --- body, in head heights from the neck ---------------------------------------------------------------------------


def _profile(build: Build) -> list[tuple[float, float]]:
    """(height, half width) of the trunk from neck to hips."""
    return [
        (0.02, build.shoulders * 0.52),
        (0.13, build.shoulders * 0.96),
        (0.26, build.shoulders),
        (build.trunk * 0.62, build.belly),
        (build.trunk, build.hips),
    ]


def _width_at(build: Build, y: float) -> float:
    profile = _profile(build)
    for (y0, w0), (y1, w1) in pairwise(profile):
        if y <= y1:
            return w0 + (w1 - w0) * (y - y0) / (y1 - y0)
    return profile[-1][1]


def _legs(pen: Pen, character: Character, outfit: Outfit, pose: Pose) -> None:
    build = character.build
    cloth = character.skin if outfit.skirt else outfit.lower
    hip = build.hips * 0.5
    for side, spread in zip((-1, 1), pose.legs, strict=True):
        angle = math.radians(spread)
        top = (side * hip, build.trunk - 0.05)
        foot = (top[0] + side * math.sin(angle) * build.leg, top[1] + math.cos(angle) * build.leg)
        thick = build.limb * (0.9 if outfit.skirt else 1.35)
        pen.limb([top, ((top[0] + foot[0]) / 2, (top[1] + foot[1]) / 2), foot], (thick, thick * 0.8), cloth)
        pen.oval(foot[0] + side * 0.09, foot[1] + 0.05, 0.22, 0.11, outfit.shoes)
    if outfit.skirt:
        flare = build.hips * 1.35
        hem = build.trunk + build.leg * 0.42
        pen.blob(
            [(-build.hips * 0.9, build.trunk - 0.2), (build.hips * 0.9, build.trunk - 0.2), (flare, hem - 0.06),
             (flare * 0.5, hem + 0.03), (0, hem), (-flare * 0.5, hem + 0.03), (-flare, hem - 0.06)],
            outfit.lower,
        )  # fmt: skip
    else:
        pen.shape(
            [(-build.hips * 0.98, build.trunk - 0.16), (build.hips * 0.98, build.trunk - 0.16),
             (build.hips * 0.86, build.trunk + 0.14), (0, build.trunk + 0.18),
             (-build.hips * 0.86, build.trunk + 0.14)],
            outfit.lower, ink=False,
        )  # fmt: skip


def _band(pen: Pen, build: Build, top: float, bottom: float, colour: Colour, *, inset: float = 0.02) -> None:
    """A strip across the trunk."""
    upper, lower = _width_at(build, top) - inset, _width_at(build, bottom) - inset
    pen.shape([(-upper, top), (upper, top), (lower, bottom), (-lower, bottom)], colour, ink=False)


def _trunk(pen: Pen, character: Character, outfit: Outfit) -> None:
    build = character.build
    profile = _profile(build)
    right = [(width, y) for y, width in profile]
    left = [(-width, y) for y, width in reversed(profile)]
    base = outfit.trim if outfit.top == "dungarees" else outfit.main
    pen.limb([(0, -0.12), (0, 0.1)], (build.shoulders * 0.62, build.shoulders * 0.62), shade(character.skin, 0.9))
    pen.blob([*right, (0, build.trunk + 0.05), *left], base)
    {
        "plain": _plain, "striped": _striped, "dungarees": _dungarees, "coat": _coat, "shawl": _shawl, "dress": _dress
    }[outfit.top](pen, build, outfit)  # fmt: skip


def _plain(pen: Pen, build: Build, outfit: Outfit) -> None:
    _band(pen, build, build.trunk * 0.42, build.trunk * 0.56, outfit.trim)
    _collar(pen, build, outfit.trim)


def _striped(pen: Pen, build: Build, outfit: Outfit) -> None:
    stripe = build.trunk / 8
    for i in range(1, 8, 2):
        _band(pen, build, i * stripe, (i + 0.9) * stripe, outfit.trim)
    _collar(pen, build, outfit.main)


def _dungarees(pen: Pen, build: Build, outfit: Outfit) -> None:
    _band(pen, build, build.trunk * 0.66, build.trunk, outfit.main, inset=0.01)
    half = build.shoulders * 0.58
    bib = build.trunk * 0.36
    for side in (-1, 1):
        pen.limb([(side * half * 1.1, 0.08), (side * half * 0.86, bib + 0.04)], (0.1, 0.1), outfit.main)
    pen.shape(
        [(-half, bib), (half, bib), (half * 1.1, build.trunk * 0.8), (-half * 1.1, build.trunk * 0.8)], outfit.main
    )
    pen.shape(
        [(-half * 0.45, bib + 0.12), (half * 0.45, bib + 0.12), (half * 0.4, bib + 0.28), (-half * 0.4, bib + 0.28)],
        shade(outfit.main, 0.9),
    )


def _coat(pen: Pen, build: Build, outfit: Outfit) -> None:
    pen.shape([(-0.13, 0.04), (0.13, 0.04), (0, build.trunk * 0.36)], outfit.trim)
    pen.stroke([(0, build.trunk * 0.36), (0, build.trunk)], 0.03, shade(outfit.main, 0.55))
    for i in range(3):
        y = build.trunk * (0.48 + 0.17 * i)
        pen.oval(0.09, y, 0.035, 0.035, outfit.trim)
    for side in (-1, 1):
        x = side * build.belly * 0.58
        pen.stroke([(x - 0.1, build.trunk * 0.76), (x + 0.1, build.trunk * 0.76)], 0.04, shade(outfit.main, 0.6))


def _shawl(pen: Pen, build: Build, outfit: Outfit) -> None:
    half = build.shoulders * 1.12
    pen.blob(
        [(-half * 0.5, 0.0), (half * 0.5, 0.0), (half, 0.22), (half * 0.86, build.trunk * 0.5), (0, build.trunk * 0.66),
         (-half * 0.86, build.trunk * 0.5), (-half, 0.22)],
        outfit.trim,
    )  # fmt: skip
    pen.oval(0, 0.2, 0.07, 0.07, outfit.main)
    for x in (-0.6, -0.3, 0.0, 0.3, 0.6):
        y = build.trunk * (0.6 - 0.16 * abs(x))
        pen.stroke([(x * half, y - 0.1), (x * half, y + 0.06)], 0.03, shade(outfit.trim, 0.7))


def _dress(pen: Pen, build: Build, outfit: Outfit) -> None:
    _band(pen, build, build.trunk * 0.66, build.trunk * 0.78, outfit.trim)
    for side in (-1, 1):
        pen.blob([(0, 0.06), (side * 0.24, 0.03), (side * 0.2, 0.2), (side * 0.04, 0.18)], outfit.trim)


def _collar(pen: Pen, build: Build, colour: Colour) -> None:
    pen.stroke([(-build.shoulders * 0.48, 0.03), (0, 0.11), (build.shoulders * 0.48, 0.03)], 0.09, shade(colour, 0.8))


def _arm(pen: Pen, character: Character, outfit: Outfit, side: int, angles: tuple[float, float]) -> None:
    build = character.build
    upper, fore = (math.radians(angle) for angle in angles)
    shoulder = (side * build.shoulders * 0.88, 0.2)
    elbow = _reach(shoulder, side, upper, build.arm * 0.48)
    wrist = _reach(elbow, side, fore, build.arm * 0.46)
    thick = build.limb
    sleeve = outfit.trim if outfit.top == "dungarees" else outfit.main
    _hand(pen, wrist, character.skin, side=side, angle=fore, thick=thick)
    whole = [shoulder, elbow, wrist]
    if outfit.short_sleeves:
        pen.limb(whole, (thick * 0.8, thick * 0.7), character.skin)
        pen.limb([shoulder, _reach(shoulder, side, upper, build.arm * 0.3)], (thick, thick * 1.05), sleeve)
    else:
        pen.limb(whole, (thick, thick * 0.84), sleeve)


def _hand(pen: Pen, wrist: Point, skin: Colour, *, side: int, angle: float, thick: float) -> None:
    """A mitten with a thumb on its inner side."""
    thumb = _reach(wrist, side, angle - 0.9, thick * 0.5)
    pen.oval(*thumb, thick * 0.2, thick * 0.2, skin)
    pen.oval(*_reach(wrist, side, angle, thick * 0.4), thick * 0.48, thick * 0.44, skin)


def _reach(start: Point, side: int, angle: float, length: float) -> Point:
    return start[0] + side * math.sin(angle) * length, start[1] + math.cos(angle) * length


# --- head, in half head heights ------------------------------------------------------------------------------------


def _head(pen: Pen, face: Face, skin: Colour, wear: HeadWear) -> None:
    for side in (-1, 1):
        x = side * face.width * 0.98 - wear.turn * 0.16
        pen.oval(x, 0.1, 0.17, 0.22, skin)
        pen.oval(x, 0.12, 0.08, 0.12, shade(skin, 0.86), ink=False)
    pen.blob(head_outline(face), skin)


def _eye_places(face: Face, pose: Pose) -> list[tuple[int, float]]:
    """(side, x) of both eyes, shifted as the head turns."""
    return [(side, side * face.eye_gap * (1 - 0.16 * side * pose.turn) + pose.turn * 0.26) for side in (-1, 1)]


def _features(pen: Pen, character: Character, wear: HeadWear, pose: Pose) -> None:
    face, skin = character.face, character.skin
    nose_x = pose.turn * 0.36
    for side, x in _eye_places(face, pose):
        cheek = x + side * 0.10
        pen.oval(cheek, face.eye_height + 0.36, 0.19, 0.13, mix(skin, BLUSH, face.blush), ink=False)
        if face.freckles:
            for dx, dy in ((-0.09, 0.30), (0.02, 0.36), (0.12, 0.29)):
                pen.oval(cheek + dx, face.eye_height + dy, 0.028, 0.028, shade(skin, 0.68), ink=False)
        _eye(pen, face, x, pose)
        brow_y = face.eye_height - face.eye - 0.17 + pose.brows
        pen.stroke(
            [(x - 0.15, brow_y + side * -0.03 + 0.03), (x, brow_y - 0.04), (x + 0.15, brow_y + side * 0.03 + 0.03)],
            face.brow, shade(wear.hair, 0.75),
        )  # fmt: skip
    _mouth(pen, nose_x * 0.8, face.eye_height + 0.28 + max(face.nose[0], 0.3), pose)
    _nose(pen, face, skin, nose_x, pose)


def _eye(pen: Pen, face: Face, x: float, pose: Pose) -> None:
    y, size = face.eye_height, face.eye
    if pose.blink:
        pen.stroke([(x - size, y), (x, y + size * 0.6), (x + size, y)], 0.05, PUPIL)
        return
    pen.oval(x, y, size, size * 1.3, PUPIL, ink=False)
    pen.oval(x + size * 0.3, y - size * 0.5, size * 0.36, size * 0.4, WHITE, ink=False)


def _nose(pen: Pen, face: Face, skin: Colour, x: float, pose: Pose) -> None:
    length, width = face.nose
    top = face.eye_height + 0.12
    lean = pose.turn * length * 0.5
    pen.blob(
        [(x - width * 0.3, top), (x + width * 0.3, top), (x + lean + width, top + length * 0.82),
         (x + lean, top + length), (x + lean - width, top + length * 0.82)],
        shade(mix(skin, BLUSH, 0.22), 0.98),
    )  # fmt: skip


def _mouth(pen: Pen, x: float, y: float, pose: Pose) -> None:
    if pose.mouth == "open":
        pen.oval(x, y + 0.06, 0.17, 0.15, shade(LIPS, 0.6))
        pen.oval(x, y + 0.13, 0.10, 0.06, (226, 120, 118), ink=False)
    elif pose.mouth == "grin":
        pen.blob(
            [(x - 0.3, y - 0.04), (x, y + 0.02), (x + 0.3, y - 0.04), (x + 0.18, y + 0.16), (x - 0.18, y + 0.16)], WHITE
        )
    else:
        bend = {"smile": 0.12, "flat": 0.0, "sad": -0.10}[pose.mouth]
        pen.stroke([(x - 0.26, y - bend / 2), (x, y + bend), (x + 0.26, y - bend / 2)], 0.06, shade(LIPS, 0.72))


def _glasses(pen: Pen, face: Face, pose: Pose) -> None:
    (_, left), (_, right) = _eye_places(face, pose)
    y, radius = face.eye_height + 0.03, 0.25
    for x in (left, right):
        ring = [(x + radius * math.cos(math.tau * i / 16), y + radius * math.sin(math.tau * i / 16)) for i in range(17)]
        pen.stroke(ring, 0.055, FRAME)
    pen.stroke([(left + radius, y), ((left + right) / 2, y - 0.05), (right - radius, y)], 0.055, FRAME)
    pen.stroke([(left - radius, y), (-face.width * 0.98, y - 0.08)], 0.05, FRAME)
    pen.stroke([(right + radius, y), (face.width * 0.98, y - 0.08)], 0.05, FRAME)
