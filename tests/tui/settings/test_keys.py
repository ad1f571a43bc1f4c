"""Keys by the ids of their bindings."""

import pytest
from textual.binding import Binding

from tui.app.key_table import bindings, bindings_of, owners, usable


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
