"""A configuration that is written as a study file and read again is the same."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.config.recipes import RECIPES, Recipe
from engine.config.study import StudyConfig
from engine.config.study_file import NOT_THE_STUDYS, read_study, save_study
from engine.errors import InputError

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20)
SUBSETS = ("vanilla", "clahe", "hsv", "clahe+hsv")
KNOWN = {
    "variants": st.lists(
        st.sampled_from(["vanilla", "bbox+clahe(clip=4)", "clahe", "hsv", "clahe+hsv", "hsv+clahe", "superres-full"]),
        min_size=1,
        unique=True,
    ).map(tuple)
    | st.sampled_from(
        [("vanilla", "clahe", "hsv", "clahe+hsv"), ("vanilla", "clahe", "hsv", "clahe+hsv", "hsv+clahe")]
    ),
    "classes": st.none() | st.lists(TEXTS, min_size=1).map(tuple),
    "data": st.none() | TEXTS.map(lambda text: Path("/images") / f"x{text}".replace("/", "_")),
    "superres_weights": st.none() | st.just(Path("/weights.pt")),
}
PATHS = st.none() | TEXTS.map(lambda text: Path(f"x{text}".replace("/", "_")))


def values(name, hint):
    """Values of a field by its type; those that no study can have are sorted out by the class itself."""
    if name in KNOWN:
        return KNOWN[name]
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    kinds = {
        int: st.integers(0, 40),
        float: st.floats(0, 2, exclude_max=True),
        bool: st.booleans(),
        str: st.just(None),
        Path: PATHS,
        type(None): st.none(),
    }
    if hint in kinds:
        return kinds[hint]
    if get_origin(hint) is tuple:
        return st.tuples(st.integers(64, 90), st.integers(64, 90))
    return st.one_of(*(values(name, part) for part in get_args(hint)))


@st.composite
def made(draw, kind, given=None):
    """One of our dataclasses with some fields that are not as usual."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.name not in {*NOT_THE_STUDYS, "recipe", "name"}]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=6))
    changes = {name: draw(values(name, hints[name])) for name in chosen}
    try:
        return replace(given, **{name: value for name, value in changes.items() if value is not None})
    except InputError:
        assume(False)


@st.composite
def configs(draw):
    name = draw(st.sampled_from([*RECIPES, "mine"]))
    recipe = draw(made(Recipe, RECIPES.get(name, Recipe(name, image_size=(80, 64)))))
    try:
        return draw(made(StudyConfig, StudyConfig(recipe=recipe)))
    except InputError:
        assume(False)


@given(configs())
def test_a_study_that_is_written_is_read_the_same(tmp_path_factory, config):
    file = tmp_path_factory.mktemp("study") / "my.toml"
    save_study(config, file)
    (found,) = read_study(str(file))
    assert StudyConfig(**found) == config
