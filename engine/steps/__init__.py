"""The pre-processing steps that ship, one file a step; `engine.config.variants` says how variants name them."""

from engine.steps.bbox import bbox, bbox_paper
from engine.steps.bilateral import bilateral
from engine.steps.boxmask import boxmask
from engine.steps.clahe import clahe
from engine.steps.contrast import contrast
from engine.steps.denoise import denoise
from engine.steps.edges import edges
from engine.steps.equalize import equalize
from engine.steps.gamma import gamma
from engine.steps.gaussian import gaussian
from engine.steps.grey import grey
from engine.steps.hsv import hsv
from engine.steps.jpeg import jpeg
from engine.steps.lab import lab
from engine.steps.median import median
from engine.steps.nlmeans import nlmeans
from engine.steps.rescale import rescale
from engine.steps.sharpen import sharpen
from engine.steps.spec import Parameter, StepSpec, step
from engine.steps.superres import superres, superres_full
from engine.steps.wavelet import wavelet
from engine.steps.ycbcr import ycbcr

__all__ = ["BUILT_IN", "Parameter", "StepSpec", "step"]

BUILT_IN: tuple[StepSpec, ...] = (
    bbox,
    bbox_paper,
    boxmask,
    denoise,
    median,
    gaussian,
    bilateral,
    nlmeans,
    wavelet,
    equalize,
    clahe,
    rescale,
    gamma,
    contrast,
    sharpen,
    superres,
    superres_full,
    grey,
    hsv,
    lab,
    ycbcr,
    jpeg,
    edges,
)
"""In the order in which they are listed: what is seen, noise, contrast, sharpness, colour, the rest."""
