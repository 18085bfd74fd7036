"""The assistant's output channel: collects what a turn says until the turn is committed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot.conversations.record import Record, message
from kb_index.markdown import render

_ESCAPED = re.compile(r"\\([\[\]<>`*\\])")
#: The bot's own sentences come again and again.
_rendered = lru_cache(500)(render)


class Replies(OutputChannel):
    """Turns Rasa's bot messages into records; a handoff that an action asks for is kept aside for the commit."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.handoff: dict[str, Any] | None = None

    @classmethod
    def name(cls) -> str:
        return "frontdesk"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        custom = message.get("custom") or {}
        self.handoff = custom.get("handoff") or self.handoff
        if message.get("text"):
            buttons = message.get("buttons") or ()
            html, lang = custom.get("html") or "", custom.get("lang") or ""
            self.say(message["text"], buttons, html, custom.get("evidence"), lang)

    def say(
        self, text: str, buttons: Sequence[Mapping[str, str]] = (), html: str = "",
        evidence: Mapping[str, Any] | None = None, lang: str = "",
    ) -> None:
        """Adds one message. Titles go to the customer, what they stand for stays with us; `lang` is the language of
        its words, where that is known."""
        # "None of these" reads right only after what it refers to.
        ordered = sorted(buttons, key=lambda button: button.get("payload") == "none")
        more: dict[str, Any] = {"html": html or _rendered(text)}
        if ordered:
            more["buttons"] = [{"title": button["title"]} for button in ordered]
            more["payloads"] = [button.get("payload", "") for button in ordered]
        if lang:
            more["lang"] = lang
        if evidence:
            more["evidence"] = dict(evidence)
        # What customers typed is escaped for Markdown (actions.tasks.words.plain); the plain text shows it as it was.
        self.records.append(message("bot", text if html else _ESCAPED.sub(r"\1", text), **more))
