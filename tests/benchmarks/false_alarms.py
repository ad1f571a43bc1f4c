"""How often the statistics of pipelines find something where nothing is, and how often their intervals hold the truth.

    python tests/benchmarks/false_alarms.py [--studies N] [--pictures N]

Simulates studies of 65 pipelines whose networks differ by chance alone. A Markdown line a table of the analysis and
number of seeds: the share of studies with at least one significant entry (family-wise error), its exact 95 % interval,
and the share of intervals that hold 0. Takes about five minutes with 1,000 studies on one core.
"""

import argparse
import sys
from collections import defaultdict

import numpy as np

from engine.statistics.pipelines import analyse_outcomes
from tests.engine.statistics.simulated import clopper_pearson, simulate

SETTINGS = (
    ("1 seed, networks alike but for noise", {"seeds": 1, "luck": 0.0, "seed_luck": 0.0}),
    ("1 seed, pictures in 3 copies", {"seeds": 1, "luck": 0.0, "seed_luck": 0.0, "copies": 3}),
    ("2 seeds", {"seeds": 2}),
    ("2 seeds, much luck", {"seeds": 2, "luck": 0.2, "seed_luck": 0.2}),
    ("3 seeds, pictures in 3 copies", {"seeds": 3, "copies": 3}),
    ("5 seeds", {"seeds": 5}),
    ("5 seeds, much luck", {"seeds": 5, "luck": 0.2}),
)


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--pictures", type=int, default=200)
    arguments = parser.parse_args()
    print("| studies | table | family-wise error | 95 % interval | intervals that hold 0 |\n|---|---|---|---|---|")
    for words, setting in SETTINGS:
        alarms: dict[str, int] = defaultdict(int)
        held: dict[str, list[float]] = defaultdict(list)
        random = np.random.default_rng(1)
        for study in range(arguments.studies):
            found = analyse_outcomes(simulate(random, pictures=arguments.pictures, **setting), ("a", "b"), seed=study)
            assert found is not None
            tables = {
                "gains": [entry.gain for entry in found.gains],
                "effects": [entry.effect for entry in found.effects],
                "mirror pairs": [entry.difference for entry in found.mirrors],
                "ROC areas": [entry.area_gain for entry in found.two_class if entry.area_gain],
            }
            for table, tests in tables.items():
                alarms[table] += any(test.significant for test in tests)
                held[table].append(np.mean([test.interval.low <= 0 <= test.interval.high for test in tests]))
            shares = [p for one in found.shares for p in (one.adjusted_order_p, one.adjusted_selection_p)]
            alarms["order and selection"] += any(p is not None and p < 0.05 for p in shares)
        for table, count in alarms.items():
            low, high = clopper_pearson(count, arguments.studies)
            inside = f"{np.mean(held[table]):.3f}" if table in held else ""
            print(f"| {words} | {table} | {count / arguments.studies:.3f} | [{low:.3f}, {high:.3f}] | {inside} |")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
