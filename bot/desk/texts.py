"""What the widget says first, from the same domain.yml that holds the bot's words."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import yaml

from bot.conversations.record import MAX_TEXT

log = logging.getLogger(__name__)

_SHOP = "Larkmoor"
_WELCOME = "Hello! How can we help you?"
#: A response of this name replaces the widget's own text: utter_widget_placeholder its ``placeholder``.
_PREFIX = "utter_widget_"


class Texts:
    """The widget's configuration; the file is read again when it changes."""

    def __init__(self, domain: Path) -> None:
        self._domain = domain
        self._read_at: float | None = None
        self._config = _config({})

    def config(self) -> dict[str, Any]:
        """The answer of ``GET /api/widget/config``. Blocks while the file is read."""
        try:
            changed = self._domain.stat().st_mtime
        except OSError:
            return self._config
        if changed != self._read_at:
            self._read_at = changed
            try:
                found = yaml.load(self._domain.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
                self._config = _config(_mapping(found))
            except (OSError, ValueError, yaml.YAMLError) as error:
                log.warning("%s cannot be read, so the widget keeps its words: %s", self._domain.name, error)
        return self._config


def _config(domain: dict[str, Any]) -> dict[str, Any]:
    responses = _mapping(domain.get("responses"))
    welcome = _first(responses, "utter_welcome")
    metadata = {**_mapping(domain.get("metadata")), **_mapping(welcome.get("metadata"))}
    texts = {name.removeprefix(_PREFIX): str(_first(responses, name).get("text", ""))
             for name in responses if name.startswith(_PREFIX)}
    return {
        "shop": str(metadata.get("shop") or _SHOP),
        "welcome": str(welcome.get("text") or _WELCOME),
        "texts": texts,
        "max_text": MAX_TEXT,
    }


def _first(responses: dict[str, Any], name: str) -> dict[str, Any]:
    """The first variation of a response, or nothing."""
    variations = responses.get(name)
    return _mapping(variations[0] if isinstance(variations, list) and variations else None)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
