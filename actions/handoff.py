"""Handing a conversation over to people; the commit of the turn moves it to the queue (bot.assistant.worker)."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.latest import judgement
from actions.named import named
from actions.shop import shop
from actions.tasks.dialogue import gathered
from actions.tasks.task import State
from bot.judgement.danger import names_danger
from bot.judgement.following import UNDONE

#: What is said where the issue is not one of the customer's own product.
_SUPPORT = {"product_question": "utter_handoff_question", "site_fault": "utter_handoff_site"}


class ActionHandoff(Action):
    """Tells the customer what happens next and asks the worker to move the conversation to a queue."""

    def name(self) -> str:
        return "action_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        told = judgement(tracker)
        route, intent = str(told.get("route", "")), str(told.get("intent", ""))
        danger = names_danger(str(tracker.latest_message.get("text") or ""))
        if danger:
            response = "utter_handoff_danger"
        elif route == "support":
            response = _SUPPORT.get(intent, "utter_handoff_support")
        elif told.get("why") == UNDONE:
            response = "utter_handoff_undo"
        elif route == "human":
            response = "utter_handoff_human"
        else:
            response = "utter_handoff_unsure"
        team = "support" if route == "support" else "service"
        hand_over(dispatcher, tracker, response, str(told.get("why", "")), team, danger)
        ended = [ActiveLoop(None), SlotSet("requested_slot", None)] if tracker.active_loop_name else []
        return [SlotSet("failed", 0), *ended]


def hand_over(
    dispatcher: CollectingDispatcher, tracker: Tracker, response: str, reason: str, team: str = "service",
    urgent: bool = False, task: State | None = None,
) -> None:
    """Says `response` and asks for the handoff, with all that the customer named and what a task had gathered. What is
    `urgent` goes before all that waits, `task` is what ends by it."""
    told = judgement(tracker)
    said = [str(event.get("text") or "") for event in tracker.events if event.get("event") == "user"]
    state = task or State.of(tracker.get_slot("task"))
    lookups = state.lookups if state is not None else []
    bought = [str(item["name"]) for one in lookups for item in one["order"]["items"]]
    terms = shop().terms
    what: dict[str, Any] = dict(named(said, terms.numbers, [*terms.goods, *bought]))
    if state is not None:
        what["values"] = gathered(state)
        chosen = state.values.get("order")
        if task is not None or tracker.active_loop_name:
            what["order"] = named(said[-1:], terms.numbers, ())["order"] or chosen or what["order"]
        else:
            # Of a task that is over: what was named is nearer to what people are wanted for.
            what["order"] = what["order"] or chosen
    if told.get("also"):
        what.setdefault("values", {})["also wants"] = " / ".join(told["also"])
    handoff = {"team": team, "reason": reason, "judgement": told, "what": what, "lookups": lookups, "urgent": urgent}
    dispatcher.utter_message(response=response, json_message={"handoff": handoff, "evidence": told})
