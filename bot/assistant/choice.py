"""Buttons: what a pressed one stands for. The desk has checked that the bot did offer it."""

from __future__ import annotations

from typing import Any

_HANDOFFS = {
    "human": ("human", "pressed the button for a person"),
    "none": ("service", "none of the offered entries fits"),
}


def parse(text: str, payload: str) -> dict[str, Any]:
    """Rasa's parse data for a pressed button, so that no model has to guess what the customer pointed at.

    `payload` is ``human``, ``none`` (of the offered entries) or ``entry:ID``.
    """
    kind, _, value = payload.partition(":")
    if kind == "entry":
        told = {"route": "service", "decision": "answer", "confidence": 1.0, "intent": "answer", "entry": value,
                "why": "chosen by the customer", "words": [], "candidates": []}
    else:
        route, why = _HANDOFFS.get(kind, ("service", f"a button that nothing stands behind: {payload[:40]}"))
        told = {"route": route, "decision": "handoff", "confidence": 1.0, "intent": "handoff", "entry": None,
                "why": why, "words": [], "candidates": []}
    return {"text": text, "intent": {"name": told["decision"], "confidence": 1.0}, "entities": [], "judgement": told}
