"""A claim as a file states it; each way of comparing is a class of its own (`scores`, `classes`, `checks`)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from engine.finished.claims.evidence import Evidence
from engine.reports.claims import Finding
from engine.statistics.scores import METRICS, Metric

_MOST = 10**9

Words = Annotated[str, Meta(min_length=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=_MOST)]
Number = Annotated[int, Meta(ge=0, le=_MOST)]
Decimals = Annotated[int, Meta(ge=0, le=6)]
Names = Annotated[tuple[Words, ...], Meta(min_length=1)]
Metrics = Annotated[tuple[Metric, ...], Meta(min_length=1, max_length=len(METRICS))]


class PaperClaim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="compare"):
    """One claim of a paper.

    Attributes:
        key, topic, statement, source: see `engine.reports.claims.Claim`.
        variants: those that must have been trained and evaluated to the end; those that the claim names where empty.
        training_images: how many the claim is about; None where it is about any number.
        any_images: whether other images than the paper's say as much of it.
        any_network: whether another recipe than the paper's says as much of it.
    """

    key: Words
    topic: Words
    statement: Words
    source: Words
    variants: tuple[str, ...] = ()
    training_images: Count | None = None
    any_images: bool = False
    any_network: bool = False

    OF_VARIANTS: ClassVar[bool] = True
    """Whether a claim that names no variant is about all of the paper's."""

    def __post_init__(self) -> None:
        for names in (self.named(), tuple(map(str.casefold, self.classes()))):
            if twice := next((name for place, name in enumerate(names) if name in names[:place]), ""):
                raise ValueError(f"{twice!r} is compared with itself")

    def named(self) -> tuple[str, ...]:
        """The variants that it names itself."""
        return _names(self, "variant", "better", "worse", "first", "second", "quick", "slow")

    def classes(self) -> tuple[str, ...]:
        """The classes that it names."""
        return _names(self, "of_class", "true", "predicted", "other", "larger", "smaller")

    def needed(self, paper: Sequence[str]) -> tuple[str, ...]:
        """The variants without which nothing can be said, where those of `paper` are compared; in its order."""
        names = dict.fromkeys((*self.variants, *self.named())) or (paper if self.OF_VARIANTS else ())
        return tuple(sorted(names, key=lambda name: paper.index(name) if name in paper else len(paper)))

    def find(self, evidence: Evidence) -> Finding:
        """Our figure and what it says of the claim; the needed variants and the named classes are there."""
        raise NotImplementedError


def _names(claim: PaperClaim, *keys: str) -> tuple[str, ...]:
    values = [value for key in keys if (value := getattr(claim, key, ""))]
    return tuple(name for value in values for name in ([value] if isinstance(value, str) else value))
