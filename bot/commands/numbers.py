"""Numbers on the command line; what is none that can be used is a command line that is wrong."""

from __future__ import annotations

import argparse

#: Seeds are counted on from, and torch takes none that is larger.
_LARGEST_SEED = (1 << 63) - 2


def count(text: str) -> int:
    """How many; at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 on is wanted")
    return int(text)


def seed(text: str) -> int:
    """What something is drawn at random with."""
    if not text.isdecimal() or int(text) > _LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 0 to {_LARGEST_SEED} is wanted")
    return int(text)
