"""Records of whole studies, built from confusion matrices, whose verdicts can be worked out by hand."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from engine.config.protocols import Protocol
from engine.config.recipes import RECIPES, Recipe
from engine.config.variants import STUDY_VARIANTS
from engine.dataset.values import STUDY_CLASSES
from engine.events.record import StudyRecord
from engine.events.study import (
    AuditFinished,
    BatchTrained,
    Event,
    JobFinished,
    ProtocolApplied,
    StageStarted,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
)
from engine.finished.claims.file import claims_template
from engine.finished.claims.judge import judge_claims
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.audit import AuditReport
from engine.reports.claims import Finding
from engine.reports.results import (
    DatasetSummary,
    JobResult,
    Prediction,
    ProtocolSummary,
    Seconds,
    Status,
    SuperresWeightsInfo,
)

Matrix = Sequence[Sequence[int]]
FULL = (2246, 1291, 1342, 1354, 1206, 623)
"""Training images of the six characters in the order of `STUDY_CLASSES`: 8,062."""


def diagonal(right: Sequence[int], images: int = 50, cells: Mapping[tuple[int, int], int] | None = None) -> Matrix:
    """`images` of each class; `right` of them recognised, some for the given (true, predicted), the rest spread."""
    size = len(right)
    matrix = [[0] * size for _ in range(size)]
    for label, count in enumerate(right):
        matrix[label][label] = count
        for (true, said), times in (cells or {}).items():
            if true == label:
                matrix[label][said] = times
        taken = {label} | {said for (true, said) in (cells or {}) if true == label}
        free = [said for said in range(size) if said not in taken]
        rest = images - sum(matrix[label])
        for place, said in enumerate(free):
            matrix[label][said] = rest // len(free) + (place < rest % len(free))
    return matrix


def predictions_of(matrix: Matrix, shift: int = 0) -> tuple[Prediction, ...]:
    """An image each; the images of a class are the same whatever was said of them, `shift` turns which are mistaken."""
    found = []
    for label, row in enumerate(matrix):
        said = [predicted for predicted in _own_first(row, label) for _ in range(row[predicted])]
        turned = said[-shift % len(said) :] + said[: -shift % len(said)] if said else said
        for number, predicted in enumerate(turned):
            probabilities = tuple(0.9 if place == predicted else 0.02 for place in range(len(row)))
            found.append(Prediction(f"test/{label}/{number:04}.jpg", label, predicted, probabilities))
    return tuple(found)


def _own_first(row: Sequence[int], label: int) -> list[int]:
    return [label, *(place for place in range(len(row)) if place != label)]


@dataclass(frozen=True)
class Built:
    """What differs from study to study; `record` builds it."""

    matrices: Mapping[str, Matrix | Sequence[Matrix]] = field(default_factory=dict)
    protocol: Protocol = "official"
    classes: tuple[str, ...] = STUDY_CLASSES
    train_counts: tuple[int, ...] = FULL
    recipe: Recipe = RECIPES["paper"]
    seed: int = 0
    losses: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, Seconds] = field(default_factory=dict)
    status: Mapping[str, Status] = field(default_factory=dict)
    cached: Mapping[str, int] = field(default_factory=dict)
    study: str = "s"
    folder: str = ""
    fingerprint: str = "images"
    test_fingerprint: str = "test"
    weights: str = "official"
    leaking: int | None = None
    left_out: int = 0
    predictions: bool = True
    shift: Mapping[str, int] = field(default_factory=dict)
    demo: bool = False
    ended: bool = True
    variants: tuple[str, ...] = STUDY_VARIANTS

    def events(self) -> list[Event]:
        """The stream of the study."""
        runs = {name: _each(matrices) for name, matrices in self.matrices.items()}
        repeats = max((len(each) for each in runs.values()), default=1)
        first = next((each[0] for each in runs.values()), ())
        counts = tuple(map(sum, first)) or (50,) * len(self.classes)
        dataset = DatasetSummary(
            "set",
            "/set",
            "kaggle",
            self.demo,
            self.classes,
            self.train_counts,
            counts,
            900,
            0,
            fingerprint=self.fingerprint,
        )
        events: list[Event] = [
            StudyStarted(
                study=self.study,
                dataset=dataset,
                variants=self.variants,
                protocol=self.protocol,
                recipe=self.recipe,
                seed=self.seed,
                program_version="1",
                folder=self.folder,
                repeats=repeats,
            )
        ]
        if self.leaking is not None:
            none = (0,) * len(self.classes)
            audit = AuditReport(
                "near", self.classes, self.train_counts, counts, none, none, (), (), (), (), (), self.leaking, 0, 0, 0
            )
            events.append(AuditFinished(audit=audit))
        train = sum(self.train_counts) - self.left_out
        events.append(
            ProtocolApplied(
                protocol=ProtocolSummary(
                    self.protocol, "as asked", (train,), (0,), (sum(counts),), self.left_out, 0, self.test_fingerprint
                )
            )
        )
        if "superres" in self.matrices:
            events.append(SuperresWeightsChosen(weights=SuperresWeightsInfo(self.weights, "NinaSR-B0", self.weights)))
        for variant, each in runs.items():
            for number, matrix in enumerate(each):
                events += self._job(variant, self.seed + number, matrix)
        if self.ended:
            events.append(StudyFinished(status="done"))
        return events

    def _job(self, variant: str, seed: int, matrix: Matrix) -> list[Event]:
        losses = self.losses.get(variant, ())
        if losses and not isinstance(losses[0], float):
            losses = losses[seed - self.seed]
        result = JobResult(
            variant,
            seed,
            0,
            self.status.get(variant, "done"),
            "",
            metrics_of_matrix(matrix, self.classes),
            losses[-1] if losses else None,
            5,
            self.seconds.get(variant, Seconds(10, 100, 5)),
            predictions_of(matrix, self.shift.get(variant, 0)) if self.predictions else (),
        )
        return [
            StageStarted(stage="preprocess", total=100, variant=variant, seed=seed, cached=self.cached.get(variant, 0)),
            *(
                BatchTrained(variant=variant, epoch=0, step=step, loss=loss, images=100, seed=seed)
                for step, loss in enumerate(losses)
            ),
            JobFinished(result=result),
        ]

    def record(self, **changes: Any) -> StudyRecord:
        """The study, folded."""
        return StudyRecord.from_events((replace(self, **changes) if changes else self).events())


def _each(matrices: Any) -> list[Matrix]:
    """One matrix, or one a seed."""
    return [matrices] if isinstance(matrices[0][0], int) else list(matrices)


@pytest.fixture
def built() -> type[Built]:
    """Builds records of studies."""
    return Built


@pytest.fixture
def rows() -> Callable[..., Matrix]:
    """Builds confusion matrices."""
    return diagonal


Ask = Callable[..., Finding]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """What becomes of one claim of the shipped file, by its key; `changed` turns words of it into others."""
    head, *claims = claims_template().split("\n[[claim]]\n")

    def asked(
        key: str, record: StudyRecord | None, protocol: str = "official", others: Any = (), **changed: str
    ) -> Finding:
        (claim,) = (claim for claim in claims if f'key = "{key}"' in claim)
        for name, value in changed.items():
            claim, times = re.subn(rf"^{name} = .*$", f"{name} = {value}", claim, flags=re.MULTILINE)
            assert times == 1
        (tmp_path / "one.toml").write_text(f"{head}\n[[claim]]\n{claim}", encoding="utf-8")
        pair = (record, None) if protocol == "official" else (None, record)
        (found,) = judge_claims(*pair, others, tmp_path / "one.toml").claims
        return found.official if protocol == "official" else found.clean

    return asked


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdicts of these tests are far from any limit, so a few draws will do."""
    monkeypatch.setattr("engine.finished.claims.evidence.DRAWS", 200)
