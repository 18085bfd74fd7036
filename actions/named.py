"""What customers name: order numbers and products, so that an agent need not ask for them again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.shop.numbers import Numbers


def named(texts: Sequence[str], numbers: Numbers, goods: Sequence[str]) -> dict[str, str | None]:
    """The order number and the product named last, each None where there is none."""
    order = product = None
    for text in texts:
        order = next(reversed(numbers.found(text)), order)
        product = _product(text, goods) or product
    return {"order": order, "product": product}


def _product(text: str, goods: Sequence[str]) -> str | None:
    """A product by its name, or by its last word where only one product has it: "the kettle" is the Sundew kettle."""
    lowered = text.lower()
    whole = [name for name in goods if name.lower() in lowered]
    if whole:
        return max(whole, key=len)
    words = set(re.findall(r"[a-z]+", lowered))
    last = {name for name in goods if name.lower().split()[-1:] and name.lower().split()[-1] in words}
    return last.pop() if len(last) == 1 else None
