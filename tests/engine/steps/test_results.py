"""Each step against its library's own call, or against another way to compute the same."""

import colorsys
import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from scipy import ndimage
from skimage import color, exposure, restoration
from torchvision.transforms.v2 import functional as torchvision


def difference(first, second):
    return np.abs(first.astype(float) - second)


def levels(values):
    return np.rint(np.clip(values, 0, 1) * 255)


@pytest.fixture
def grey_picture(picture):
    return picture(9)[..., :1].repeat(3, axis=2)


@pytest.fixture
def smooth(picture):
    """(128, 160) uint8 without noise, of the full range."""
    values = ndimage.gaussian_filter(picture(12, 128, 160)[..., 0].astype(float), 3)
    return np.rint(255 * (values - values.min()) / np.ptp(values)).astype(np.uint8)


# ---------------------------------------------------------------- colour


def test_grey_is_luma_in_three_equal_channels(apply, picture, grey_picture):
    pixels = picture(0)
    result = apply("grey", pixels)
    assert (result == result[..., :1]).all()
    assert difference(result[..., 0], pixels @ np.array([0.299, 0.587, 0.114])).max() <= 0.51
    np.testing.assert_array_equal(apply("grey", grey_picture), grey_picture)


def test_hsv_is_colorsys_scaled(apply, picture):
    pixels = picture(1, 8, 9)
    expected = [[colorsys.rgb_to_hsv(*(pixel / 255)) for pixel in row] for row in pixels]
    assert difference(apply("hsv", pixels), 255 * np.array(expected)).max() <= 0.51


def test_hsv_can_be_undone(apply, picture):
    pixels = picture(1)
    back = 255 * color.hsv2rgb(apply("hsv", pixels) / 255)
    assert difference(pixels, back).max() <= 3
    assert difference(pixels, back).mean() <= 0.5


def test_lab_can_be_undone(apply, picture):
    pixels = picture(2)
    result = apply("lab", pixels)
    lab = result * np.array([100 / 255, 1, 1]) - np.array([0, 128, 128])
    assert difference(lab, color.rgb2lab(pixels)).max() <= 0.51
    assert difference(pixels, 255 * color.lab2rgb(lab)).mean() <= 1


def test_no_colour_of_srgb_leaves_the_range_of_lab(apply):
    steps = np.arange(0, 256, 15)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3).astype(np.uint8)
    lab = color.rgb2lab(colours)[..., 1:]
    assert difference(apply("lab", colours)[..., 1:], lab + 128).max() <= 0.51


def test_ycbcr_is_that_of_jpeg_and_can_be_undone(apply, picture):
    pixels = picture(3)
    result = apply("ycbcr", pixels)
    red, green, blue = pixels.astype(float).transpose(2, 0, 1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    expected = np.stack([luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402], axis=-1)
    assert difference(result, np.clip(expected, 0, 255)).max() <= 1.01
    assert difference(pixels, np.asarray(Image.fromarray(result, "YCbCr").convert("RGB"))).max() <= 3


@pytest.mark.parametrize(("name", "zero"), [("hsv", (0, 0)), ("lab", (128, 128)), ("ycbcr", (128, 128))])
def test_grey_has_no_colour_in_any_space(apply, grey_picture, name, zero):
    colour = {"hsv": slice(0, 2), "lab": slice(1, 3), "ycbcr": slice(1, 3)}[name]
    assert (apply(name, grey_picture)[..., colour] == zero).all()


# ---------------------------------------------------------------- noise


@pytest.mark.parametrize("size", [3, 5])
def test_median_is_pillows(apply, picture, size):
    pixels = picture(4)
    expected = np.asarray(Image.fromarray(pixels).filter(ImageFilter.MedianFilter(size)))
    np.testing.assert_array_equal(apply("median", pixels, size=size), expected)


def test_median_takes_single_pixels_out(apply):
    pixels = np.full((9, 9, 3), 100, np.uint8)
    pixels[4, 4] = 255
    assert (apply("median", pixels) == 100).all()


@pytest.mark.parametrize("size", [(60, 81), (96, 3), (49, 50), (255, 342), (1, 7), (5, 1), (1, 1)])
@pytest.mark.parametrize("weight", [0.0001, 0.03, 0.1, 10.0])
def test_denoise_is_scikit_images_to_the_bit(apply, picture, size, weight):
    pixels = picture(7, *size)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)
    expected = restoration.denoise_tv_chambolle(planes, weight=weight, channel_axis=0).transpose(1, 2, 0)
    np.testing.assert_array_equal(apply("denoise", pixels, weight=weight), levels(expected))


@pytest.mark.parametrize("sigma", [0.7, 1.0, 3.0])
def test_gaussian_is_scipys(apply, picture, sigma):
    pixels = picture(5)
    expected = ndimage.gaussian_filter(pixels.astype(float), (sigma, sigma, 0), mode="nearest")
    assert difference(apply("gaussian", pixels, sigma=sigma), expected).max() <= 0.51


def test_gaussian_is_torchvisions_away_from_the_border(apply, picture):
    pixels = picture(5)
    planes = torch.from_numpy(pixels).permute(2, 0, 1).float()
    expected = torchvision.gaussian_blur(planes, [9, 9], [1.0, 1.0]).permute(1, 2, 0).numpy()
    assert difference(apply("gaussian", pixels), expected)[5:-5, 5:-5].max() <= 0.6


def bilateral_pixel(pixels, row, column, size, colour, space):
    """One pixel by the definition, the border mirrored."""
    reach = size // 2
    padded = np.pad(pixels.astype(float), ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    window = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    far = down**2 + right**2
    unlike = np.abs(window - pixels[row, column]).sum(axis=2)
    weights = np.exp(-(unlike**2) / (2 * colour**2) - far / (2 * space**2)) * (far <= reach**2)
    return (weights[..., None] * window).sum(axis=(0, 1)) / weights.sum()


@pytest.mark.parametrize(("size", "colour", "space"), [(9, 75.0, 75.0), (5, 30.0, 1.5), (3, 200.0, 1.0)])
def test_bilateral_is_the_definition(apply, picture, size, colour, space):
    pixels = picture(6, 13, 17)
    expected = [
        [bilateral_pixel(pixels, row, column, size, colour, space) for column in range(17)] for row in range(13)
    ]
    result = apply("bilateral", pixels, size=size, color=colour, space=space)
    assert difference(result, np.array(expected)).max() <= 0.51


def test_bilateral_without_a_colour_limit_is_a_blur_and_keeps_edges_with_one(apply):
    pixels = np.full((20, 20, 3), 50, np.uint8)
    pixels[:, 10:] = 200
    assert (apply("bilateral", pixels, color=20.0) == pixels).all()
    blurred = apply("bilateral", pixels, color=765.0)
    assert (np.diff(blurred[10, 6:14, 0].astype(int)) > 0).all()


@pytest.mark.parametrize("given", [{}, {"h": 30.0, "patch": 5, "distance": 6}])
def test_nlmeans_is_scikit_images_in_double_precision(apply, picture, given):
    pixels = picture(7)
    values = {"h": 10.0, "patch": 7, "distance": 10} | given
    expected = restoration.denoise_nl_means(
        pixels / 255,
        patch_size=values["patch"],
        patch_distance=values["distance"],
        h=values["h"] / 255,
        fast_mode=True,
        channel_axis=-1,
    )
    assert difference(apply("nlmeans", pixels, **given), 255 * expected).max() <= 0.6


@pytest.mark.parametrize("method", ["BayesShrink", "VisuShrink"])
@pytest.mark.parametrize("basis", ["db1", "db2", "sym4"])
def test_wavelet_is_scikit_images_in_double_precision(apply, picture, method, basis):
    pixels = picture(8)
    expected = restoration.denoise_wavelet(
        pixels / 255, wavelet=basis, method=method, convert2ycbcr=True, rescale_sigma=True, channel_axis=-1
    )
    result = apply("wavelet", pixels, method=method, basis=basis)
    assert difference(result, 255 * np.clip(expected, 0, 1)).max() <= 0.51


def test_an_image_without_fine_detail_has_no_noise(apply, picture):
    pixels = picture(8)[::8, ::8].repeat(8, 0).repeat(8, 1)
    assert difference(apply("wavelet", pixels), pixels).max() <= 1


@pytest.mark.parametrize("name", ["median", "gaussian", "bilateral", "nlmeans", "wavelet"])
def test_denoising_brings_a_noisy_image_closer_to_the_clean_one(apply, name):
    clean = np.full((64, 64, 3), 80.0)
    clean[:, 32:] = 170
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 12, clean.shape), 0, 255).astype(np.uint8)
    given = {"h": 25.0} if name == "nlmeans" else {}
    assert difference(apply(name, noisy, **given), clean).mean() < 0.7 * difference(noisy, clean).mean()


# ---------------------------------------------------------------- contrast


def test_equalize_of_channels_is_torchvisions(apply, picture):
    pixels = picture(10)
    expected = torchvision.equalize(torch.from_numpy(pixels).permute(2, 0, 1)).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(apply("equalize", pixels, on="rgb"), expected)


def test_equalize_follows_the_share_of_darker_pixels(apply, grey_picture):
    result = apply("equalize", grey_picture)
    assert (result == result[..., :1]).all()
    assert difference(result, 255 * exposure.equalize_hist(grey_picture[..., 0])[..., None]).max() <= 6


def test_equalize_spreads_a_narrow_histogram(apply, picture):
    narrow = picture(10) // 4 + 90
    for on in ("luma", "rgb"):
        assert apply("equalize", narrow, on=on).std() > 2 * narrow.std()
    luma = apply("ycbcr", apply("equalize", narrow))[..., 0]
    assert luma.min() <= 5
    assert luma.max() >= 250


def test_clahe_is_scikit_images(apply, picture):
    pixels = picture(11, 64, 96)
    expected = exposure.equalize_adapthist(pixels, kernel_size=(8, 12), clip_limit=2 / 256)
    assert difference(apply("clahe", pixels), 255 * expected).max() <= 0.51


def clahe_by_hand(grey, clip, tiles):
    """The method as OpenCV has it: clipped histograms, what is cut spread evenly, four tables blended at each pixel.

    For a (H, W) image whose sides are multiples of `tiles`.
    """
    height, width = grey.shape[0] // tiles, grey.shape[1] // tiles
    limit = max(1, int(clip * height * width / 256))
    tables = np.empty((tiles, tiles, 256))
    for row, column in np.ndindex(tiles, tiles):
        tile = grey[row * height : (row + 1) * height, column * width : (column + 1) * width]
        counts = np.bincount(tile.ravel(), minlength=256).astype(float)
        cut = np.minimum(counts, limit)
        tables[row, column] = np.cumsum(cut + (counts - cut).sum() / 256) * 255 / tile.size
    down = np.clip((np.arange(grey.shape[0]) + 0.5) / height - 0.5, 0, tiles - 1)
    right = np.clip((np.arange(grey.shape[1]) + 0.5) / width - 0.5, 0, tiles - 1)
    points = np.stack(np.meshgrid(down, right, indexing="ij"))
    planes = [ndimage.map_coordinates(tables[..., level], points, order=1, mode="nearest") for level in range(256)]
    return np.take_along_axis(np.stack(planes, axis=-1), grey[..., None].astype(int), axis=-1)[..., 0]


@pytest.mark.parametrize("clip", [2.0, 4.0, 40.0])
def test_clip_means_what_it_means_in_opencv(apply, smooth, clip):
    """Other than scikit-image, OpenCV gives back what is cut to clipped levels too: some levels apart at low limits."""
    by_hand = clahe_by_hand(smooth, clip, tiles=4)
    result = apply("clahe", smooth[..., None].repeat(3, axis=2), clip=clip, tiles=4)[..., 0]
    assert difference(result, by_hand).mean() < 0.35 * difference(smooth, by_hand).mean()


def test_more_clip_is_more_contrast(apply, smooth):
    spread = [apply("clahe", smooth[..., None].repeat(3, axis=2), clip=clip, tiles=4).std() for clip in (1.0, 2.0, 8.0)]
    assert spread == sorted(set(spread))


def test_gamma_one_changes_nothing_and_others_are_the_power(apply, picture):
    pixels = picture(13)
    np.testing.assert_array_equal(apply("gamma", pixels, gamma=1.0), pixels)
    np.testing.assert_array_equal(apply("gamma", pixels, gamma=1.7), levels((pixels / 255) ** 1.7))
    expected = torchvision.adjust_gamma(torch.from_numpy(pixels).permute(2, 0, 1), 0.8).permute(1, 2, 0).numpy()
    assert difference(apply("gamma", pixels), expected).max() <= 1  # torchvision cuts decimals off
    assert apply("gamma", pixels).mean() > pixels.mean()


def test_rescale_takes_percentiles_to_the_ends(apply, picture):
    pixels = picture(14) // 2 + 40
    dark, bright = np.percentile(pixels, [2, 98])
    assert difference(apply("rescale", pixels), 255 * np.clip((pixels - dark) / (bright - dark), 0, 1)).max() <= 0.51
    whole = apply("rescale", pixels, low=0.0, high=100.0)
    assert (whole.min(), whole.max()) == (0, 255)
    np.testing.assert_array_equal(apply("rescale", whole, low=0.0, high=100.0), whole)


def test_contrast_is_linear_and_clipped(apply, picture):
    pixels = picture(15)
    np.testing.assert_array_equal(apply("contrast", pixels, alpha=1.0, beta=0.0), pixels)
    np.testing.assert_array_equal(apply("contrast", pixels), np.clip(np.rint(1.5 * pixels + 15), 0, 255))
    assert (apply("contrast", pixels, alpha=1.0, beta=-255.0) == 0).all()


# ---------------------------------------------------------------- sharpness and the rest


@pytest.mark.parametrize(("sigma", "amount"), [(1.0, 1.0), (2.0, 0.5)])
def test_sharpen_adds_what_a_blur_takes(apply, picture, sigma, amount):
    exact = picture(16).astype(float)
    blurred = ndimage.gaussian_filter(exact, (sigma, sigma, 0), mode="reflect")
    expected = np.clip(exact + amount * (exact - blurred), 0, 255)
    assert difference(apply("sharpen", picture(16), sigma=sigma, amount=amount), expected).max() <= 0.51
    np.testing.assert_array_equal(apply("sharpen", picture(16), amount=0.0), picture(16))


def test_boxmask_keeps_the_box_alone(apply, picture):
    pixels = picture(17)
    result = apply("boxmask", pixels)
    np.testing.assert_array_equal(result[5:30, 3:20], pixels[5:30, 3:20])
    outside = np.ones(pixels.shape[:2], bool)
    outside[5:30, 3:20] = False
    assert (result[outside] == 128).all()
    assert (apply("boxmask", pixels, level=0)[outside] == 0).all()


def test_jpeg_is_pillows(apply, smooth):
    pixels = smooth[..., None].repeat(3, axis=2)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    np.testing.assert_array_equal(apply("jpeg", pixels), np.asarray(Image.open(buffer)))
    errors = [difference(apply("jpeg", pixels, quality=quality), pixels).mean() for quality in (95, 75, 10)]
    assert errors == sorted(errors)
    assert errors[0] < 1


@pytest.mark.parametrize(("method", "side"), [("sobel", 2), ("scharr", 10 / 3), ("prewitt", 1)])
def test_edges_are_the_gradient_of_the_grey_image(apply, grey_picture, method, side):
    plane = grey_picture[..., 0] / 255
    across = np.array([1, side, 1]) / (2 + side)
    pairs = [
        ndimage.correlate1d(ndimage.correlate1d(plane, [-0.5, 0, 0.5], axis=axis), across, axis=1 - axis)
        for axis in (0, 1)
    ]
    result = apply("edges", grey_picture, method=method)
    assert (result == result[..., :1]).all()
    assert difference(result[..., 0], 255 * np.hypot(*pairs) * np.sqrt(2)).max() <= 0.6


def test_there_is_no_edge_in_one_colour(apply):
    assert (apply("edges", np.full((12, 16, 3), 77, np.uint8)) == 0).all()
