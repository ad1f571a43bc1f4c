"""Two workers of one thread against one process of two, and of one: a whole study each, on a cache without pixels.

    python tests/benchmarks/two_workers.py [--rounds 3] [--epochs 3] [--size 96x128]

The paper's recipe and four variants on the demo set. Prints seconds of every round; wants two cores for itself.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.config.execution import Execution
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.study.running import run_study, warm_up
from tui.options.values import image_size

WAYS = {"1 process, 2 threads": (1, 2), "2 workers, 1 thread each": (2, 1), "1 process, 1 thread": (1, 1)}


def main() -> None:
    """Measure the ways in turn, so that a busy moment hits all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--size", type=image_size, default=(96, 128))
    options = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        fields = {**vars(RECIPES["paper"]), "image_size": options.size, "epochs": options.epochs}
        recipe = type(RECIPES["paper"])(**fields)
        for number in range(options.rounds):
            for words, (workers, threads) in WAYS.items():
                config = StudyConfig(
                    recipe=recipe,
                    execution=Execution(workers=workers),
                    threads=threads,
                    precision="fp32",
                    memory_format="channels_last",
                    device="cpu",
                    offline=True,
                    cache_dir=work / "cache",
                    runs_dir=work / "runs",
                )
                shutil.rmtree(work / "cache" / "pixels", ignore_errors=True)
                began = time.perf_counter()
                record = run_study(config)
                assert record.finished is not None
                assert record.finished.status == "done"
                print(f"round {number + 1}: {words}: {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
