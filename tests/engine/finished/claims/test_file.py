"""The shipped file of claims, and files of other papers: what they can say, and what is told of a faulty one."""

import json
from dataclasses import replace

import pytest

from engine.config.variants import STUDY_VARIANTS
from engine.dataset.values import STUDY_CLASSES
from engine.errors import InputError
from engine.finished.claims.file import claims_template, load_claims
from engine.finished.claims.judge import judge_claims

HEAD = 'variants = ["vanilla", "bbox"]\n'
EQUALS = """
[[claim]]
key = "best"
topic = "Scores"
statement = "vanilla reaches 0.80"
source = "Table 2"
compare = "equals"
variant = "vanilla"
metric = "accuracy"
number = 0.80
"""


@pytest.fixture
def claims_file(tmp_path):
    """Writes a file and returns where."""

    def write(text):
        path = tmp_path / "my.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def claim(compare, **keys):
    """A claim of the file; its key is the way it is compared."""
    lines = {"key": compare, "topic": "t", "statement": "s", "source": "Table 1", "compare": compare, **keys}
    return "[[claim]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())


# ---------------------------------------------------------------- the shipped file


def test_the_shipped_claims_are_complete():
    paper = load_claims()
    assert (paper.classes, paper.variants, paper.recipe) == (STUDY_CLASSES, STUDY_VARIANTS, "paper")
    keys, topics = [claim.key for claim in paper.claims], [claim.topic for claim in paper.claims]
    assert len(keys) == len(set(keys)) == 31
    runs = [topic for place, topic in enumerate(topics) if place == 0 or topics[place - 1] != topic]
    assert len(set(runs)) == len(runs)
    sections = ("Pre-Processing", "Modelling", "Results & Interpretation")
    assert all(claim.source.startswith(sections) for claim in paper.claims)


def test_every_way_to_compare_is_explained_at_the_top_of_the_shipped_file():
    from engine.finished.claims import checks, classes, scores

    head, _, body = claims_template().partition('\nname = "the paper"')
    for kind in (*scores.KINDS, *classes.KINDS, *checks.KINDS):
        (line,) = (
            line for line in head.splitlines() if kind.__struct_config__.tag in line.replace(",", "").split()[1:3]
        )
        keys = set(kind.__struct_encode_fields__) - set(load_claims().claims[0].__struct_encode_fields__)
        assert all(key in line for key in keys - {"larger", "smaller", "ratio"}), (line, keys)
    assert body.count("\n[[claim]]\n") == 31


# ---------------------------------------------------------------- the file of another paper


def test_claims_of_other_classes_and_variants(claims_file, built, rows):
    classes = ("cat", "dog", "Emu")
    matrices = {
        "vanilla": rows((40, 40, 20), cells={(2, 0): 25}),
        "bbox+denoise": rows((20, 20, 40), cells={(2, 0): 8}),
    }
    record = built(matrices, classes=classes, train_counts=(9, 9, 9), variants=tuple(matrices), demo=True).record()
    text = 'name = "Smith 2024"\nvariants = ["vanilla", "bbox+denoise"]\n' + "".join(
        (
            EQUALS,
            claim("above", variant="vanilla", metric="recall", number=0.5, **{"class": "emu"}),
            claim("below", variant="bbox+denoise", metric="f1", number=0.9),
            claim("order", better=["vanilla"], worse=["bbox+denoise"], metrics=["recall", "accuracy"]),
            claim("similar", first="vanilla", second="bbox+denoise", metric="f1", within=0.5),
            claim("recognised", place="least", variants=["vanilla"], **{"class": "emu"}),
            claim("commonest-confusion", true="emu", predicted="cat", variants=["vanilla"]),
            claim("confuses-more", variant="vanilla", true="emu", predicted="cat", other="dog", counts=[5, 5]),
            claim("confuses", true="emu", predicted="yak"),
            claim("highest-loss", variant="denoise"),
        )
    )
    report = judge_claims(record, None, (), claims_file(text))
    assert not report.other_images
    assert report.remarks == ("official (s): one seed (0); intervals tell of the images, not of other seeds",)
    found = {claim.key: claim.official for claim in report.claims}
    assert found["best"].figure.startswith("0.667 [")
    assert {key: finding.verdict for key, finding in found.items()} == {
        "best": "does not hold",
        "above": "can't be told",
        "below": "holds",
        "order": "holds",
        "similar": "holds",
        "recognised": "holds",
        "commonest-confusion": "holds",
        "confuses-more": "holds",
        "confuses": "can't be told",
        "highest-loss": "can't be told",
    }
    assert found["above"].figure.startswith("0.400 [")
    assert found["confuses-more"].reason.endswith("Smith 2024's own 5 and 5 have p 1.000")
    assert found["confuses"].reason == "there is no class yak"
    assert found["highest-loss"].reason == "denoise was not run to the end"


def test_the_setting_of_another_paper_is_held_against_the_run(claims_file, built, rows):
    record = built({"vanilla": rows((40,) * 6)}, recipe=replace(built().recipe, epochs=9)).record()
    head = f'name = "Smith"\ntraining_images = 20000\n{HEAD}'
    (found,) = judge_claims(record, None, (), claims_file(head + EQUALS)).claims
    assert found.official.reason == "0.80 lies in [0.751 0.841] (trained on a part of the data: 8,062 of 20,000 images)"
    head += 'recipe = "paper"\n'
    (found,) = judge_claims(record, None, (), claims_file(head + EQUALS)).claims
    assert found.official.reason == "another recipe than Smith's (epochs differ)"
    head += 'classes = ["a", "b"]\n'
    report = judge_claims(record, None, (), claims_file(head + EQUALS))
    assert report.claims[0].official.reason == "other images than Smith's: other classes"
    assert report.other_images


def test_classes_are_found_however_they_are_written(claims_file):
    text = 'classes = ["Cat", "dog"]\n' + HEAD + claim("confuses", true="cat", predicted="DOG")
    assert load_claims(claims_file(text)).claims[0].classes() == ("cat", "DOG")


# ---------------------------------------------------------------- faulty files


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("variants = = 1", "not a TOML file: .*line 1"),
        (HEAD, r"there is no claim in it: write each below a line \[\[claim\]\]"),
        (EQUALS, "variants is missing"),
        ('variants = ["vanila"]' + EQUALS, "variant: unknown variant 'vanila': did you mean 'vanilla'?"),
        ('recipe = "papr"\n' + HEAD + EQUALS, "recipe: 'papr' is not known; did you mean 'paper'?"),
        ("claims = 5\n" + HEAD + EQUALS, "unknown key 'claims'"),
        ("variants = 5\n" + EQUALS, "variants: expected a list, got a whole number"),
        (HEAD + EQUALS.replace("metric", "metrik"), "claim best: unknown key 'metrik'; did you mean 'metric'?"),
        (HEAD + EQUALS.replace('"accuracy"', '"acuracy"'), "claim best: metric: 'acuracy' .*did you mean 'accuracy'?"),
        (HEAD + EQUALS.replace('"equals"', '"equal"'), "claim best: compare: 'equal' .*did you mean 'equals'?"),
        (HEAD + EQUALS.replace('compare = "equals"', ""), "claim best: compare is missing"),
        (HEAD + EQUALS.replace('source = "Table 2"', ""), "claim best: source is missing"),
        (HEAD + EQUALS.replace('key = "best"', ""), "claim 1: key is missing"),
        (HEAD + EQUALS.replace("0.80\n", '"high"\n'), "claim best: number: expected a number, got a text"),
        (HEAD + EQUALS.replace("0.80\n", "80\n"), "claim best: number: expected a number <= 1.0"),
        (HEAD + EQUALS.replace("0.80\n", "nan\n"), "claim best: number: "),
        (
            HEAD + EQUALS.replace('variant = "vanilla"', 'variant = "crop"'),
            "claim best: variant: unknown variant 'crop'",
        ),
        (
            'variants = ["denoise(weight=0.10)"]' + EQUALS,
            r"variant: 'denoise\(weight=0.10\)': write denoise\(weight=0.1\)",
        ),
        (HEAD + EQUALS + EQUALS, "claim best: another claim has the same key"),
        (HEAD + claim("order", better=["bbox"], worse=["bbox"], metrics=["f1"]), "'bbox' is compared with itself"),
        (HEAD + claim("order", better=[], worse=["bbox"], metrics=["f1"]), "better: expected a list of length >= 1"),
        (HEAD + claim("order", better=["vanilla"], worse=["bbox"], metrics=["f2"]), "metrics: 'f2' is not known"),
        (HEAD + claim("confuses", true="Cat", predicted="cat"), "'cat' is compared with itself"),
        ('classes = ["cat", "dog"]\n' + HEAD + claim("confuses", true="kat", predicted="dog"), "class: 'kat' .*'cat'?"),
        (HEAD + 'claim = "one"', "there is no claim in it"),
        (HEAD + claim("confuses-more", variant="bbox", true="a", predicted="b", other="c", counts=[-1, 2]), "counts: "),
        ("training_images = -1\n" + HEAD + EQUALS, "training_images: expected a whole number >= 0"),
        (HEAD + EQUALS.replace('"best"', '"two\\nlines"').replace('"vanilla"', "1"), "claim two lines: variant: "),
        (HEAD + "[claim]\nkey = 1", "there is no claim in it"),
        (HEAD + "[[claim]]\nkey = 1\ncompare = []", r"claim 1: compare: \[\] is not known"),
    ],
)
def test_a_fault_is_one_line_that_names_file_claim_and_key(claims_file, text, words):
    path = claims_file(text)
    with pytest.raises(InputError, match=words.replace("?", r"\?")) as raised:
        load_claims(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.toml: cannot be read: No such file"):
        load_claims(tmp_path / "nothing.toml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_claims(tmp_path)
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="latin: not a TOML file"):
        load_claims(tmp_path / "latin")
