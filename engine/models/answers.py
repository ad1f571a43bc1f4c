"""What a network answers in the end, averaging at test time included."""

import math

import torch
from torch import Tensor, nn


def answers(network: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, classes), float32, of images (N, 3, H, W) in [0, 1]; their softmax is the network's answer.

    Where the network has `mirror_average` that is the mean of the probabilities for the image and for its mirror image,
    and the logits are the logarithm of it.
    """
    logits: Tensor = network(images).float()
    if not getattr(network, "mirror_average", False):
        return logits
    mirrored: Tensor = network(images.flip(3)).float()
    both = torch.stack((torch.log_softmax(logits, dim=1), torch.log_softmax(mirrored, dim=1)))
    return torch.logsumexp(both, dim=0) - math.log(len(both))
