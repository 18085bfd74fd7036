"""Several wishes in one message: "cancel the lamp and also send me the invoice for the duvet"."""

from __future__ import annotations

import re

from bot.judgement.classifier import Classifier
from bot.judgement.segments import MAX_SEGMENTS, segments
from bot.judgement.tasks import task_of

#: Between two wishes in one sentence, where no comma helps.
_AND = re.compile(r",?\s+(?:and also|and then|as well as|also|plus|and(?= (?:please |pls |then )?(?:send|cancel|change|"
                  r"return|refund|update|track|unsubscribe|close|resend|exchange|swap|set|check)\b))\s+|"
                  r",\s+(?=(?:please |pls |then )?(?:send|cancel|change|return|refund|update|track|unsubscribe|close|"
                  r"resend|exchange|swap)\b)", re.I)
#: As clear as a part has to be to speak for a whole message (bot/judgement/judge.py).
_CLEAR = 0.8
#: What goes along with any other matter, or tells of it: nobody wants to be asked whether to do that as well.
_ALONG = frozenset({"complaint", "praise", "leave_review", "track_order", "return_item", "request_refund"})


def clauses(text: str) -> list[str]:
    """The parts of a message that may each be a wish."""
    parts = [part.strip(" .,;!") for one in segments(text) or [" ".join(text.split())] for part in _AND.split(one)]
    return [part for part in parts if len(part.split()) >= 3][:MAX_SEGMENTS]


def others(text: str, task: str, classifier: Classifier) -> list[str]:
    """The clauses of a message that clearly ask for another task than `task`, which the message as a whole is taken
    for, one for each such task."""
    found = clauses(text)
    if len(found) < 2:
        return []
    head, chances = classifier.head, classifier.intent_probabilities(found)
    told: dict[str, str] = {}
    for clause, row in zip(found, chances, strict=True):
        best = int(row.argmax())
        other = task_of(clause, head.intents[best])
        if row[best] >= _CLEAR and other and other != task and other not in _ALONG:
            told.setdefault(other, clause)
    return list(told.values())
