"""What must be unchanged for a study to be resumed: otherwise old and new results would not belong together."""

from dataclasses import replace

from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.errors import InputError, require
from engine.events.record import StudyRecord
from engine.reports.results import NetworkInfo, ProtocolSummary, SuperresWeightsInfo


def require_same_data(record: StudyRecord, fingerprint: str) -> None:
    """Refuse other images than the study began with.

    Raises:
        InputError: they are others.
    """
    before = record.dataset.fingerprint if record.dataset else ""
    require(
        before in ("", fingerprint),
        "the images are not those that the study began with (files were added, removed or changed): "
        "bring them back, or start a new study",
    )


def require_same_division(record: StudyRecord, protocol: ProtocolSummary) -> None:
    """Refuse to test on other images than the variants that are done.

    Raises:
        InputError: the protocol now divides the images in another way, as a newer version may.
    """
    same = record.protocol is None or record.protocol.test_fingerprint == protocol.test_fingerprint
    require(same, "the test images are not those that the study began with: start a new study")


def require_same_weights(record: StudyRecord, weights: SuperresWeightsInfo) -> None:
    """Refuse other super-resolution weights than the study began with.

    Raises:
        InputError: they are others.
    """
    before = record.superres_weights
    if before is not None and before.sha256 != weights.sha256:
        raise InputError(
            f"the super-resolution weights are not those that the study began with ({before.description}, sha256 "
            f"{before.sha256[:12]}): give those, or start a new study"
        )


def require_same_network(record: StudyRecord, network: NetworkInfo) -> None:
    """Refuse to go on from other weights than the study began with; its own file is compared where it is opened.

    Raises:
        InputError: they are others.
    """
    before = record.network
    if before is not None and before.weights_sha256 != network.weights_sha256:
        raise InputError(
            f"the weights {network.weights_file} are not those that the study began with ({before.weights}, sha256 "
            f"{before.weights_sha256[:12]}): bring those back, or start a new study"
        )


def as_computed_before(config: StudyConfig, machine: MachineSettings) -> StudyConfig:
    """The same study with nothing left to choose of how to compute: another way would change the last digits."""
    return replace(
        config,
        device=machine.device,
        precision=machine.precision,
        memory_format="channels_last" if machine.channels_last else "contiguous",
        threads=machine.threads,
    )
