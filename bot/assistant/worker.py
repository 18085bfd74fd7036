"""The worker: takes turns from the conversation store, has Rasa handle them, commits each whole or not at all."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import socket
from collections.abc import Sequence
from weakref import WeakValueDictionary

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered

from actions.tasks.assent import Assent, assent
from actions.tasks.dialogue import gathered, uncertain
from actions.tasks.task import State
from bot.assistant import choice
from bot.assistant.replies import Replies
from bot.assistant.tracker_store import TurnTrackerStore
from bot.conversations import keys, packet
from bot.conversations.customer import Customer
from bot.conversations.errors import StoreUnavailable
from bot.conversations.record import Record, shown
from bot.conversations.store import Conversations
from bot.conversations.turn import Commit, Handoff, Turn
from bot.judgement.classifier import Classifier
from bot.judgement.words import deciding_words

log = logging.getLogger(__name__)

#: Turns that one worker works on at once: enough to be busy while the store answers, no more, since Rasa computes on
#: one thread.
AT_ONCE = 4
_HEARTBEAT = 5.0
#: A turn that failed this often is handed to people instead of being tried for ever.
_ATTEMPTS = 3
#: Seconds after which a turn that still waits, on a shop's backend for example, has failed.
_PATIENCE = 30.0
#: Records of a talk with people that the bot knows of afterwards.
_REMEMBERED = 50
#: The slot that tells actions who it is (bot.conversations.customer); an action that finds out sets it.
_CUSTOMER = "customer"
#: The slot with the task on its way (actions.tasks.task.State).
_TASK = "task"


class Worker:
    """One assistant process's work. `run` returns after `stop`, when the turns in hand are committed."""

    def __init__(
        self, conversations: Conversations, agent: Agent, trackers: TurnTrackerStore, classifier: Classifier,
    ) -> None:
        self.conversations = conversations
        self.agent = agent
        self.trackers = trackers
        self.classifier = classifier
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._stopping = asyncio.Event()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        beat = asyncio.create_task(self._beat())
        await asyncio.gather(*(self._loop() for _ in range(AT_ONCE)))
        beat.cancel()
        try:
            await self.conversations.call("ZREM", keys.WORKERS, self.id)
        except StoreUnavailable as error:
            log.debug("could not sign off: %s", error)

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                turn = await self.conversations.take()
                if turn is None:
                    await self._wait()
                    continue
                await self._handle(turn)
            except StoreUnavailable as error:
                log.warning("%s; trying again", error)
                await asyncio.sleep(1)
            except Exception:
                # The lease runs out and the turn is done again, by this worker or another.
                log.exception("a turn failed outside of its handling")
                await asyncio.sleep(1)

    async def _wait(self) -> None:
        """Until the bell rings, a second is over, or we are told to stop."""
        ring = asyncio.create_task(self.conversations.wait_for_turn(1))
        stop = asyncio.create_task(self._stopping.wait())
        done, pending = await asyncio.wait({ring, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if ring in pending:
            # Cancelled between a bell token and our take, the take of the next worker still finds the conversation.
            ring.cancel()
        await asyncio.gather(ring, stop, return_exceptions=True)
        if ring in done and ring.exception() is not None:
            raise ring.exception()  # type: ignore[misc]

    async def _beat(self) -> None:
        while True:
            try:
                now = await self.conversations.now()
                await self.conversations.call("ZADD", keys.WORKERS, now, self.id)
                gone = now - 10 * keys.PRESENCE_SECONDS
                await self.conversations.call("ZREMRANGEBYSCORE", keys.WORKERS, "-inf", gone)
            except StoreUnavailable as error:
                log.debug("no heartbeat: %s", error)
            await asyncio.sleep(_HEARTBEAT)

    async def _handle(self, turn: Turn) -> None:
        renewal = asyncio.create_task(self._renew(turn))
        try:
            # A lease that ran out while this process slept can bring a conversation back to it before the first
            # attempt has noticed; both would write to one tracker.
            async with self._locks.setdefault(turn.cid, asyncio.Lock()):
                await self._attempt(turn)
        finally:
            renewal.cancel()

    async def _attempt(self, turn: Turn) -> None:
        try:
            if turn.attempts > _ATTEMPTS:
                # It killed the workers that tried it: those that only failed have handed it over themselves.
                log.error("turn %s never came to an end in %d attempts", turn.id, turn.attempts - 1)
                self.trackers.forget(turn.cid)
                commit = await self._trouble(turn)
            else:
                commit = await asyncio.wait_for(self._answer(turn), _PATIENCE)
            outcome = await self.conversations.commit(turn, commit)
        except StoreUnavailable:
            # Not known whether the commit went through: if it did, the lease is gone and nothing is done twice.
            self.trackers.forget(turn.cid)
            raise
        except Exception:
            self.trackers.forget(turn.cid)
            log.exception("turn %s failed (attempt %d)", turn.id, turn.attempts)
            ours = (await self.conversations.state(turn.cid)).epoch == turn.epoch
            if ours and turn.attempts < _ATTEMPTS:
                await asyncio.sleep(0.2)
                await self._give_up_lease(turn)
                return
            commit = await self._trouble(turn)
            outcome = await self.conversations.commit(turn, commit)
        if outcome == "ok":
            self.trackers.committed(turn.cid, turn.commits + 1)
        else:
            log.info("turn %s was %s: nothing of it was kept", turn.id, outcome)
            self.trackers.forget(turn.cid)
            await self._tell_what_was_done(turn, commit)

    async def _answer(self, turn: Turn) -> Commit:
        """Has Rasa handle the turn and gathers all that it changes."""
        if not self.trackers.has(turn.cid, turn.commits):
            events, slots = await self.conversations.tracker(turn.cid)
            self.trackers.restore(turn.cid, turn.commits, events, slots)
        tracker = self.trackers.begin(turn.cid)
        known = turn.customer.as_slot() if turn.customer else None
        gone = known is None and tracker.get_slot(_CUSTOMER) is not None
        if (turn.returned or gone) and tracker.active_loop_name:
            # What people have had in hand since is settled with them, and what was asked before a conversation's end is
            # over: nobody answers the bot's question of before.
            tracker.update(ActiveLoop(None))
            tracker.update(SlotSet(REQUESTED_SLOT, None))
        if gone:
            # What was looked up for a customer is nothing for whoever opens the conversation after them.
            tracker.update(SlotSet(_TASK, None))
        for event in _heard(turn.unheard):
            tracker.update(event)
        # Who it is stands in the conversation, where the site's page may have told it since the last turn.
        if tracker.get_slot(_CUSTOMER) != known:
            tracker.update(SlotSet(_CUSTOMER, known))
        replies = Replies()
        last = turn.messages[-1]
        text, parse_data = turn.text, None
        if last.get("payload"):
            text = last["text"]
            parse_data = choice.parse(text, last["payload"])
        elif not text:
            text = shown(last)
            parse_data = choice.files(text)
        told = {name: value for name, value in (("locale", turn.locale), ("whose", turn.whose)) if value}
        message = UserMessage(
            _as_text(text), replies, turn.cid, parse_data=parse_data,
            input_channel=replies.name(), message_id=turn.id, metadata=told or None,
        )
        processor = self.agent.processor
        assert processor is not None
        await processor.handle_message(message)
        if not replies.records:
            raise RuntimeError(f"nothing was said in answer to turn {turn.id}")
        events, slots_now = self.trackers.changes(turn.cid)
        commit = Commit(replies=replies.records, tracker_events=events, slots=slots_now)
        proved = Customer.of_slot(self.trackers.slot(turn.cid, _CUSTOMER))
        if proved != turn.customer:
            commit.customer = proved
        if replies.handoff is not None:
            commit.handoff = await self._handoff(turn, replies, commit.customer)
        return commit

    async def _handoff(self, turn: Turn, replies: Replies, customer: Customer | None = None) -> Handoff:
        told = dict(replies.handoff or {})
        judgement = dict(told.get("judgement") or {})
        if judgement.get("route"):
            judgement["words"] = deciding_words(turn.text, judgement["route"], self.classifier)
        state = await self.conversations.state(turn.cid)
        records = [r for r in await self.conversations.records(turn.cid) if r["seq"] <= turn.messages[-1]["seq"]]
        built = packet.build(state, records, replies.records, {**told, "judgement": judgement}, customer)
        return Handoff(team=told.get("team", "service"), why=_why(judgement), packet=built)

    async def _trouble(self, turn: Turn) -> Commit:
        """What is said when a turn cannot be handled at all: an honest sentence, and people."""
        domain = self.agent.domain
        _, slots = await self.conversations.tracker(turn.cid)
        task = None if turn.returned else _under_way(slots)
        if task is not None and task.asked == "confirm" and assent(turn.text) is not Assent.NO:
            # It may have been the yes, and the change may have been made before the turn failed.
            task.key = turn.id
        unsure = task is not None and uncertain(task)
        text = domain.responses["utter_trouble_unsure" if unsure else "utter_trouble"][0]["text"] if domain else ""
        replies = Replies()
        replies.say(text)
        replies.handoff = {"team": "service", "reason": "the assistant failed at this message", "judgement": {}}
        if task is not None:
            replies.handoff["what"] = {"order": task.values.get("order"), "values": gathered(task)}
            replies.handoff["lookups"] = task.lookups
        try:
            handoff = await self._handoff(turn, replies)
        except StoreUnavailable:
            raise
        except Exception:
            # What failed may have been the packet itself; the agent still has the transcript.
            log.exception("no full packet for turn %s", turn.id)
            state = await self.conversations.state(turn.cid)
            handoff = Handoff("service", "unsure", packet.build(state, [], replies.records, replies.handoff))
        return Commit(replies=replies.records, slots=slots or "{}", handoff=handoff)

    async def _tell_what_was_done(self, turn: Turn, commit: Commit) -> None:
        """A note for whoever took the conversation while a task was carried out: nobody heard the answer to it, and
        what is done stays done. Where the bot still has the conversation, the turn done again tells it."""
        if not _carried_out(commit) or (await self.conversations.state(turn.cid)).epoch == turn.epoch:
            return
        said = " ".join(str(reply["text"]) for reply in commit.replies)
        text = ("The bot was at this just as the conversation was taken over, and the customer has not seen its "
                f"answer: “{said}”")
        await self.conversations.note(turn.cid, "", "The bot", f"{turn.id}-{turn.lease}", text)

    async def _renew(self, turn: Turn) -> None:
        while True:
            await asyncio.sleep(keys.LEASE_SECONDS / 3)
            try:
                if not await self.conversations.renew(turn):
                    return
            except StoreUnavailable as error:
                log.warning("the lease of turn %s was not renewed: %s", turn.id, error)

    async def _give_up_lease(self, turn: Turn) -> None:
        """Puts the conversation back at once rather than after the lease."""
        await self.conversations.renew(turn, 0)


def _as_text(text: str) -> str:
    """Rasa reads a leading slash as a command; what customers type is text (law 10)."""
    return "\u2215" + text.lstrip()[1:] if text.lstrip().startswith("/") else text


def _why(judgement: dict[str, object]) -> str:
    """The short reason that the queue shows."""
    route, intent = judgement.get("route"), judgement.get("intent")
    if route == "human":
        return "person"
    if route == "support":
        return {"report_defect": "fault", "product_question": "question"}.get(str(intent), "technical")
    return "unsure"


def _carried_out(commit: Commit) -> bool:
    """Whether a task was carried out in this turn, or may have been where the shop's answer did not come."""
    if commit.handoff is not None and "may be done" in commit.handoff.packet["what"]["values"]:
        return True
    tasks = [event["value"] for event in map(json.loads, commit.tracker_events)
             if event["event"] == "slot" and event["name"] == _TASK and event["value"]]
    return bool(tasks) and bool(tasks[-1]["key"]) and (tasks[-1]["ended"] == "done" or tasks[-1]["asked"] == "again")


def _under_way(slots: str | None) -> State | None:
    """The task that the conversation was in at the last commit."""
    told = json.loads(slots or "{}")
    return State.of(told.get("slots", {}).get(_TASK)) if told.get("loop") else None


def _heard(records: Sequence[Record]) -> list[Event]:
    """What was said while people had the conversation, as events that make the bot know it without acting on it; of a
    long talk its end."""
    events: list[Event] = []
    for record in records[-_REMEMBERED:]:
        if record["from"] == "customer":
            events.append(UserUttered(shown(record), {"name": "said_to_agent", "confidence": 1.0}))
            events.append(ActionExecuted("action_listen"))
        else:
            events.append(BotUttered(shown(record), metadata={"from": "agent", "note": record["kind"] == "note"}))
    return events

