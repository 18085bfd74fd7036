"""What needs no model to be read: pressed buttons, which the desk has checked, and files without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.judgement.tasks import TASKS

_CHOSEN = "chosen by the customer"
_NONE = "none of the offered entries fits"
_HANDOFFS = {
    "human": ("human", "pressed the button for a person"),
    "none": ("service", _NONE),
}


def parse(text: str, payload: str) -> dict[str, Any]:
    """Rasa's parse data for a pressed button, so that no model has to guess what the customer pointed at.

    `payload` is ``human``, ``none`` (of the offered entries), ``entry:ID``, ``task:INTENT``
    or ``topic:CATEGORY``.
    """
    kind, _, value = payload.partition(":")
    if kind == "entry":
        told = {"route": "service", "decision": "answer", "confidence": 1.0, "intent": "answer", "entry": value,
                "why": _CHOSEN, "words": [], "candidates": []}
    elif kind == "task" and value in TASKS:
        told = {"route": "service", "decision": "task", "confidence": 1.0, "intent": value, "entry": None,
                "why": _CHOSEN, "words": [], "candidates": []}
    elif kind == "topic":
        told = {"route": "service", "decision": "clarify", "confidence": 1.0, "intent": "clarify", "entry": None,
                "why": _CHOSEN, "words": [], "candidates": [], "topic": value}
    else:
        route, why = _HANDOFFS.get(kind, ("service", f"a button that nothing stands behind: {payload[:40]}"))
        told = {"route": route, "decision": "handoff", "confidence": 1.0, "intent": "handoff", "entry": None,
                "why": why, "words": [], "candidates": []}
    return _parsed(text, told)


def leads_away(told: Mapping[str, Any]) -> bool:
    """Whether a judgement is that of a pressed button which is about no task, whatever its title says: one for an
    entry, for a topic, or for none of the entries."""
    return told.get("why") == _NONE or (told.get("why") == _CHOSEN and told.get("decision") != "task")


def files(text: str) -> dict[str, Any]:
    """Rasa's parse data for a turn in which the customer sent files and no word; `text` names the files."""
    return _parsed(text, {"route": "support", "decision": "files", "confidence": 1.0, "intent": "files", "entry": None,
                          "why": "sent a file without a word", "words": [], "candidates": []})


def _parsed(text: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"text": text, "intent": {"name": told["decision"], "confidence": 1.0}, "entities": [], "judgement": told}
