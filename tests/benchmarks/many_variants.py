"""What the statistics of a study of 65 pipelines cost: seconds of CPU time, memory, bytes in the stream of events.

python tests/benchmarks/many_variants.py [--seeds N] [--images N]
"""

import argparse
import resource
import sys
import time

import numpy as np

from engine.evaluation import compute_metrics
from engine.events.codec import event_to_line
from engine.events.study import PipelinesAnalysed, StatisticsComputed
from engine.reports.results import JobResult, Prediction, Seconds
from engine.statistics import analyse_pipelines, compute_statistics
from engine.statistics.outcomes import Outcomes
from tests.engine.statistics.simulated import simulate

CLASSES = ("a", "b")


def main() -> int:
    """Simulate a study, compute its statistics, print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, default=2000)
    arguments = parser.parse_args()
    said = simulate(np.random.default_rng(0), seeds=arguments.seeds, pictures=arguments.images)
    jobs = [_job(entry, seed) for seed in range(arguments.seeds) for entry in said]
    variants = tuple(entry.variant for entry in said)
    print(f"{len(variants)} variants, {arguments.seeds} seeds, {arguments.images} images; {_memory()} MiB before")
    start = time.process_time()
    statistics = compute_statistics(variants, jobs, {}, 2)
    print(f"intervals and {len(statistics.comparisons)} comparisons: {time.process_time() - start:.1f} s")
    start = time.process_time()
    analysis = analyse_pipelines(variants, jobs, {}, CLASSES)
    assert analysis is not None
    print(f"analysis of pipelines: {time.process_time() - start:.1f} s; {_memory()} MiB at most")
    for event in (StatisticsComputed(statistics=statistics), PipelinesAnalysed(analysis=analysis)):
        print(f"{type(event).__name__}: {len(event_to_line(event)):,} bytes")
    return 0


def _job(said: Outcomes, seed: int) -> JobResult:
    rows = zip(said.items, said.predicted[seed].tolist(), said.confidence[seed].tolist(), strict=True)
    predictions = tuple(
        Prediction(path, label, predicted, (sure, 1 - sure) if predicted == 0 else (1 - sure, sure))
        for (_, path, label), predicted, sure in rows
    )
    metrics = compute_metrics(said.labels, said.predicted[seed], CLASSES)
    return JobResult(said.variant, seed, 0, "done", "", metrics, 0.5, 5, Seconds(), predictions)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
