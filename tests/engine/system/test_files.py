import re

import pytest

from engine.system.files import file_name


@pytest.mark.parametrize("name", ["vanilla", "bbox+superres-full", "my_step", "feature-maps-vanilla"])
def test_a_plain_name_is_the_name_of_its_file(name):
    assert file_name(name) == name


def test_other_names_are_short_harmless_and_told_apart():
    names = ["clahe(clip=2)", "clahe(clip=4)", "clahe(clip=-2)", "+".join(["denoise"] * 40), "a/b", "a:b", "", ".."]
    files = [file_name(name) for name in names[:-1]]
    assert files[0].startswith("clahe-clip-2-")
    assert len(set(files)) == len(files)
    assert all(re.fullmatch(r"[A-Za-z0-9_+.-]{1,100}", name) for name in files)
