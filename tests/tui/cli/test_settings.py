"""`simpsons-tui settings`."""

import pytest


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "simpsons-tui").mkdir()
    return tmp_path / "simpsons-tui" / "settings.toml"


def test_the_path_alone(command, file):
    assert command("settings", "--path") == (0, f"{file}\n", "")


def test_every_setting_with_its_value(command, file):
    status, out, err = command("settings")
    assert (status, err) == (0, "")
    assert "not there yet" in out
    file.write_text('theme = "nord"\n[charts]\nsmoothing = 0.5\n[keys]\ntraining.pause = "space"\n')
    status, out, err = command("settings")
    assert (status, err) == (0, "")
    assert "nord" in out
    assert "usually 0.93" in out
    assert "keys.training.pause  space" in out


def test_every_binding_by_its_id(command, file):
    file.write_text('[keys]\ntraining.pause = "space"\n')
    status, out, _ = command("settings", "--keys")
    assert status == 0
    (line,) = (line for line in out.splitlines() if line.startswith("training.pause "))
    assert line.split()[1] == "space"
    assert line.endswith("(yours)")
    assert len(out.splitlines()) > 200


def test_what_cannot_be_used_is_told(command, file):
    file.write_text('them = "nord"\n[keys]\ntraining.paus = "space"\n')
    status, out, err = command("settings")
    assert status == 0
    assert "unknown setting 'them': did you mean 'theme'?" in err
    assert "keys.training.paus: no such binding: did you mean 'training.pause'?" in err
    assert "training.paus" not in out
