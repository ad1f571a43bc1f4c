"""How close a variant's images are to the plain ones."""

from dataclasses import dataclass

from engine.reports.statistics import Interval


@dataclass(frozen=True)
class ImageQuality:
    """PSNR and SSIM of a variant's test images against the same images without its enhancements.

    Attributes:
        variant: its name.
        reference: name of the variant that it is compared with: its own steps on the original (crop, mask) and the
            resize, nothing else; "vanilla" where it has none of those. Of `superres-full` the reference is resized to
            twice the size like its own images: from a large original that is what super-resolution should have found.
        images: test images compared.
        identical: those of them that are the reference to the last bit. Their PSNR is infinite, so they are not in its
            mean; their SSIM of 1 is.
        psnr: mean peak signal-to-noise ratio in dB over the images that differ, of all values of the three channels;
            None where none differs.
        psnr_interval: of that mean; None where fewer than two groups of near copies differ.
        ssim: mean structural similarity, in [-1, 1]; None where images are narrower than 3 pixels.
        ssim_interval: of that mean; None with fewer than two groups.
    """

    variant: str
    reference: str
    images: int
    identical: int
    psnr: float | None
    psnr_interval: Interval | None
    ssim: float | None
    ssim_interval: Interval | None

    @property
    def note(self) -> str:
        """What to know of the PSNR, in a sentence; "" for nothing."""
        if self.identical == self.images:
            return f"{self.variant} changes no image of {self.reference}: its PSNR is infinite"
        if self.identical:
            count = f"{self.identical:,} of {self.images:,} images"
            return f"{self.variant} leaves {count} as they are: their PSNR is infinite, and not in the mean"
        return ""
