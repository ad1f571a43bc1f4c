"""The user's own steps as a study stores them: by name, and by the source that declared them.

Their code is run only where the user named that source in this process (`engine.system.own_step_code`), never because
a run folder holds its name. Without it a run can be looked at, but nothing is made of its images.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.config.grammar import JOIN, spell, split_outside
from engine.errors import InputError
from engine.steps.registry import find_step
from engine.steps.spec import Place, StepSpec

_DIGITS = 12


@dataclass(frozen=True)
class OwnStep:
    """A step of the user's own in a study.

    Attributes:
        name: its word in variants' names.
        origin: what `--steps` named: a file, or an installed package's entry point.
        sha256: of the source.
        parameters: names and defaults.
        summary: what it does to an image, as a past participle; "" where the study did not store it.
        place: where it stands: "first", before the resize, or "any".
    """

    name: str
    origin: str
    sha256: str
    parameters: tuple[tuple[str, str], ...] = ()
    summary: str = ""
    place: Place = "any"

    @classmethod
    def of(cls, spec: StepSpec) -> "OwnStep":
        """A registered step as a study stores it."""
        parameters = tuple((parameter.name, spell(parameter.default)) for parameter in spec.parameters)
        return cls(spec.name, spec.origin, spec.source, parameters, spec.summary, spec.place)

    @property
    def named(self) -> bool:
        """Whether this very source was named in this process."""
        spec = find_step(self.name)
        return spec is not None and spec.source == self.sha256

    @property
    def shown(self) -> str:
        """As messages and reports call it."""
        return f"{self.name!r} of {self.origin} (sha256 {self.sha256[:_DIGITS]})"


def steps_in(variant: str) -> tuple[str, ...]:
    """The names of the steps that a variant's name holds, known or not."""
    return tuple(word.partition("(")[0].strip() for word in split_outside(variant, JOIN))


def own_steps_in(variants: Sequence[str], stored: Iterable[OwnStep] = ()) -> tuple[OwnStep, ...]:
    """The user's own steps in these variants: as they are stored, else as they are registered."""
    known = {own.name: own for own in stored}
    found: dict[str, OwnStep] = {}
    for name in dict.fromkeys(name for variant in variants for name in steps_in(variant)):
        spec = find_step(name)
        if name in known:
            found[name] = known[name]
        elif spec is not None and spec.source:
            found[name] = OwnStep.of(spec)
    return tuple(found.values())


def stored_summary(variant: str, stored: Iterable[OwnStep]) -> str:
    """What a variant does to an image, in words, from what its study stores of the user's own steps.

    Other steps are as this process knows them.
    """
    known = {own.name: own for own in stored}
    before, after = list[str](), list[str]()
    for word in split_outside(variant, JOIN):
        name, _, inside = word.partition("(")
        found = known.get(name) or find_step(name)
        given = inside.rstrip(")").replace("=", " ").replace(",", " and ")
        words = ((found and found.summary) or f"step {name}") + (f" with {given}" if given else "")
        (before if found is not None and found.place == "first" else after).append(words)
    return ", ".join([*before, "resized", *after])


def require_named(steps: Iterable[OwnStep], *variants: str) -> None:
    """Refuse to make anything of images where a variant's own steps were not named, or are not what they were.

    Raises:
        InputError: for the first such step; the message says what to write.
    """
    for own in own_steps_in(variants, steps):
        if own.named:
            continue
        spec = find_step(own.name)
        if spec is None:
            raise InputError(
                f"made with the step {own.shown}, which is code of your own and only run where you name it: add "
                f"--steps {shlex.quote(own.origin)}"
            )
        now = f"now {spec.source[:_DIGITS]}" if spec.source else "now one that ships with the program"
        raise InputError(
            f"made with the step {own.shown}, {now}: it has changed since, so bring that source back or start a new "
            "study"
        )
