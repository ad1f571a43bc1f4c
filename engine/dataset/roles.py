"""What a folder's name says of its images: whether they train, test or follow the training."""

import re
from typing import Literal

Role = Literal["train", "test", "validation", "evaluation"]

_WORDS: dict[str, Role] = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "valset"), "validation"),
    **dict.fromkeys(("eval", "evaluation", "evalset", "dev", "devset"), "evaluation"),
}

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def role_of(name: str) -> Role | None:
    """The role that one of the words of a name stands for, as "training_set", "seg_train" or "TestImages" have one.

    None where no word does, or where several stand for different roles ("train_val").
    """
    roles = {role for word in _WORD.findall(name) if (role := _WORDS.get(word.lower())) is not None}
    return roles.pop() if len(roles) == 1 else None


def is_plain(name: str) -> bool:
    """Whether the role is all that the name says."""
    return name.lower() in _WORDS
