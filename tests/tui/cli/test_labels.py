"""`--labels` on the command line: what the study is asked for, and the whole way with the real engine."""

import json
from pathlib import Path

import pytest
from PIL import Image

from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.options.reproduce import command_line


@pytest.fixture
def pictures(tmp_path):
    """Twelve pictures in one folder; patient p2 has pictures in both parts."""
    root = tmp_path / "pictures"
    (root / "img").mkdir(parents=True)
    rows = ["file;label;split;patient"]
    for n in range(12):
        Image.effect_noise((24, 18), 40 + n).convert("RGB").save(root / "img" / f"{n}.png")
        rows.append(f"img/{n}.png;{n % 2};{'test' if n >= 7 else 'train'};p{n // 3}")
    (root / "labels.csv").write_text("\n".join(rows))
    (root / "mine.csv").write_text("\n".join(rows).replace("label", "kind", 1))
    return root


def test_an_audit_by_a_label_file(command, pictures, tmp_path):
    status, out, err = command("audit", "--labels", pictures / "labels.csv", "--cache-dir", tmp_path / "cache")
    assert status == 0, err
    lines = out.splitlines()
    assert lines[0].endswith("pictures: 7 training and 5 test images")
    assert "- 2 of 5 test images (40.0 %) share a patient with training images" in lines
    assert "- labels.csv: file names the images, label the class, split the part, patient the group" in lines
    assert "- 4 groups given (patient)" in lines
    assert "Copies: no copies were found; 4 groups of several images by patient" in lines


def test_a_run_by_a_label_file(command, pictures, tmp_path):
    folders = ("--cache-dir", tmp_path / "cache", "--runs-dir", tmp_path / "runs")
    status, out, err = command(
        *("run", "--data", pictures, "--labels", "mine.csv", "--label-column", "kind", "--protocol", "clean"),
        *("--variants", "vanilla", "--recipe", "quick", "--epochs", "1", "--image-size", "12x16", "--json", *folders),
    )
    assert status == 0, err
    study = json.loads(out)
    assert (study["dataset"]["layout"], study["dataset"]["classes"]) == ("labels", ["0", "1"])
    assert study["audit"]["group_leaking_test"] == 2
    assert study["protocol"]["left_out"] == 1


def test_the_folder_of_the_label_file_is_the_data(command, studies, pictures):
    command("run", "--labels", pictures / "labels.csv", "--group-column", "patient")
    (config,) = studies
    assert (config.data, config.labels, config.group_column) == (pictures, Path("labels.csv"), "patient")
    assert config.recipe.name == StudyConfig().recipe.name


def test_a_label_file_is_from_the_data_on_where_it_lies_in_it(command, studies, pictures, tmp_path, monkeypatch):
    beside = tmp_path / "beside.csv"
    beside.write_text("x")
    monkeypatch.chdir(tmp_path)
    for given, kept in (("labels.csv", "labels.csv"), ("pictures/labels.csv", "labels.csv"), ("beside.csv", beside)):
        command("run", "--data", "pictures", "--labels", given)
        assert studies.pop().labels == Path(kept)
    command("run", "--data", "beside.csv", "--labels", "in/it.csv")  # inside an archive, as far as the words go
    assert studies.pop().labels == Path("in/it.csv")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": Path("x.csv")}, "--labels x.csv: name the data too"),
        ({"data": Path("d"), "labels": Path("x.csv"), "train": Path("t")}, "--labels and --train: give one of them"),
    ],
)
def test_what_makes_no_sense_together(options, said):
    with pytest.raises(InputError, match=said):
        StudyConfig(**options)


def test_the_command_that_repeats_a_study_names_the_label_file():
    config = StudyConfig(data=Path("d"), labels=Path("l.csv"), path_column="p", label_column="k", group_column="g")
    words = command_line(config)
    assert "--labels l.csv --path-column p --label-column k --group-column g" in words


def test_a_bad_label_file_is_one_line(command, pictures, tmp_path):
    (pictures / "bad.csv").write_text("path,label\nimg/0.png,a\nimg/0.png,b\n")
    status, out, err = command("audit", pictures, "--labels", "bad.csv", "--cache-dir", tmp_path / "cache")
    assert (status, out) == (2, "")
    assert "bad.csv:3: img/0.png has the label 'b' here and 'a' in bad.csv:2: mend one of them" in err
    assert len(err.splitlines()) == 1
