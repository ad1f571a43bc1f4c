import os
from pathlib import Path

from tui.looks import formatting


def test_a_path_in_the_home_folder_is_written_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert formatting.place(str(tmp_path / "images")) == f"~{os.sep}images"
    assert formatting.place(str(tmp_path)) == "~"
    assert formatting.place(f"{tmp_path}-else") == f"{tmp_path}-else"
