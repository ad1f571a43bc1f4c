"""Small windows of the set-up: the recipe's numbers, and the path of the data."""

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.looks.keys import bind
from tui.screens.path import CLOSE, PathScreen, leaving

FIELDS = ("epochs", "minutes", "batch size", "learning rate", "image size", "seed", "seeds", "folds", "validation")


_GIVEN = "given"
"""Stands for the validation images that the data gives, if any."""


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{name}: {text!r} is no whole number") from None


def _decimal(name: str, text: str, example: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{name}: {text!r} is no number; give one such as {example}") from None


def _share(text: str) -> float | None:
    return None if text == _GIVEN else _decimal("validation", text, f"0.1, or {_GIVEN} for the data's own images")


def _image_size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().replace("×", "x").partition("x")
    try:
        return int(height), int(width)
    except ValueError:
        raise InputError(f"image size: {text!r}; give height x width, such as 255x342") from None


def apply_fields(config: StudyConfig, fields: dict[str, str]) -> StudyConfig:
    """The configuration with the numbers that were typed.

    Raises:
        InputError: one of them can't be used; the message says which.
    """
    minutes = _decimal("minutes", fields["minutes"], "20, or 0 for the epochs above")
    recipe = replace(
        config.recipe,
        epochs=_number("epochs", fields["epochs"]),
        batch_size=_number("batch size", fields["batch size"]),
        learning_rate=_decimal("learning rate", fields["learning rate"], "0.001"),
        image_size=_image_size(fields["image size"]),
    )
    return replace(
        config,
        recipe=recipe,
        seed=_number("seed", fields["seed"]),
        repeats=_number("seeds", fields["seeds"]),
        folds=_number("folds", fields["folds"]),
        budget_minutes=minutes or None,
        validation_fraction=_share(fields["validation"]),
    )


class OptionsScreen(ModalScreen[StudyConfig | None]):
    """The recipe's numbers and the study's; Enter takes them, Escape leaves them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        CLOSE,
        bind("options.next", "down", "app.focus_next", "Next", "The next number", show=False),
        bind("options.previous", "up", "app.focus_previous", "Previous", "The number before", show=False),
    ]

    def __init__(self, config: StudyConfig) -> None:
        super().__init__()
        self._config = config

    def compose(self) -> ComposeResult:
        """A line a number."""
        config, recipe = self._config, self._config.recipe
        height, width = recipe.image_size
        values = (
            recipe.epochs,
            f"{config.budget_minutes or 0:g}",
            recipe.batch_size,
            f"{recipe.learning_rate:g}",
            f"{height}x{width}",
            config.seed,
            config.repeats,
            config.folds,
            _GIVEN if config.validation_fraction is None else f"{config.validation_fraction:g}",
        )
        with Vertical(classes="dialog") as box:
            box.border_title = f"recipe {recipe.name}, protocol {config.protocol}"
            box.border_subtitle = leaving("use")
            yield Label("minutes: what a network may take, instead of epochs; 0 for none", classes="field-note")
            for name, value in zip(FIELDS, values, strict=True):
                with Horizontal(classes="field"):
                    yield Label(name, classes="field-name")
                    field = Input(str(value), id=name.replace(" ", "-"), compact=True, select_on_focus=True)
                    field.cursor_blink = False
                    yield field
            yield Static(id="complaint")

    @on(Input.Changed)
    def _check(self) -> None:
        self._read()

    def _read(self) -> StudyConfig | None:
        fields = {name: self.query_one("#" + name.replace(" ", "-"), Input).value.strip() for name in FIELDS}
        complaint = self.query_one("#complaint", Static)
        try:
            config = apply_fields(self._config, fields)
        except InputError as error:
            complaint.update(str(error))
            return None
        complaint.update("")
        return config

    @on(Input.Submitted)
    def _take(self) -> None:
        config = self._read()
        if config is not None and self.is_current:  # Enter pressed twice is handled twice
            self.dismiss(config)


class DataScreen(PathScreen):
    """A path; empty for the demo set."""

    HEADING, VERB = "data set", "read"
    QUESTION, EMPTY = "Folder or archive with images; empty for the demo set", "the demo set"
    REQUIRED = False
