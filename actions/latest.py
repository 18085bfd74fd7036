"""What the router decided about the newest message, as actions find it on the tracker."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker


def judgement(tracker: Tracker) -> dict[str, Any]:
    """The judgement that :class:`bot.assistant.components.Router` set, or an empty dict in tests without a pipeline."""
    return dict(tracker.latest_message.get("judgement") or {})


def failed(tracker: Tracker) -> int:
    """Turns in a row that ended without an answer."""
    return int(tracker.get_slot("failed") or 0)
