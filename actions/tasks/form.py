"""Tasks as Rasa sees them: one form, ``task_form``, that stays open while a task is on its way.

Rasa's form carries what forms are good at: it stays active from turn to turn, lets rules answer what is not for it,
comes back after them, and ends. What it asks for is decided by :mod:`actions.tasks.dialogue`: its one required slot,
``task_ready``, is filled when nothing is missing any more.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import turn
from actions.handoff import hand_over
from actions.latest import judgement
from actions.shop import shop
from actions.shop.errors import ShopUnavailable
from actions.tasks import dialogue
from actions.tasks.catalogue import TASKS
from actions.tasks.task import Context, Say, State
from bot.assistant.choice import leads_away
from bot.conversations.errors import StoreUnavailable
from bot.database import DatabaseUnavailable

log = logging.getLogger(__name__)

#: Seconds for all that one message asks of the shop: fewer than the worker's, whose end would forget what was tried.
_PATIENCE = 20.0
_DOWN = Say("utter_shop_down")
#: What is said where a task ends without being done.
_ENDS = {"left": "utter_task_left", "declined": "utter_task_declined"}


class ActionTaskBegin(Action):
    """Opens the task that the router named; the form does the rest."""

    def name(self) -> str:
        return "action_task_begin"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        text = str(tracker.latest_message.get("text") or "")
        told = judgement(tracker)
        before, numbers = State.of(tracker.get_slot("task")), shop().terms.numbers
        state = dialogue.begin(str(told["intent"]), text, before, numbers, told.get("also") or ())
        return [SlotSet("task", state.as_slot()), SlotSet("task_ready", None), SlotSet("failed", 0)]


class ValidateTaskForm(Action):
    """Hears the newest message, and does the task once nothing is missing. No events means that the message is not "
      "for the task: Rasa then looks for a rule."""

    def name(self) -> str:
        return "validate_task_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        told = judgement(tracker)
        if told.get("decision") == "files" or leads_away(told):
            return []  # a file's name answers nothing, nor does an entry's title
        ctx = _context(tracker)
        try:
            mine, ready = await asyncio.wait_for(self._go_on(ctx, tracker), _PATIENCE)
            if not mine:
                return []
        except (ShopUnavailable, StoreUnavailable, DatabaseUnavailable, asyncio.TimeoutError) as error:
            log.warning("%s failed: %r", ctx.state.name, error)
            ready = False
            ctx.state.asked, ctx.state.question = "again", _DOWN.as_dict()
        except Exception:
            # Rasa takes a form that fails for one that rejects the message: it would drop all that was said and look
            # for a rule, and an unlucky yes would be answered with good cheer.
            log.exception("%s failed; the conversation goes to a person", ctx.state.name)
            ready, ctx.state.ended = True, "failed"
        _speak(dispatcher, ctx.said)
        # A form ends only by its slot, and a turn in which nothing changed would be taken for one not understood.
        known = [SlotSet("customer", ctx.customer)] if ctx.proved else []
        return [SlotSet("task", ctx.state.as_slot()), *known, SlotSet("task_ready", True if ready else None)]

    @staticmethod
    async def _go_on(ctx: Context, tracker: Tracker) -> tuple[bool, bool]:
        """Whether the message was for the task, and whether the task is at its end."""
        mine, ready = await dialogue.step(ctx, dialogue.Judged.of(judgement(tracker)))
        if mine and ready and not ctx.state.ended:
            # Kept from the first try on, so that a second one after a failure is the same request to the shop.
            ctx.state.key = ctx.state.key or turn.key(tracker, ctx.state.name)
            ready = await dialogue.do(ctx)
        return mine, ready


class ActionAskTask(Action):
    """Says the question that is open; once more when something else came in between."""

    def name(self) -> str:
        return "action_ask_task_form_task_ready"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        state = State.of(tracker.get_slot("task"))
        assert state is not None
        if _interrupted(tracker):
            dispatcher.utter_message(response="utter_task_resume")
        question = state.question
        _speak(dispatcher, [Say(question["response"], question["values"], question["buttons"])])
        return []


class ActionTaskEnd(Action):
    """Comes after the form. What was done is said by then; here is what is said where it was not."""

    def name(self) -> str:
        return "action_task_end"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        state = State.of(tracker.get_slot("task"))
        ended = state.ended if state else ""
        if ended == "unclear":
            hand_over(dispatcher, tracker, "utter_handoff_task", "two answers in a row that the task could not use",
                      task=state)
        elif state and ended == "failed":
            hand_over(dispatcher, tracker, "utter_trouble_unsure" if dialogue.uncertain(state) else "utter_trouble",
                      f"the task {state.name} failed", task=state)
        elif ended == "resend":
            hand_over(dispatcher, tracker, "utter_handoff_resend",
                      "wants a lost parcel sent again, which the bot cannot do", task=state)
        elif state and ended in _ENDS:
            order = str(state.values.get("order") or "")
            unsure = "utter_task_uncertain_order" if order else "utter_task_uncertain"
            dispatcher.utter_message(response=unsure if dialogue.uncertain(state) else _ENDS[ended], order=order)
        if state and state.later and ended in ("done", "declined", "refused"):
            # In the customer's own words, so that a press is a message like any other.
            dispatcher.utter_message(response="utter_task_also", buttons=[{"title": wish, "payload": ""}
                                                                          for wish in state.later])
        return [SlotSet("failed", 0)]


def _context(tracker: Tracker) -> Context:
    state = State.of(tracker.get_slot("task"))
    assert state is not None, "the form runs without a task"
    told = judgement(tracker)
    return Context(
        task=TASKS[state.name], state=state, shop=shop(), conversation=tracker.sender_id,
        turn=turn.key(tracker, "turn"), text=str(tracker.latest_message.get("text") or ""),
        intent=str(told.get("intent") or ""), customer=tracker.get_slot("customer"),
        whose=str((tracker.latest_message.get("metadata") or {}).get("whose") or ""),
    )


def _speak(dispatcher: CollectingDispatcher, said: list[Say]) -> None:
    for one in said:
        buttons = [{"title": title, "payload": ""} for title in one.buttons]
        more: dict[str, Any] = {"buttons": buttons} if buttons else {}
        dispatcher.utter_message(response=one.response, **{k: str(v) for k, v in one.values.items()}, **more)


def _interrupted(tracker: Tracker) -> bool:
    """Whether something else was said in this turn before the form came back."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        said_by = (event.get("metadata") or {}).get("utter_action", "")
        if event.get("event") == "bot" and not said_by.startswith(("utter_task_", "utter_verified", "utter_verify_")):
            return True
    return False
