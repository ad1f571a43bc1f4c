import pytest

from engine.config.combinations import COMBINATIONS
from engine.config.expressions import ALL_COMBINATIONS, MOST_VARIANTS, expand_names, split_entries
from engine.errors import InputError

SETS = """
strengths = ["denoise(weight=0.05|0.1)"]
orders = ["orders(denoise,clahe)", "superres"]
"""


@pytest.fixture
def sets(tmp_path, monkeypatch):
    (tmp_path / "sets.toml").write_text(SETS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("denoise(weight=0.02|0.1)", "denoise(weight=0.02) denoise(weight=0.1)"),
        (
            "clahe( clip = 1 | 4, tiles=2|8)",
            "clahe(clip=1,tiles=2) clahe(clip=1,tiles=8) clahe(clip=4,tiles=2) clahe(clip=4,tiles=8)",
        ),
        ("orders(denoise,clahe)", "vanilla denoise clahe denoise+clahe clahe+denoise"),
        ("subsets(clahe,denoise)", "vanilla clahe denoise clahe+denoise"),
        ("bbox+orders(denoise,clahe)", "bbox bbox+denoise bbox+clahe bbox+denoise+clahe bbox+clahe+denoise"),
        ("subsets(bbox) + subsets(clahe)", "vanilla clahe bbox bbox+clahe"),
        ("clahe(clip=1|2)+denoise", "clahe(clip=1)+denoise clahe(clip=2)+denoise"),
        (
            "subsets(clahe(clip=1|4),denoise)",
            "vanilla clahe(clip=1) clahe(clip=4) denoise clahe(clip=1)+denoise clahe(clip=4)+denoise",
        ),
        (
            "orders(denoise+clahe,superres)",
            "vanilla denoise+clahe superres denoise+clahe+superres superres+denoise+clahe",
        ),
        ("@sets.toml:strengths", "denoise(weight=0.05) denoise(weight=0.1)"),
        (
            "@sets.toml",
            "denoise(weight=0.05) denoise(weight=0.1) vanilla denoise clahe denoise+clahe clahe+denoise superres",
        ),
        ("bbox+@sets.toml:strengths", "bbox+denoise(weight=0.05) bbox+denoise(weight=0.1)"),
        ("denoise(weight=0.1|0.10)", "denoise(weight=0.1)"),
    ],
)
def test_an_expression_stands_for_variants(sets, entry, expected):
    assert expand_names([entry]) == tuple(expected.split())


def test_every_order_of_every_selection_of_four():
    names = expand_names(["orders(denoise,clahe,superres,clahe(clip=4))"])
    assert len(names) == len(set(names)) == 65
    assert names[0] == "vanilla"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((ALL_COMBINATIONS,), COMBINATIONS),
        (("superres-full", ALL_COMBINATIONS), ("superres-full", *COMBINATIONS)),
        (("superres", ALL_COMBINATIONS), ("superres", *(name for name in COMBINATIONS if name != "superres"))),
        ((ALL_COMBINATIONS, "superres", "subsets(bbox)"), COMBINATIONS),
        (("bbox", "bbox"), ("bbox", "bbox")),
        (("denoise(weight=0.10)", " bbox"), ("denoise(weight=0.1)", "bbox")),
    ],
)
def test_what_an_expression_adds_is_added_once(names, expected):
    assert expand_names(names) == expected


def test_a_list_is_split_outside_parentheses():
    assert split_entries("bbox, orders(a, b(c=1,d=2)) ,,clahe") == ("bbox", "orders(a, b(c=1,d=2))", "clahe")
    with pytest.raises(InputError, match="a parenthesis has no partner"):
        split_entries("bbox,orders(a,b")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("orders(denoise,bbox)", "orders(denoise,bbox): variant 'denoise+bbox': bbox comes first"),
        ("orders()", "orders(): name steps, as orders(denoise,clahe)"),
        ("orders(denoise,denoise)", "denoise stands in it twice"),
        ("clahe(clip=1|200)", "clahe(clip=1|200): variant 'clahe(clip=200)': clahe: clip=200: give a number"),
        ("clahe(clip=1|)", "clip=: give a number"),
        ("vanilla+orders(denoise,clahe)", "leave it out"),
        ("@missing.toml", "missing.toml: cannot be read: No such file or directory"),
        ("@sets.toml:order", "sets.toml: there is no set 'order': did you mean 'orders'?"),
        (
            "clahe(tiles="
            + "|".join(map(str, range(1, 65)))
            + ")+"
            + "denoise(weight="
            + "|".join(f"0.{number}" for number in range(10, 40))
            + ")",
            f"more than {MOST_VARIANTS} variants",
        ),
        (f"orders({','.join(f'clahe(clip={clip})' for clip in range(1, 20))})", f"more than {MOST_VARIANTS} variants"),
        ("order(denoise,clahe)", "unknown step 'order'"),
    ],
)
def test_an_expression_that_makes_no_sense_is_refused_in_a_line(sets, entry, words):
    with pytest.raises(InputError) as refused:
        expand_names([entry])
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1", "a: give a list of variants"),
        ("a = []", "a: give a list of variants"),
        ("a = [1]", "a: give a list of variants"),
        ("[a]\nb = 1", "a: give a list of variants"),
        ("a = [", "is no TOML file"),
        ("", "holds no set"),
        ('a = ["@sets.toml:a"]', "a set names no other file"),
    ],
)
def test_a_file_of_sets_that_makes_no_sense_is_refused(sets, text, words):
    (sets / "sets.toml").write_text(text)
    with pytest.raises(InputError, match=r"^sets\.toml: .*" + words):
        expand_names(["@sets.toml"])


def test_too_many_variants_in_all_are_refused():
    sweep = "|".join(f"1.{number}" for number in range(100, 999))
    with pytest.raises(InputError, match=f"name no more than {MOST_VARIANTS}"):
        expand_names([f"denoise(weight={sweep})", f"clahe(clip={sweep})"])
