"""The network of a study: whether it is there, what it starts from, what a step of it takes."""

from typing import TYPE_CHECKING

from engine.config.networks import NO_WEIGHTS, is_ours
from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.config.variants import get_variant
from engine.dataset import Dataset
from engine.events.record import StudyRecord
from engine.events.study import NetworkOpened
from engine.runs.event_folder import EventFolder
from engine.study.reporting import Reporter
from engine.study.resuming import require_same_network

if TYPE_CHECKING:
    from engine.training.footprint import Footprint


def _needs_nothing(recipe: Recipe) -> bool:
    return is_ours(recipe.network) and recipe.weights == NO_WEIGHTS


def check_network(recipe: Recipe, record: StudyRecord | None = None) -> None:
    """Refuse a network that is not there before anything is done; one of the user's own must be that of the record.

    Raises:
        InputError: it is not; the message says what to do.
    """
    if _needs_nothing(recipe):
        return
    from engine.models import adopt_network, require_network

    if record is not None and record.network is not None:
        adopt_network(recipe.network, record.network.source_sha256)
    require_network(recipe)


def open_study_network(config: StudyConfig, dataset: Dataset, reporter: Reporter[EventFolder]) -> None:
    """Make sure that the network can be trained on the study's images, and tell what it starts from.

    Raises:
        SimpsonsError: it cannot, or it starts from other weights than the study began with.
    """
    if _needs_nothing(config.recipe):
        return
    from engine.models import open_network

    scale = max(get_variant(name).scale for name in config.variants)
    height, width = config.recipe.image_size
    size = (scale * height, scale * width)
    network = open_network(config.recipe, len(dataset.classes), size, offline=config.offline, tell=reporter.notice)
    require_same_network(reporter.record, network)
    reporter.tell(NetworkOpened(network=network))
    for note in network.notes:
        reporter.notice(f"{network.name}: {note}")


def tell_footprint(step: "Footprint", batch: int, reporter: Reporter[EventFolder]) -> None:
    """What a step on a whole batch takes."""
    reporter.notice(
        f"a step on {batch} images takes about {batch * step.seconds_per_image:.2g} s and "
        f"{step.step_bytes(batch) / 1e9:.1f} GB of memory here"
    )
