"""`simpsons-tui steps`, and what `--variants` makes of pipelines and expressions."""

import pytest

from engine.steps.registry import known_steps


def test_all_steps_stand_in_their_order_with_what_they_take(command):
    status, out, _ = command("steps")
    assert status == 0
    heads = [line.partition(":")[0] for line in out.splitlines() if not line.startswith(" ")]
    assert heads == [spec.name for spec in known_steps()]
    for parameter in (parameter for spec in known_steps() for parameter in spec.parameters):
        assert f"    {parameter.name}  {parameter.meaning}: " in out


def test_one_step_says_its_parameters_place_and_cost(command):
    status, out, _ = command("steps", "clahe")
    assert status == 0
    clip, *others = out.splitlines()[1:]
    assert clip.startswith("    clip  how far a tile's histogram may rise above its mean")
    assert clip.endswith(": a number from 1 to 100, usually 2")
    assert others == [
        "    tiles  tiles along each side of the image: a whole number from 1 to 64, usually 8",
        "    after the resize; about 0.5 s a megapixel on two cores",
    ]


def test_an_unknown_step_names_the_nearest(command):
    status, _, err = command("steps", "clhae")
    assert status == 2
    assert "unknown step 'clhae': did you mean 'clahe'?" in err


@pytest.mark.parametrize(
    ("given", "variants"),
    [
        (
            "vanilla,denoise(weight=0.050)+clahe(tiles=4,clip=2)",
            "vanilla denoise(weight=0.05)+clahe(clip=2,tiles=4)",
        ),
        ("clahe(clip=1|4)", "clahe(clip=1) clahe(clip=4)"),
        (
            "bbox+orders(denoise,clahe)",
            "bbox bbox+denoise bbox+clahe bbox+denoise+clahe bbox+clahe+denoise",
        ),
    ],
)
def test_a_list_of_variants_may_hold_pipelines_and_expressions(command, studies, given, variants):
    command("run", "--variants", given)
    assert studies[-1].variants == tuple(variants.split())


def test_a_list_that_makes_no_sense_is_one_line(command):
    status, _, err = command("run", "--variants", "vanilla,clahe(clip=200)")
    assert status == 2
    (line,) = err.splitlines()
    assert "'--variants': variant 'clahe(clip=200)': clahe: clip=200: give a number from 1 to 100" in line
