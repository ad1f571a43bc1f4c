"""Sections of a report on what was done: data, recipe and machine, messages, how to do it again."""

import time
from collections.abc import Iterable

from engine import Exported
from engine.config.machine import MachineSettings
from engine.config.networks import OURS_ALONE, is_ours
from engine.config.own_steps import own_steps_in, stored_summary
from engine.config.recipes import Recipe
from engine.config.study_file import study_text
from engine.config.variants import find_variant
from engine.events.record import StudyRecord
from engine.events.study import StudyStarted
from engine.events.study_json import describe_weights
from engine.reports.results import NetworkInfo
from tui.export.blocks import Block, Bullets, Command, Facts, Paragraph, Section, TableBlock
from tui.export.formats import FORMATS
from tui.export.saving import default_name
from tui.looks.formatting import duration
from tui.options.reproduce import as_it_ran, command_line, configuration_of, fits_a_line, own_code_options
from tui.tables.data import TableData, table_of, words
from tui.tables.facts import warnings
from tui.tables.report import data_table

Pairs = tuple[tuple[str, str], ...]


def data(exported: Exported) -> Section | None:
    """What the images are."""
    record = exported.record
    dataset = record.dataset
    if dataset is None:
        return None
    facts = (
        ("name", dataset.name),
        ("location", dataset.location),
        ("layout", dataset.layout),
        ("images with a box", f"{dataset.boxed_train:,} train, {dataset.boxed_test:,} test"),
        *((("fingerprint", dataset.fingerprint),) if dataset.fingerprint else ()),
    )
    blocks: list[Block] = [Facts(facts)]
    if dataset.notes:
        blocks.append(Bullets(dataset.notes))
    blocks.append(TableBlock("Images a class", data_table(dataset, record.audit)))
    if dataset.skipped and record.audit is None:  # the audit lists them itself
        left_out = table_of(((words("file"), one.path), (words("reason"), one.reason)) for one in dataset.skipped)
        blocks.append(TableBlock(f"Files left out ({len(dataset.skipped):,})", left_out, long=True))
    return Section("data", "Data", tuple(blocks))


def training(exported: Exported) -> Section | None:
    """The recipe, the variants and the machine."""
    record = exported.record
    if record.started is None:
        return None
    variants = [(name, _summary(name, record.started)) for name in record.started.variants]
    own = [(step.name, f"{step.origin}, sha256 {step.sha256}") for step in record.started.steps]
    blocks: list[Block] = [
        TableBlock("Variants", _pair_table(variants, "variant", "what is done to the images")),
        *([TableBlock("Steps of your own", _pair_table(own, "step", "source"))] if own else []),
        TableBlock("Recipe", _pair_table(_recipe_facts(record.started.recipe))),
        *((TableBlock("Network", _pair_table(_network_facts(record.network))),) if record.network else ()),
        TableBlock("Machine and program", _pair_table(_machine_facts(record))),
    ]
    return Section("training", "Training", tuple(blocks))


def _summary(variant: str, started: StudyStarted) -> str:
    own, known = own_steps_in([variant], started.steps), find_variant(variant)
    if known is not None and all(step.named for step in own):
        return known.summary
    return stored_summary(variant, own) if own else "not known to this version"


def _pair_table(pairs: Iterable[tuple[str, str]], first: str = "setting", second: str = "value") -> TableData:
    return table_of(((words(first), name), (words(second), value)) for name, value in pairs)


_ONLY_IF_USED = {"weights", "head_share", "head_learning_rate"}
"""Numbers of the recipe that most recipes leave as they are."""


def _recipe_facts(recipe: Recipe) -> Pairs:
    return tuple(
        (name.replace("_", " "), "×".join(map(str, value)) if isinstance(value, tuple) else str(value))
        for name, value in vars(recipe).items()
        if (name not in _ONLY_IF_USED or value != getattr(Recipe, name))
        and (name not in OURS_ALONE or is_ours(recipe.network))
    )


def _network_facts(network: NetworkInfo) -> Pairs:
    def numbers(values: tuple[float, ...]) -> str:
        return ", ".join(f"{value:g}" for value in values)

    return (
        ("network", network.name),
        ("weights to learn", f"{network.parameters:,}"),
        *((("source (SHA-256)", network.source_sha256),) if network.source_sha256 else ()),
        ("begun from", network.weights),
        *((("begun from (SHA-256)", network.weights_sha256),) if network.weights_sha256 else ()),
        ("mean of the colours", numbers(network.mean)),
        ("deviation of the colours", numbers(network.deviation)),
        *(("note", note) for note in network.notes),
    )


def _machine_facts(record: StudyRecord) -> Pairs:
    started, finished = record.started, record.finished
    facts: list[tuple[str, str]] = []
    if record.machine is not None:
        facts += _settings(record.machine)
    if (weights := describe_weights(record.superres_weights)) is not None:
        precision = f", {record.superres_precision}" if record.superres_precision else ""
        facts.append(("super-resolution weights", weights + precision))
    if started is not None:
        facts.append(("simpsons-tui", started.program_version))
        facts.append(("seeds", ", ".join(map(str, started.seeds))))
        facts.append(("folds", str(started.folds)))
        facts.append(("started", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(started.time))))
        if finished is not None:
            facts.append(("took", duration(finished.time - started.time)))
    return tuple(facts)


def _settings(machine: MachineSettings) -> Pairs:
    return (
        ("device", f"{machine.device} ({machine.device_name})"),
        ("threads", str(machine.threads)),
        ("precision", machine.precision),
        ("memory format", "channels last" if machine.channels_last else "contiguous"),
        ("settings", machine.chosen_by),
    )


def messages(exported: Exported) -> Section | None:
    """The engine's messages."""
    record = exported.record
    if not record.notices:
        return None
    blocks: list[Block] = []
    if found := warnings(record):
        items = tuple(f"{entry.variant + ': ' if entry.variant else ''}{entry.message}" for entry in found)
        blocks.append(Bullets(items, "warning"))
    table = table_of(
        ((words("level"), entry.level), (words("variant"), entry.variant), (words("message"), entry.message))
        for entry in record.notices
    )
    blocks.append(TableBlock(f"All messages ({len(record.notices):,})", table, long=True))
    return Section("messages", "Messages", tuple(blocks))


def reproduction(exported: Exported) -> Section | None:
    """What runs the same study again: the command where one line can say it, and a study file."""
    record = exported.record
    config = exported.config or configuration_of(record)
    if config is None:
        return None
    blocks: list[Block] = [Paragraph("The same images, machine, settings and version give the same numbers with")]
    file = default_name(exported, FORMATS["toml"])
    if fits_a_line(config.recipe):
        blocks += [Command(command_line(config, record.machine)), Paragraph(f"or with a study file, {file}:")]
    blocks += [
        Command(study_text(as_it_ran(config, record.machine)).rstrip(), "toml"),
        Command(
            f"simpsons-tui export {exported.study} --format toml && simpsons-tui run --study {file}"
            + own_code_options(config.recipe, config.steps)
        ),
    ]
    if exported.config is None:
        note = "The study's configuration was not found: a sample or a split that was asked for is not in this line."
        blocks.append(Paragraph(note, "warning"))
    if record.finished is not None and record.finished.folder:
        blocks.append(Paragraph(f"Predictions, weights and every event are kept in {record.finished.folder}"))
    return Section("reproduce", "How to repeat it", tuple(blocks))
