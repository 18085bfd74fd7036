"""The turn that an action runs in: the idempotency key of what it changes elsewhere."""

from __future__ import annotations

from rasa_sdk import Tracker


def key(tracker: Tracker, what: str) -> str:
    """The idempotency key for doing `what` in this turn: the same in every attempt at it, other in every other turn.

    It rests on the id of the customer's turn (:attr:`bot.conversations.turn.Turn.id`), which the worker gives to Rasa
    as the message's id. A `what` that is done more than once in a turn has to say which, such as ``return:2``.
    """
    for event in reversed(tracker.events):
        if event.get("event") == "user" and event.get("message_id"):
            return f"{event['message_id']}:{what}"
    return f"{tracker.sender_id}:{len(tracker.events)}:{what}"
