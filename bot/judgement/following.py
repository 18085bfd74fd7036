"""Messages that mean something only after what was said before: "and how long does that take?", "what about shoes?".

The bars were computed with questions that stand alone, and they say nothing of these: "when do they expire?" is surely
near to one entry, whatever "they" are. So such a message is answered only where it finds the same entry with what it
follows as without; else the nearest of both are offered.

Pure: texts and readings in, a judgement out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.judgement.judgement import Judgement, Reading
from bot.judgement.router import OFFERED, Bars, by_the_very_words
from kb_index.retriever import Candidate

#: Longer ones say by themselves what they are about, the shorter the less.
_WORDS, _FEW = 9, 5
_GOES_ON = re.compile(r"\W*(?:and|but|so|or|ok(?:ay)?|what about|how about|then)\b(?!\W*\Z)", re.I)
_POINTS = re.compile(
    r"\b(?:it|its|it's|that|that's|this|they|them|their|these|those|there|one|ones|either|neither)\b", re.I)
#: "Is it possible to …", "is there …" and "that I …" point at nothing.
_POINTS_NOT = re.compile(
    r"\b(?:is|was|are|were|will|would|can) (?:it|there)\b(?= (?:possible|ok(?:ay)?|a|an|any|some|too|free)\b)|"
    r"\b(?:so|now|sure|say|says|think|hope|know|fact) that\b|\bone of\b|\bthat (?:i|we|you)\b", re.I)
_UNDO = re.compile(
    r"\b(?:un-?do|un-?cancel|reverse|revert|re-?instate|re-?open|put (?:it|that|everything) back|take (?:it|that) back|"
    r"(?:didn'?t|did not) (?:mean|want) (?:to|that|it)|that was (?:a |my )?mistake|by (?:mistake|accident)|"
    r"go back on (?:it|that))\b", re.I)
_OTHER = re.compile(
    r"\W*(?:(?:no|sorry|oh|ok(?:ay)?|and|but|i meant?|what about|then|well)\W+)*(?:not (?:that|this) (?:one|order)\W+)?"
    r"(?:the )?(?:other|second|first|older|newer|previous) (?:one|order)(?: (?:then|please|instead))?\W*", re.I)
#: Why people get it then.
UNDONE = "wants back what was just done"
_UNSURE = frozenset({"answer", "clarify", "abstain"})
#: What a task was about, for what is asked after it.
TOPICS = {
    "track_order": "delivery of my order", "get_invoice": "invoice", "change_delivery": "changing the delivery",
    "change_order": "changing my order", "cancel_order": "refund for a cancelled order",
    "return_item": "returning an item", "request_refund": "refund for a return",
    "refund_status": "refund", "exchange_item": "exchange for another size",
    "edit_account": "changing account details", "newsletter": "newsletter", "reset_password": "password link by mail",
    "unlock_account": "account locked", "close_account": "closing my account", "membership_status": "membership points",
    "gift_card_balance": "gift card balance",
}


def follows(text: str) -> bool:
    """Whether a message points at what was said before."""
    told, words = _POINTS_NOT.sub(" ", text.replace("’", "'")), len(text.split())
    return words <= _WORDS and bool(_POINTS.search(told) or (words <= _FEW and _GOES_ON.match(told)))


def wants_undone(text: str) -> bool:
    """Whether somebody wants back what was just done for them."""
    return len(text.split()) <= 2 * _WORDS and bool(_UNDO.search(text.replace("’", "'")))


def wants_other(text: str) -> bool:
    """Whether somebody for whom a task could not be done wants it done with another order."""
    return bool(_OTHER.fullmatch(text))


def again(task: str, reading: Reading) -> Judgement:
    """The task once more."""
    return Judgement("service", "task", 1.0, task, "the same for another order", "", reading.candidates)


def in_context(judged: Judgement, reading: Reading, together: Sequence[Candidate], bars: Bars) -> Judgement:
    """The judgement on a message that follows, with what is found for it `together` with what it follows."""
    if judged.decision not in _UNSURE or not together or by_the_very_words(reading):
        return judged
    if judged.decision == "answer" and judged.entry == together[0].entry:
        return judged
    sure = bars.confidence.of(reading.finding(together))
    if judged.decision == "abstain" and sure < bars.offer:
        return judged
    alone = [one for one in reading.candidates if judged.decision != "abstain"]
    offered = {one.entry: one for one in [*together[: OFFERED - 1], *alone[:1], *together[OFFERED - 1 :], *alone[1:]]}
    route = "service" if judged.route == "out_of_scope" else judged.route
    return replace(judged, route=route, decision="clarify", confidence=sure, entry="",
                   candidates=tuple(offered.values()), why="what it means depends on what was said before")


def undone(reading: Reading) -> Judgement:
    """People take back what the bot cannot."""
    return Judgement("service", "handoff", 1.0, reading.intent, UNDONE, "", reading.candidates)
