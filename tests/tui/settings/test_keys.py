"""Keys by the ids of their bindings."""

import ast
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.keys import format_key

import tui
from tui.app.key_table import bindings, bindings_of, owners, usable
from tui.looks.keys import key, use_keys


def test_every_binding_has_an_id_that_is_its_own():
    found = {}
    for owner in owners():
        for binding in vars(owner)["BINDINGS"]:
            assert isinstance(binding, Binding)
            assert binding.id, f"{owner.__name__}: {binding}"
            assert found.setdefault(binding.id, binding) == binding, f"two bindings are called {binding.id}"
            assert binding.tooltip
            assert len(binding.id.split(".")) == 2
    assert found.keys() == bindings().keys()
    assert {"app.quit", "training.pause", "settings.next", "metrics.open"} <= found.keys()


def test_the_programs_own_keys_have_no_conflict_of_one_class():
    for owner in owners():
        keys = [key.key for key in Binding.make_bindings(bindings_of(owner))]
        assert len(keys) == len(set(keys)), owner


def test_other_keys_are_taken():
    assert usable({"training.pause": "space,f2", "training.stop": "ctrl+s", "app.docs": "!"}) == (
        {"training.pause": "space,f2", "training.stop": "ctrl+s", "app.docs": "!"},
        [],
    )


@pytest.mark.parametrize(
    ("keymap", "said"),
    [
        ({"training.paus": "f2"}, "keys.training.paus: no such binding: did you mean 'training.pause'?"),
        ({"trainin.pause": "f2"}, "keys.trainin.pause: no such binding: did you mean 'training'?"),
        ({"training.pause": "spase"}, "keys.training.pause = 'spase': no key 'spase': did you mean 'space'?"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_told(keymap, said):
    good, (problem,) = usable({**keymap, "training.stop": "f5"})
    assert good == {"training.stop": "f5"}
    assert problem.startswith(said)


def test_conflicts_are_told():
    assert usable({"training.pause": "s"})[1] == [
        "keys.training.pause = 's': s is also the key of training.stop (Stop)"
    ]
    assert usable({"training.pause": "s", "training.stop": "p"})[1] == [], "they change places"
    (line,) = usable({"training.pause": "q"})[1]
    assert "app.quit" in line, "keys of everywhere count on every screen"


def test_words_name_keys_that_their_bindings_have():
    """Each `key(name, usual)` of the source: no hint is left behind when a binding changes."""
    named = set()
    for path in Path(tui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "key":
                name, usual = node.args
                names = [name.value] if isinstance(name, ast.Constant) else ["measured.start", "resolution.start"]
                named |= {(one, usual.value) for one in names}
    assert len(named) > 40
    for name, usual in named:
        _, binding = bindings()[name]
        keys = Binding.make_bindings([binding])
        shown = {word for one in keys for word in (one.key, one.key_display, format_key(one.key))}
        assert usual in shown or usual.lower() in shown, name


def test_words_name_the_users_keys():
    try:
        use_keys({"training.pause": "space,f2", "training.stop": "ctrl+s", "training.results": "enter"})
        assert key("training.pause", "p") == "space"
        assert key("training.stop", "s") == "ctrl+s"
        assert key("training.results", "Enter") == "enter"
        assert key("training.resume", "r") == "r"
    finally:
        use_keys({})
