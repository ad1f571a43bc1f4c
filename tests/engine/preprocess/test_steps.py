from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
import torch
from skimage.restoration import denoise_tv_chambolle
from torchvision.transforms.v2 import functional as transforms

from engine.config.grammar import StepCall, parse_call
from engine.config.variants import VARIANTS, Variant, get_variant
from engine.dataset import Box
from engine.errors import DatasetError, InputError
from engine.preprocess import StepContext, build_steps, make_step, run_steps
from engine.preprocess.chains import ChainBuilder
from engine.steps import BUILT_IN, Parameter, StepSpec
from engine.steps.registry import temporarily

RESIZE_TOLERANCE = 1.01 / 255
"""The two passes of the uint8 resize round each by half a level at most; the kernel's weights are 16-bit integers."""


@pytest.fixture
def context(study):
    return StepContext(study.recipe, study.machine, study.superres)


@pytest.fixture
def step(context):
    return lambda name: make_step(StepCall(name), context)


def resized_float(pixels, size):
    planes = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    return transforms.resize(planes, list(size), antialias=True).permute(1, 2, 0).numpy()


def test_resize_is_torchvisions(step, picture):
    pixels = picture(0)
    planes = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
    expected = transforms.resize(planes, [12, 16], antialias=True).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(step("resize").apply(pixels, None), expected)


@pytest.mark.parametrize("size", [(30, 40), (7, 91), (300, 200)])
def test_resize_agrees_with_floating_point(step, picture, size):
    pixels = picture(1, *size)
    difference = np.abs(step("resize").apply(pixels, None) / 255 - resized_float(pixels, (12, 16)))
    assert difference.max() <= RESIZE_TOLERANCE
    assert difference.mean() <= 0.5 / 255


def test_crop_takes_the_box_in_the_originals_pixels(step, picture):
    pixels = picture(2)
    np.testing.assert_array_equal(step("crop").apply(pixels, Box(3, 5, 20, 30)), pixels[5:30, 3:20])
    np.testing.assert_array_equal(step("crop").apply(pixels, None), pixels)


@pytest.mark.parametrize("box", [Box(1, 2, 9, 7), Box(3, 5, 20, 30), Box(20, 30, 40, 41)])
def test_the_papers_crop_takes_the_originals_pixels_in_the_resized_image(step, picture, box):
    pixels = picture(2, 50, 60)
    planes = torch.from_numpy(step("resize").apply(pixels, None)).permute(2, 0, 1)
    cut = transforms.crop(planes, box.top, box.left, box.bottom - box.top, box.right - box.left)
    np.testing.assert_array_equal(step("bbox-paper").apply(pixels, box), cut.permute(1, 2, 0).numpy())
    np.testing.assert_array_equal(step("bbox-paper").apply(pixels, None), pixels)


@pytest.mark.parametrize("box", [Box(40, 0, 50, 10), Box(0, 30, 10, 40), Box(5, 5, 5, 9)])
@pytest.mark.parametrize("name", ["crop", "bbox-paper"])
def test_a_crop_that_leaves_nothing_is_a_fault_of_the_data(step, picture, box, name):
    with pytest.raises(DatasetError, match="holds nothing of its 40 x 30 pixels"):
        step(name).apply(picture(2, 30, 40), box)


def test_denoise_is_scikit_images(step, picture):
    pixels = picture(3)
    plain = denoise_tv_chambolle(pixels.astype(np.float32) / np.float32(255), weight=0.1, channel_axis=-1)
    result = step("denoise").apply(pixels, None)
    np.testing.assert_array_equal(result, np.rint(plain * np.float32(255)).astype(np.uint8))
    assert np.abs(result / 255 - plain).max() <= 0.5001 / 255  # one rounding


def test_denoise_of_bytes_agrees_with_double_precision(step, picture):
    pixels = picture(3, 60, 80)
    exact = denoise_tv_chambolle(pixels / 255, weight=0.1, channel_axis=-1)
    assert np.abs(step("denoise").apply(pixels, None) / 255 - exact).max() <= 1 / 255


def test_denoise_weight_is_the_recipes(context, picture):
    strong = StepContext(replace(context.recipe, denoise_weight=0.5), context.machine)
    pixels = picture(4)
    weak_result, strong_result = (make_step(StepCall("denoise"), c).apply(pixels, None) for c in (context, strong))
    assert strong_result.std() < weak_result.std()


def test_shrink_is_the_mean_by_area(step, picture):
    pixels = picture(5, 24, 32)
    planes = torch.from_numpy(pixels).permute(2, 0, 1).double()
    exact = torch.nn.functional.adaptive_avg_pool2d(planes, (12, 16)).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(step("shrink").apply(pixels, None), np.rint(exact))


def test_shrink_rounds_halves_to_even(step):
    pixels = np.zeros((24, 32, 3), np.uint8)
    pixels[0, 0], pixels[0, 1] = 1, 1  # mean 0.5
    pixels[0, 2], pixels[0, 3] = 3, 3  # mean 1.5
    assert step("shrink").apply(pixels, None)[0, :2, 0].tolist() == [0, 2]


def test_superres_one_image_is_as_in_a_batch(step, picture):
    pixels = picture(6, 12, 16)
    batch = step("superres").apply_batch(np.stack([pixels, pixels]))
    np.testing.assert_array_equal(step("superres").apply(pixels, None), batch[1])


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda variant: variant.name)
def test_run_steps_gives_every_intermediate_result(context, picture, variant):
    steps = build_steps(variant, context)
    results = list(run_steps(steps, picture(7), Box(1, 2, 20, 22)))
    assert [step.name for step, _ in results] == list(variant.steps)
    height, width = context.recipe.image_size
    assert results[-1][1].shape == (height * variant.scale, width * variant.scale, 3)


def test_steps_leave_their_input_alone(context, picture):
    pixels = picture(8)
    before = pixels.copy()
    for variant in VARIANTS.values():
        list(run_steps(build_steps(variant, context), pixels, Box(1, 2, 20, 22)))
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (("crop",), "'resize'"),
        (("resize", "crop"), "before 'resize'"),
        (("superres", "resize"), "after 'resize'"),
        (("shrink",), "after 'resize'"),
        (("resize", "blur"), "unknown step 'blur'"),
    ],
)
def test_steps_that_make_no_sense_are_input_errors(context, steps, message):
    with pytest.raises(InputError, match=message):
        build_steps(Variant("odd", (), tuple(map(StepCall, steps))), context)


def test_a_given_weight_takes_the_place_of_the_recipes(context, picture):
    pixels = picture(3)
    (_, given) = build_steps(get_variant("denoise(weight=0.5)"), context)
    strong = StepContext(replace(context.recipe, denoise_weight=0.5), context.machine)
    (_, recipes) = build_steps(VARIANTS["denoise"], strong)
    np.testing.assert_array_equal(given.apply(pixels, None), recipes.apply(pixels, None))
    assert given.identity() == recipes.identity()


def test_the_identity_of_a_function_is_its_parameters_libraries_and_source(context):
    assert make_step(StepCall("denoise"), context).identity() == {
        "step": "denoise",
        "weight": context.recipe.denoise_weight,
        "numpy": version("numpy"),
    }
    mine = StepSpec("mine", "", lambda pixels, *, level: pixels, (Parameter("level", 3),), source="abc")
    with temporarily(mine):
        step = make_step(parse_call("mine(level=4)"), context)
    assert step.identity() == {"step": "mine", "level": 4, "source": "abc"}


def test_steps_with_other_parameters_are_other_chains(context, study):
    sample = study.images[0].sample
    names = ("clahe", "clahe(clip=4)", "clahe(clip=4)+clahe", "clahe+clahe(clip=4)")
    keys = {ChainBuilder(build_steps(get_variant(name), context)).chain_for(sample).key for name in names}
    assert len(keys) == len(names)


FAULTS = {
    "no array": (lambda pixels: None, "returned a NoneType, not an array"),
    "floating point": (lambda pixels: pixels / 2, "returned float64 values, not uint8"),
    "another size": (lambda pixels: pixels[1:], r"returned pixels of shape \(11, 16, 3\) for \(12, 16, 3\)"),
    "grey": (lambda pixels: pixels[..., 0], r"returned pixels of shape \(12, 16\) for"),
    "raises": (lambda pixels: 1 / 0, "failed: ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize(("function", "words"), FAULTS.values(), ids=FAULTS)
def test_a_function_that_gives_no_image_is_named(context, picture, function, words):
    with temporarily(StepSpec("mine", "", function)):
        step = make_step(StepCall("mine"), context)
    with pytest.raises(DatasetError, match=f"the step 'mine' {words}"):
        step.apply(picture(1, 12, 16), None)


def test_a_function_before_the_resize_may_change_the_size(context, picture):
    half = StepSpec("half", "halved", lambda pixels: pixels[::2, ::2], place="first")
    with temporarily(half):
        steps = build_steps(get_variant("half"), context)
    shapes = [result.shape for _, result in run_steps(steps, picture(1, 40, 60), None)]
    assert shapes == [(20, 30, 3), (12, 16, 3)]


def test_a_function_that_needs_the_box_gets_it_and_goes_past_images_without(context, picture):
    seen = []
    boxed = StepSpec("boxed", "", lambda pixels, box: (seen.append(box), pixels)[1], place="first", uses_box=True)
    with temporarily(boxed):
        step = make_step(StepCall("boxed"), context)
    pixels, box = picture(1), Box(1, 2, 20, 22)
    assert step.apply(pixels, None) is pixels
    step.apply(pixels, box)
    assert seen == [box]


@pytest.mark.parametrize("spec", [spec for spec in BUILT_IN if spec.function], ids=lambda spec: spec.name)
def test_every_step_that_ships_is_a_variant_and_is_cached(study, new_study, context, spec):
    with study.open(spec.name) as table:
        made = table.gather(np.arange(len(table)))
    plain = study.pixels("vanilla")
    values = {"denoise": {"weight": context.recipe.denoise_weight}}.get(
        spec.name, {parameter.name: parameter.default for parameter in spec.parameters}
    )
    if spec.place == "any":
        np.testing.assert_array_equal(made, np.stack([spec.function(image, **values) for image in plain]))
    else:  # images 1 and 4 have a box
        assert (made != plain).any(axis=(1, 2, 3)).tolist() == [number in {1, 4} for number in range(len(plain))]
    again = new_study(study.images)
    np.testing.assert_array_equal(again.pixels(spec.name), made)
    assert again.cached == len(made)
