import pytest

from engine.errors import InputError
from engine.study.using import find_run


@pytest.fixture
def runs(tmp_path):
    for name in ("20260101-120000-aaaaaa", "20260102-120000-bbbbbb", "20260102-130000-cccccc"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events.jsonl").touch()
    (tmp_path / "20260103-no-run").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", "20260102-130000-cccccc"),
        ("20260101-120000-aaaaaa", "20260101-120000-aaaaaa"),
        ("20260101", "20260101-120000-aaaaaa"),
        ("20260102-12", "20260102-120000-bbbbbb"),
    ],
)
def test_a_run_is_named_by_its_beginning(runs, name, found):
    assert find_run(name, runs) == runs / found


def test_a_path_names_a_run_anywhere(runs, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert find_run(str(elsewhere), runs) == elsewhere


def test_a_name_of_several_or_of_none_is_refused(runs):
    with pytest.raises(InputError, match=r"begins 2 runs.*20260102-120000-bbbbbb, 20260102-130000-cccccc"):
        find_run("20260102", runs)
    with pytest.raises(InputError, match=r"no run '2027'.*newest are.*cccccc"):
        find_run("2027", runs)
    with pytest.raises(InputError, match="start one"):
        find_run("latest", runs / "nowhere")
