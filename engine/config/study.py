"""Configuration of a study."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.config.execution import IN_PROCESS, Execution
from engine.config.own_steps import OwnStep, own_steps_in, require_named, steps_in
from engine.config.protocols import DIVIDES_TRAINING_IMAGES, PROTOCOLS, Closeness, Protocol
from engine.config.recipes import _PAPER, Recipe
from engine.config.trackers import TRACKERS, TrackerName
from engine.config.variants import STUDY_VARIANTS, get_variant, same_pipeline
from engine.errors import require

MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class StudyConfig:
    """One study: what to train on what, and how.

    Attributes:
        data: folder or archive with images; None for the drawn demo set.
        train, test, val: the folders of these images, from `data` on or inside the archive, or paths of their own; None
            leaves it to what `data` is recognised to hold.
        labels: a CSV or JSON-lines file of paths and labels, from `data` on or inside the archive, or a path of its
            own; None for one that `data` holds where folders give no classes (see `engine.dataset.labelled`).
        path_column, label_column, group_column: its columns; None for those with usual names.
        classes: class folders to use, in order; None for the layout's default.
        sample: size of a seeded, stratified part of the training images; None for all.
        test_fraction: share of each class set aside where the data has no test images of its own.
        variants: what to compare, in the order that they run (see `engine.config.variants`).
        steps: the user's own steps in them, which are filled in; in a study that was stored, as they were then.
        recipe: how a network is built and trained.
        protocol: which images train and which test (see `PROTOCOLS`).
        folds: parts of a cross-validation, each the test set once; 1 takes one part of `test_fraction`.
        validation_fraction: share of the training images that is kept out of training to follow the accuracy, near
            copies together; 0 for none; None for the validation images that the data gives, if any.
        closeness: what the audit counts as copies ("scene" also groups frames of one shot, see `engine.reports.audit`).
        seed: seeds the split, the sample, the initial weights, the shuffling and the dropout.
        budget_minutes: minutes that each network may take, pre-processing included; None for the recipe's epochs. A
            study that has begun has the epochs that it found to fit in its recipe.
        repeats: how many seeds are trained, from `seed` on; the split and the sample stay those of `seed`.
        device, precision, memory_format, threads: what computes, and how; "auto"/None lets the program choose.
        superres_weights: weights file for NinaSR-B0 x2; None for the official or the shipped ones.
        offline: never touch the network.
        recheck: read every image again, whatever is remembered of it; a run does not keep this.
        execution: where the jobs run, and how many at once.
        log: trackers that are written while it trains (see `engine.config.trackers`).
        cache_dir, runs_dir: folders of ours; None for the user's (see `engine.system.locations`).
    """

    data: Path | None = None
    train: Path | None = None
    test: Path | None = None
    val: Path | None = None
    labels: Path | None = None
    path_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    classes: tuple[str, ...] | None = None
    sample: int | None = None
    test_fraction: float = 0.2
    variants: tuple[str, ...] = STUDY_VARIANTS
    steps: tuple[OwnStep, ...] = ()
    recipe: Recipe = _PAPER
    protocol: Protocol = "official"
    folds: int = 1
    validation_fraction: float | None = None
    closeness: Closeness = "near"
    seed: int = 0
    repeats: int = 1
    budget_minutes: float | None = None
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    memory_format: Literal["auto", "channels_last", "contiguous"] = "auto"
    threads: int | None = None
    superres_weights: Path | None = None
    offline: bool = False
    recheck: bool = False
    execution: Execution = IN_PROCESS
    log: tuple[TrackerName, ...] = ()
    cache_dir: Path | None = None
    runs_dir: Path | None = None

    def __post_init__(self) -> None:
        for name in ("data", "train", "test", "val", "labels", "superres_weights", "cache_dir", "runs_dir"):
            if isinstance(path := getattr(self, name), str):
                object.__setattr__(self, name, Path(path))
        self._require_parts()
        self._require_variants()
        self._require_protocol()
        most = MAX_SEED - self.repeats + 1
        share = f"--test-fraction {self.test_fraction:g}: give a share between 0 and 1"
        require(0 < self.test_fraction < 1, share)
        require(self.sample is None or self.sample >= 1, f"--sample {self.sample}: take at least 1 image")
        require(self.threads is None or self.threads >= 1, f"--threads {self.threads}: at least 1")
        for name in self.log:
            require(name in TRACKERS, f"--log {name}: choose from {', '.join(TRACKERS)}")
        require(self.repeats >= 1, f"--repeats {self.repeats}: at least 1")
        if self.budget_minutes is not None:
            require(0 < self.budget_minutes < math.inf, f"--budget {self.budget_minutes:g}: give minutes above 0")
        require(0 <= self.seed <= most, f"--seed {self.seed}: give a whole number from 0 to {most}")

    def _require_parts(self) -> None:
        parts = self.test is not None or self.val is not None
        require(self.train is not None or not parts, "--test and --val: name the training images too, with --train")
        require(self.train is None or self.data is not None, f"--train {self.train}: name the data too")
        require(self.labels is None or self.data is not None, f"--labels {self.labels}: name the data too")
        both = self.labels is not None and self.train is not None
        require(not both, "--labels and --train: give one of them; a column split says what trains and what tests")
        both = self.val is not None and self.validation_fraction is not None
        require(not both, "--val and --validation: give one of them")

    def _require_variants(self) -> None:
        require(bool(self.variants), "no variant chosen: name at least one with --variants")
        object.__setattr__(self, "steps", own_steps_in(self.variants, self.steps))
        names = tuple(map(self._spelling, self.variants))
        object.__setattr__(self, "variants", names)
        require(len(set(names)) == len(names), f"--variants {','.join(names)}: each variant once")
        if same := same_pipeline(names, self.recipe):
            require(False, f"--variants: {same[0]} and {same[1]} do the same to every image: name one of them")

    def _spelling(self, name: str) -> str:
        """A variant's one spelling; that of a stored study whose own steps are not at hand stays as it is."""
        missing = {own.name for own in self.steps if not own.named}
        return name if missing & {*steps_in(name)} else get_variant(name).name

    def require_steps(self, *variants: str) -> None:
        """Refuse to work where the user's own steps were not named, or are others now; those of all variants or some.

        Raises:
            InputError: for the first such step.
        """
        require_named(self.steps, *(variants or self.variants))

    def _require_protocol(self) -> None:
        folds, share = self.folds, self.validation_fraction
        known = f"unknown protocol {self.protocol!r}: choose from {', '.join(PROTOCOLS)}"
        require(self.protocol in PROTOCOLS, known)
        require(folds >= 1, f"--folds {folds}: at least 1")
        divides = folds == 1 or self.protocol in DIVIDES_TRAINING_IMAGES
        require(divides, f"--folds {folds}: only --protocol grouped and boxed divide into folds")
        require(share is None or 0 <= share < 1, f"--validation {share}: give a share from 0 to below 1")

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are trained."""
        return tuple(range(self.seed, self.seed + self.repeats))

    @property
    def jobs(self) -> int:
        """How many networks are trained."""
        return len(self.variants) * self.repeats * self.folds
