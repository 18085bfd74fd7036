"""Handing a conversation over to people; the commit of the turn moves it to the queue (bot.assistant.worker)."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.latest import judgement
from actions.named import named

#: What is said where the issue is not one of the customer's own product.
_SUPPORT = {"product_question": "utter_handoff_question", "site_fault": "utter_handoff_site"}


class ActionHandoff(Action):
    """Tells the customer what happens next and asks the worker to move the conversation to a queue."""

    def name(self) -> str:
        return "action_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        told = judgement(tracker)
        route, intent = str(told.get("route", "")), str(told.get("intent", ""))
        if route == "support":
            response = _SUPPORT.get(intent, "utter_handoff_support")
        elif route == "human":
            response = "utter_handoff_human"
        else:
            response = "utter_handoff_unsure"
        team = "support" if route == "support" else "service"
        said = [str(event.get("text") or "") for event in tracker.events if event.get("event") == "user"]
        handoff = {"team": team, "reason": str(told.get("why", "")), "judgement": told, "what": named(said)}
        dispatcher.utter_message(response=response, json_message={"handoff": handoff, "evidence": told})
        return [SlotSet("failed", 0)]
