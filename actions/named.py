"""What customers name: order numbers and products, so that an agent need not ask for them again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from actions.shop.sample import SOURCE

_ORDER = re.compile(r"\b(LM)[\s-]?(\d{6})\b", re.IGNORECASE)


def named(texts: Sequence[str]) -> dict[str, str | None]:
    """The order number and the product named last, each None where there is none."""
    order = product = None
    for text in texts:
        for found in _ORDER.finditer(text):
            order = f"{found[1].upper()}-{found[2]}"
        product = _product(text) or product
    return {"order": order, "product": product}


def _product(text: str) -> str | None:
    """A product by its name, or by its last word where only one product has it: "the kettle" is the Sundew kettle."""
    lowered = text.lower()
    whole = [name for name in _names() if name.lower() in lowered]
    if whole:
        return max(whole, key=len)
    words = set(re.findall(r"[a-z]+", lowered))
    last = [name for name in _names() if name.lower().split()[-1] in words]
    return last[0] if len(last) == 1 else None


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(product["name"] for product in json.loads((SOURCE / "products.json").read_text(encoding="utf-8")))
