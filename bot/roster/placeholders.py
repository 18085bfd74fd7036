"""Placeholders in canned replies and macros, such as ``{{customer.name}}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.roster.errors import BadItem

NAMES = ("customer.name", "agent.name", "shop", "order", "conversation")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def check(text: str, field: str) -> None:
    """Raises BadItem for one that nothing stands behind, so that no customer ever reads it."""
    for name in _PLACEHOLDER.findall(text):
        if name not in NAMES:
            known = ", ".join(f"{{{{{one}}}}}" for one in NAMES)
            raise BadItem(field, f"has {{{{{name[:40]}}}}}, which is no placeholder; there are {known}")


def filled(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with its placeholders filled in, and the names of those that are not known here, each once. These stand
    as ``«customer.name»`` in it, for a person to fill. What is filled in is text: it is not looked through again."""
    missing: dict[str, None] = {}

    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1], "")
        if not value:
            missing[found[1]] = None
        return value or f"«{found[1]}»"

    return _PLACEHOLDER.sub(fill, text), list(missing)
