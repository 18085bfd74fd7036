"""Going through a task: one step for each message of the customer. Knows needs and texts, nothing of Rasa."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from actions.shop.errors import BadValue, NotFound, Refused, Unsupported
from actions.shop.numbers import Numbers
from actions.tasks import doings, finding, words
from actions.tasks.assent import Assent, assent, begins_with_no
from actions.tasks.catalogue import GIVEN, TASKS
from actions.tasks.task import ALONE, NOTHING, WITHIN, Context, Ended, Say, State
from bot.judgement.danger import names_danger

#: Hours of silence after which the customer is told again what was going on.
SILENT = 6.0
#: Answers in a row that nothing could be made of; then a person takes over.
MISSES = 2
_FILLING = frozenset((
    "the", "a", "an", "my", "one", "ones", "please", "pls", "it", "its", "it's", "for", "with", "and", "of", "order",
    "item", "from", "that", "this", "i", "mean", "meant", "no", "yes", "just", "only", "thanks", "both", "to", "in",
    "then", "instead", "sorry", "ok", "okay", "would", "like", "take",
))
#: A fault told in answer to a read-back has to be as clear as this: "the kettle, not the toaster" is none.
_CLEARLY = 0.8
#: Nobody who complains is asked to praise instead.
_FEEDBACK = frozenset({"complaint", "praise", "leave_review"})
#: What asks for a person: words that do, and the button.
_PERSON = frozenset({"ask_human", "handoff"})
#: Intents that take a task to people at once (route ``support`` in data/nlu, but for questions).
_FAULTS = frozenset({"report_defect", "technical_issue", "site_fault"})
#: Tasks that only tell something, so that what they come between is still wanted.
_LOOK_UPS = frozenset({"track_order", "refund_status", "membership_status", "gift_card_balance", "get_invoice"})
#: Details of an account that can be changed in one go.
_DETAILS = frozenset({"name", "email", "phone"})
#: What a message that wants the shop tried again is made of, one of the first at least.
_AGAIN = frozenset(("again", "retry"))
_TRY = _AGAIN | frozenset((
    "try", "do", "it", "that", "this", "once", "more", "now", "please", "pls", "yes", "yeah", "ok", "okay", "can",
    "could", "you", "we", "i", "let's", "lets", "let", "us", "then", "and", "just", "thanks",
))
#: What stands before another wish that is to come before the one that waits for a yes, or in its place.
_FIRST = re.compile(r"\b(?:first|before)\b", re.I)
_INSTEAD = re.compile(r"\b(?:instead|rather)\b", re.I)
_SEND = re.compile(r"\b(?:send|sending|sent)\b")
_IT = re.compile(r"\b(?:it|that|this|them|the same|same one|the order|that order|this order)\b", re.I)


def clock() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Judged:
    """What the router made of the newest message."""

    route: str = ""
    decision: str = ""
    intent: str = ""
    confidence: float = 1.0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Judged:
        route, decision, intent = (str(told.get(name) or "") for name in ("route", "decision", "intent"))
        return cls(route, decision, intent, float(told.get("confidence") or 0.0))


def begin(intent: str, text: str, before: State | None, numbers: Numbers, later: Sequence[str] = ()) -> State:
    """A new task; `later` are other wishes in the same message. The order that the last one was about is kept where the
    words point back to it."""
    state = State(intent, dict(GIVEN.get(intent, {})), later=list(later), lookups=before.lookups if before else [])
    if before is not None and before.name == intent and before.values.get("order") and finding.means_other(text):
        # The same for another order, as it was said of the one before
        state.values["not"], state.heard = [before.values["order"]], before.heard
        return state
    if before is not None and before.values.get("order") and _IT.search(text) and not numbers.found(text):
        state.values["order"] = before.values["order"]
    return state


def listen(ctx: Context, judged: Judged) -> bool:
    """Takes from the newest message what it gives for the task; False when it is about something else."""
    state = ctx.state
    if names_danger(ctx.text) or finding.types_zero(ctx.text):
        return False  # for people whatever was asked for, and however well it answers that
    if state.asked == "order" and ctx.text in state.question["buttons"]:
        # The rest of the title names an article, which is the button's word and not the customer's.
        ctx.text = words.number(ctx.text)
    text = ctx.text
    if not state.asked:
        state.hear(text)
        for need in ctx.task.needs:
            need.hear(ctx, False)
        return True
    verdict = _verdict(ctx) if state.asked in ("confirm", "again") else Assent.NONE
    again = state.asked == "again" and _tries_again(text)
    # After a failure a yes stands only for who says it again; anything else is read back anew. The key stays, so that
    # what was done without our hearing of it is not done twice.
    state.confirmed = state.confirmed and (again or verdict is Assent.YES)
    if verdict is Assent.YES:
        state.hear(text)
        state.confirmed, state.misses = state.confirmed or state.asked == "confirm", 0
        return True
    if verdict is Assent.NO:
        state.ended = "declined"
        return True
    # Merely possible is enough for a first message; where we have just asked for something it has to be the likeliest.
    person = judged.route == "human" and judged.decision == "handoff" and judged.intent in _PERSON
    # "I don't have that number to hand" is an answer, whatever a classifier makes of the hand.
    lacks = state.asked == "who" and finding.lacks_number(text) and not finding.names_person(text)
    if person and not lacks and not finding.only_values(ctx.numbers.out_of(text)):
        return False
    if finding.leaves(text, state.asked == "reason") and len(text.split()) <= 8:
        state.ended = "left"
        return True
    if state.values.get("reason") == "not_arrived" and finding.wants_resent(text):
        state.ended = "resend"
        return True
    if verdict is Assent.WAIT:
        ctx.say("utter_task_waiting")
        return True
    if _asks_why(ctx, judged):
        ctx.say("utter_task_why_who" if state.asked == "who" else "utter_task_why")
        return True
    choice = _chosen(text, state.question.get("buttons", ()))
    state.hear(text)
    strength = max([choice, *(need.hear(ctx, need.name == state.asked) for need in ctx.task.needs)])
    if person and strength < ALONE:
        return False
    more = verdict is Assent.MORE
    if not again and strength < ALONE and _elsewhere(ctx, judged, strength, more):
        return False
    if not again and _wants_another(ctx, judged, strength, more):
        _switch(ctx, judged.intent)
        return True
    state.misses = state.misses + 1 if strength == NOTHING and not again else 0
    return True


def _verdict(ctx: Context) -> Assent:
    """What is said to what was read back. A yes may say again what the task does, and what was read back. Not what is
    there now, "7" of "from 7 to 8", nor one of several articles or details: "yes, the lamp" may mean the lamp alone.
    After a failure nothing stands read back."""
    task, told = ctx.task, dict(ctx.state.question.get("values", {}))
    told.pop("now", None)
    if re.search(r", | and ", told.get("items", "")):
        told.pop("items")
    # "5" to "13.5 tog goes from 1 to 2" is a number of pieces.
    told.update({name: re.sub(r"\d", " ", told[name]) for name in ("item", "items") if name in told})
    several = len(_DETAILS & told.keys()) > 1
    if several:
        told = {name: value for name, value in told.items() if name not in _DETAILS}
    spoken = task.spoken.replace("{what}", "" if several else str(ctx.value("what")))
    spoken, acts = task.acts_on if ctx.state.asked == "again" else spoken, task.acts
    if ctx.value("reason") == "not_arrived":
        # Whoever says "please send it" of a lost parcel wants the parcel.
        spoken, acts = _SEND.sub(" ", spoken), _SEND.sub(" ", acts)
    return assent(ctx.text, [spoken, *told.values()], acts)


def _tries_again(text: str) -> bool:
    """Whether somebody who was told that the shop cannot be reached says to try it again, and nothing else."""
    said = set(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.lower()))
    return said <= _TRY and not said.isdisjoint(_AGAIN)


def uncertain(state: State) -> bool:
    """Whether a change was tried, and nobody knows whether the shop made it before the line broke."""
    return bool(state.key) and state.name not in _LOOK_UPS


def _asks_why(ctx: Context, judged: Judged) -> bool:
    """Whether the customer wants to know why they are asked. What a complaint or a reason tells may sound so."""
    if judged.decision == "answer" or ctx.state.asked == "text" or not finding.asks_why(ctx.text):
        return False
    return ctx.state.asked != "reason" or finding.is_question(ctx.text)


def _elsewhere(ctx: Context, judged: Judged, strength: int, more: bool) -> bool:
    """Whether a message is for people, a question for the knowledge base, or small talk. One that says `more`
    than yes or no to what was read back is about that, unless it asks something."""
    if judged.decision == "handoff" and judged.route == "support":
        # A first message is for people already where that is merely possible. In a task, where two answers of no use
        # bring a person as well, it has to be the likeliest; and "the smaller ones" asks nothing of an article.
        corrects = more or (ctx.state.asked == "confirm" and strength >= WITHIN)
        if corrects and judged.confidence < _CLEARLY:
            return False
        return judged.intent in _FAULTS or (judged.intent == "product_question" and finding.is_question(ctx.text))
    about_it = more and not finding.is_question(ctx.text)
    if judged.decision == "chat":
        if judged.intent == "goodbye":
            ctx.state.ended = "left"
            return False
        return judged.intent not in ("affirm", "deny", "cancel_task") and strength == NOTHING and not about_it
    if judged.decision == "answer" and not about_it:
        return finding.is_question(ctx.text) or (strength == NOTHING and not _wants_words(ctx, ctx.text))
    # Near some entries, or beyond what the shop knows: what is said to any such question, then the task goes on.
    return judged.decision in ("clarify", "abstain") and strength == NOTHING and finding.is_question(ctx.text)


def _wants_another(ctx: Context, judged: Judged, strength: int, more: bool) -> bool:
    """Whether a message asks for another task: "cancel LM-104281 instead" does, an answer to our question does not. Nor
    does a yes with a condition, unless that is to come first."""
    if more and not (begins_with_no(ctx.text) or _FIRST.search(ctx.text) or _INSTEAD.search(ctx.text)):
        return False
    if {judged.intent, ctx.state.name} <= _FEEDBACK:
        return False
    if judged.decision != "task" or TASKS[judged.intent] is ctx.task or _wants_words(ctx, ctx.text):
        return False
    # The number of an order says nothing more of its status than of anything else.
    names_order = bool(ctx.numbers.found(ctx.text)) and judged.intent != "track_order"
    return strength == NOTHING or (names_order and not finding.only_values(ctx.numbers.out_of(ctx.text)))


def _wants_words(ctx: Context, text: str) -> bool:
    """Whether free text was asked for, so that what the router makes of it does not count."""
    return ctx.state.asked in ("text", "value", "address") and not finding.is_question(text)


def _switch(ctx: Context, intent: str) -> None:
    """The customer wants something else done: that comes first, and with what is known."""
    known = {name: ctx.value(name) for name in ("order", "email") if ctx.value(name)}
    # What only waits for something else to come first is offered again afterwards, in the customer's own words.
    waits = ctx.state.asked == "confirm" and (_FIRST.search(ctx.text) or intent in _LOOK_UPS)
    later = [*(ctx.state.heard[-1:] if waits else ()), *ctx.state.later]
    fresh = State(intent, {**GIVEN.get(intent, {}), **known}, at=ctx.state.at, later=later,
                  lookups=ctx.state.lookups)
    ctx.state.__dict__.update(fresh.__dict__)
    ctx.task = TASKS[intent]
    ctx.state.hear(ctx.text)
    for need in ctx.task.needs:
        need.hear(ctx, False)


def _chosen(text: str, titles: Sequence[str]) -> int:
    """How well a message answers a question by the choices that stood under it."""
    if not titles:
        return NOTHING
    offered = {word for title in titles for word in re.findall(r"[\w']+", title.lower()) if word not in _FILLING}
    words = [word for word in re.findall(r"[\w']+", text.lower()) if word not in _FILLING]
    hits = [word for word in words if any(finding.alike(other, word) for other in offered)]
    if not hits:
        return NOTHING
    return ALONE if len(hits) == len(words) else WITHIN


async def settle(ctx: Context) -> bool:
    """Asks for what is missing (``ctx.state.question``), or returns True when the task can be done.

    Raises Ended and ShopUnavailable.
    """
    state, before, asked_before = ctx.state, dict(ctx.state.question), ctx.state.asked
    question, asked = None, ""
    for need in ctx.task.needs:
        question = await need.settle(ctx)
        if question is not None:
            asked = need.name
            break
    if question is None and ctx.task.reads_back is not None and not state.confirmed:
        question, asked = await ctx.task.reads_back(ctx), "confirm"
    if question is None:
        state.asked, state.question = "", {}
        return True
    same = question.as_dict() == before
    if asked != asked_before or not same:
        # Something came of it, whoever heard it.
        state.misses = 0
    state.asked, state.question = asked, question.as_dict()
    if state.misses >= MISSES:
        state.ended = "unclear"
        return True
    # What was read back and is said once more is no yes; without a word the question would seem not to have heard it.
    if same and (state.misses or (asked == "confirm" and not ctx.said)):
        unclear = "utter_task_yes_or_no" if asked == "confirm" and not uncertain(state) else "utter_task_unclear"
        ctx.say("utter_task_no_answer" if finding.is_question(ctx.text) else unclear)
    return False


async def step(ctx: Context, judged: Judged, now: datetime | None = None) -> tuple[bool, bool]:
    """One message: whether it was for the task, and whether the task needs nothing more. Raises ShopUnavailable."""
    now = now or clock()
    state = ctx.state
    returned = bool(state.asked) and state.silent_for(now) >= SILENT
    mine = listen(ctx, judged)
    state.at = now.isoformat(timespec="seconds")
    if not mine:
        return False, False
    if state.ended:
        return True, True
    if state.name in ctx.shop.terms.lacks:
        state.ended = "refused"
        ctx.say("utter_refused_unsupported")
        return True, True
    unheard = state.misses > 0 and state.name not in _LOOK_UPS
    if state.asked == "again" and ctx.task.reads_back is None and (ctx.said or unheard or begins_with_no(ctx.text)):
        # Nothing is read back before it is done, so after "wait" and "maybe later" it waits for the word to try.
        if state.misses >= MISSES:
            state.ended = "unclear"
        return True, bool(state.ended)
    if returned:
        ctx.say("utter_task_welcome_back")
        state.confirmed = False
    if state.confirmed and state.asked in ("confirm", "again") and ctx.customer is not None:
        # All was looked up before the yes. If this turn died in the middle of the change, or the answer to it was lost,
        # looking again would find it done and call that a reason against it; the key finds what was done.
        return True, True
    try:
        return True, await settle(ctx)
    except (Ended, Refused, BadValue, Unsupported, NotFound) as error:
        await _refused(ctx, error)
        return True, True


async def do(ctx: Context) -> bool:
    """Does the task and says what came of it; False where a value does not fit and is asked for anew.

    Raises ShopUnavailable.
    """
    state = ctx.state
    try:
        await ctx.task.does(ctx)
        state.ended = "done"
    except doings.AskAgain as again:
        await settle(ctx)
        state.question = again.said.as_dict()
        return False
    except (Ended, Refused, BadValue, Unsupported, NotFound) as error:
        await _refused(ctx, error)
    return True


async def _refused(ctx: Context, error: Ended | Refused | BadValue | Unsupported | NotFound) -> None:
    """The task ends here, and the customer hears why."""
    if isinstance(error, Ended):
        ctx.said.extend(error.said)
    elif isinstance(error, (Refused, BadValue)):
        ctx.said.extend(await doings.refused(ctx, error))
    else:
        ctx.say("utter_refused_unsupported" if isinstance(error, Unsupported) else "utter_refused_gone")
    # Not before: the shop is asked for what the customer hears, and may be away by then.
    ctx.state.ended = "refused"


def gathered(state: State) -> dict[str, str]:
    """What is known of the task, for a person who takes over; nothing that opens anything."""
    hidden = {"code", "code_sent", "wants_code", "not", "bad", "pin", "no_number", "wrong", "card", "tried"}
    told = {"task": state.name, "stands": state.ended or f"asked for {state.asked}"}
    for name, value in state.values.items():
        if name in hidden or value in (None, "", [], {}):
            continue
        told[name] = ", ".join(str(part) for part in (value.values() if name != "items" else
                                                     (f"line {k}: {v}" for k, v in value.items())) if part) \
            if isinstance(value, dict) else str(value)
    if state.later:
        told["also wants"] = " / ".join(state.later)
    if uncertain(state) and state.ended not in ("done", "refused"):
        told["may be done"] = "the shop was asked, and its answer is not known"
    if state.values.get("card"):
        told["card"] = f"ends in {str(state.values['card'])[-4:]}"
    return told


__all__ = ["Judged", "Say", "begin", "do", "gathered", "listen", "settle", "step", "uncertain"]
