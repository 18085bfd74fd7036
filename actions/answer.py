"""Answering from the knowledge base, offering the nearest entries, and saying that neither is possible."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.latest import failed, judgement
from actions.shop import shop
from bot.conversations.customer import Customer
from bot.judgement.knowledge import Knowledge
from bot.judgement.tasks import TASKS
from bot.settings import read
from kb_index.entry import AGENTS, Entry
from kb_index.snapshot import Snapshot
from kb_index.topics import questions, topics


def entry_button(snapshot: Snapshot, entry: str, language: str = "", verified: bool = False) -> dict[str, str]:
    """A button that asks for one entry, in the customer's language where there is a translation."""
    position = snapshot.families.in_language(snapshot.position[entry], language, verified)
    return {"title": snapshot.entries[position].question, "payload": f"entry:{entry}"}


def language_of(tracker: Tracker) -> str:
    """The language of the page that the customer is on, as the widget told it; empty where it did not."""
    return str((tracker.latest_message.get("metadata") or {}).get("locale") or "")


def is_verified(tracker: Tracker) -> bool:
    """Whether this is a customer who has proved to be the owner of an account; who has only shown an order's number and
    mail address, as both stand on each parcel slip, is none."""
    customer = Customer.of_slot(tracker.get_slot("customer"))
    return customer is not None and customer.scope == "account"


def shown_to(snapshot: Snapshot, entries: Sequence[str], verified: bool) -> list[str]:
    """Those of the entries that are published and that this customer may be told of, each family once."""
    family = snapshot.families.of
    there = [entry for entry in entries if entry in snapshot.position]
    there = list(dict.fromkeys(snapshot.entries[family[snapshot.position[entry]]].id for entry in there))
    return [entry for entry in there if snapshot.entries[snapshot.position[entry]].is_for(verified)]


def open_to(snapshot: Snapshot, verified: bool) -> list[Entry]:
    """All that this customer may be told of, without translations: their originals stand for them."""
    return [entry for entry in snapshot.entries if not entry.translation_of and entry.is_for(verified)]


class ActionAnswer(Action):
    """Says what an editor published, word for word, with the grounds for it."""

    def name(self) -> str:
        return "action_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        told = judgement(tracker)
        snapshot = Knowledge.shared(read().index).current().snapshot
        position = snapshot.position.get(str(told.get("entry")))
        if position is None:
            # The entry was unpublished between the button and the press, or between routing and here.
            handoff = {"team": "service", "reason": "the entry is no longer published", "judgement": told}
            dispatcher.utter_message(response="utter_handoff_unsure", json_message={"handoff": handoff})
            return [SlotSet("failed", 0)]
        verified, language = is_verified(tracker), language_of(tracker)
        position = snapshot.families.in_language(position, language, verified)
        entry = snapshot.entries[position]
        if entry.audience == AGENTS:
            # No button and no match leads here; an older button may, from before it was for agents only.
            handoff = {"team": "service", "reason": "the entry is for agents only", "judgement": told}
            dispatcher.utter_message(response="utter_handoff_unsure", json_message={"handoff": handoff})
            return [SlotSet("failed", 0)]
        if not entry.is_for(verified):
            dispatcher.utter_message(response="utter_for_verified",
                                     json_message={"evidence": {**told, "snapshot": snapshot.name}})
            return [SlotSet("failed", 0)]
        evidence = {
            **told, "entry": entry.id, "version": entry.version, "snapshot": snapshot.name, "question": entry.question
        }
        near = shown_to(snapshot, entry.related, verified)[:2]
        buttons = [entry_button(snapshot, other, language, verified) for other in near]
        shown = {"html": snapshot.html[position], "evidence": evidence}
        if entry.language:
            shown["lang"] = entry.language
        # Of the offer only its button is used; the text is the entry's.
        does = entry.task in TASKS and entry.task not in shop().terms.lacks and not tracker.active_loop_name
        offer = f"utter_offer_{entry.task}" if does else None
        dispatcher.utter_message(text=entry.answer, response=offer, buttons=buttons, json_message=shown)
        if told.get("route") == "sales":
            dispatcher.utter_message(response="utter_sales_offer")
        return [SlotSet("failed", 0)]


class ActionClarify(Action):
    """The one good step between answering and handing over: the two or three nearest entries as buttons."""

    def name(self) -> str:
        return "action_clarify"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        told = judgement(tracker)
        snapshot = Knowledge.shared(read().index).current().snapshot
        verified = is_verified(tracker)
        offered = shown_to(snapshot, [c["entry"] for c in told.get("candidates", [])[:3]], verified)
        if told.get("topic"):
            offered = [entry.id for entry in questions(open_to(snapshot, verified), str(told["topic"]))]
        if not offered and any(c["entry"] in snapshot.position for c in told.get("candidates", [])[:3]):
            dispatcher.utter_message(response="utter_for_verified", json_message={"evidence": told})
            return [SlotSet("failed", failed(tracker) + 1)]
        buttons = [entry_button(snapshot, entry, language_of(tracker), verified) for entry in offered]
        response = "utter_topic" if told.get("topic") else "utter_clarify"
        dispatcher.utter_message(response=response, buttons=buttons, json_message={"evidence": told})
        # Who pressed a topic was understood.
        return [SlotSet("failed", 0 if told.get("topic") else failed(tracker) + 1)]


class ActionAbstain(Action):
    """Says honestly that this is beyond the bot, and offers a person."""

    def name(self) -> str:
        return "action_abstain"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        snapshot = Knowledge.shared(read().index).current().snapshot
        shown = [] if tracker.active_loop_name else topics(open_to(snapshot, is_verified(tracker)))
        buttons = [{"title": topic.title, "payload": f"topic:{topic.name}"} for topic in shown]
        dispatcher.utter_message(response="utter_abstain", buttons=buttons,
                                 json_message={"evidence": judgement(tracker)})
        return [SlotSet("failed", failed(tracker) + 1)]

