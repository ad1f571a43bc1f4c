"""The variants: named lists of pre-processing steps.

A variant is one entry in `VARIANTS`; what each step does stands in `engine.preprocess`.
"""

from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import InputError


@dataclass(frozen=True)
class Variant:
    """An ordered list of step names (keys of the step registry) applied to every image.

    `steps` work from left to right on an RGB image; `scale` is the size of the result relative to the recipe's
    image size.
    """

    name: str
    steps: tuple[str, ...]
    summary: str
    scale: int = 1


def _table(*variants: Variant) -> MappingProxyType[str, Variant]:
    return MappingProxyType({variant.name: variant for variant in variants})


VARIANTS = _table(
    Variant("vanilla", ("resize",), "resized only"),
    Variant("bbox", ("crop", "resize"), "cropped to the character's box, then resized"),
    Variant("denoise", ("resize", "denoise"), "resized, then total-variation denoised (Chambolle)"),
    Variant(
        "superres", ("resize", "superres", "shrink"), "resized, super-resolved x2 (NinaSR-B0), shrunk back by area"
    ),
    Variant(
        "superres-full",
        ("resize", "superres"),
        "resized, super-resolved x2 (NinaSR-B0), kept at twice the size",
        scale=2,
    ),
)

STUDY_VARIANTS = ("vanilla", "bbox", "denoise", "superres")
"""The four variants that the study compares, in its order."""


def get_variant(name: str) -> Variant:
    """Look a variant up by name.

    Raises:
        InputError: there is no variant of that name.
    """
    try:
        return VARIANTS[name]
    except KeyError:
        raise InputError(f"unknown variant {name!r}: choose from {', '.join(VARIANTS)}") from None
