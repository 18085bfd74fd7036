"""The decision: pure rules from a reading and the bars of the published calibration to what the bot does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.judgement.confidence import Confidence
from bot.judgement.danger import names_danger
from bot.judgement.judgement import Judgement, Reading
from bot.judgement.tasks import (
    asks_after_order,
    asks_in_between,
    asks_where,
    form_of,
    gives_only_values,
    names_card,
    names_order,
    task_of,
)
from kb_index.retriever import Candidate

_ZERO = re.compile(r"\W*0\W*")
_NO_LETTERS = re.compile(r"[\W\d_]*")
#: Characters. The desk takes no longer message, and the encoder reads only the first hundred words, so what it says of
#: a longer one is about a part.
_LONGEST = 2_000
#: Offering fewer than the best three is no choice; offering more is a list to read.
OFFERED = 3
#: How sure a second reading has to be. Among some forty intents one with 0.3 leads, which is enough where it is clear
#: that the message is for the service team.
_CLEARLY, _LIKELY, _LEADS = 0.8, 0.5, 0.3
#: So likely out of scope are five of 468 of the sample shop's tests that were answered rightly, and a third of what is
#: out of scope and was answered.
_BEYOND = 0.7
_NEVER = float("inf")
_FAULTS = frozenset({"report_defect", "technical_issue", "site_fault"})


@dataclass(frozen=True)
class Bars:
    """The bars of one snapshot: `answer` on the confidence of the nearest entry, `offer` for showing it as a choice,
    `people` on the probability that a message is for support or asks for a person, `people_though_sure` on the same
    where the nearest entry is above the answer bar, `scope` on the probability that it is out of scope, above which a
    message without an answer is none for the service team. `search` is the answer bar of a plain search, where nobody
    is handed over. `languages` are the answer bars where a translation is what was found, by its language; `foreign` is
    the one where an original was found by a message that the classifier does not read."""

    answer: float
    offer: float
    people: float
    people_though_sure: float
    scope: float
    search: float
    confidence: Confidence
    languages: Mapping[str, float] = field(default_factory=dict)
    foreign: float = _NEVER

    @classmethod
    def parse(cls, calibration: Mapping[str, Any]) -> Bars:
        return cls(
            answer=_number(calibration["answer"]["value"]), offer=_number(calibration["offer"]["value"]),
            people=_number(calibration["people"]["value"]),
            people_though_sure=_number(calibration["people_though_sure"]["value"]),
            scope=_number(calibration["scope"]["value"]), search=_number(calibration["search"]["value"]),
            confidence=Confidence.parse(calibration["confidence"]),
            # Snapshots of before have none, and no translations.
            languages={name: _number(told["value"]) for name, told in calibration.get("languages", {}).items()},
            foreign=_number(calibration.get("foreign", {"value": "never"})["value"]),
        )

    def bar(self, reading: Reading, usual: float | None = None) -> float:
        """The answer bar for this reading; `usual` stands in for :attr:`answer`.

        How near a question is to a translation says little where the encoder hardly knows its language, so that each
        language has a bar of its own, and one with too few questions has none that can be passed. Then a translation
        answers what stands among its phrasings word for word. Nor can it be told of a message in another language
        whether it needs people.
        """
        bar = self.answer if usual is None else usual
        language = tongue(reading.candidates)
        if language:
            return max(bar, self.languages.get(language, _NEVER))
        if reading.foreign and usual is None:
            return max(bar, self.foreign)
        return bar


def tongue(candidates: Sequence[Candidate]) -> str:
    """The language whose bar counts: that of the translation that the first candidate was found by; empty where it was
    the original, or the very words of a translation."""
    return candidates[0].language if candidates else ""


def decide(reading: Reading, bars: Bars, failed: int = 0, tasks: frozenset[str] = frozenset()) -> Judgement:
    """What the bot does. `failed` counts the turns in a row that ended without an answer; `tasks` are the intents
    that the bot can do rather than describe."""
    judged = _decide(reading, bars, failed, tasks)
    if judged.confidence == 1.0 and judged.decision in ("handoff", "abstain"):
        return judged  # by a rule that needs no classifier
    task = _told_plainly(reading, bars, judged)
    if task not in tasks or (judged.decision == "task" and judged.intent == task):
        return judged
    return Judgement("service", "task", (reading.plainly or reading).intent_confidence, task,
                     "a task the bot can do, without the names in it", "", reading.candidates)


def within_task(judged: Judgement, text: str) -> Judgement:
    """The same in the middle of a task, where a question that a published entry surely answers is one: "will I get the
    delivery charge back?" is no wish to send something back then."""
    if judged.decision != "task" or not judged.entry or not asks_in_between(text, judged.intent):
        return judged
    return replace(judged, decision="answer", why="a question in the middle of a task")


def settled(reading: Reading, bars: Bars, tasks: frozenset[str] = frozenset()) -> bool:
    """Whether :func:`decide` comes to the same, and :func:`within_task` too, whatever entries are found and however
    surely, but for the very words of one. So it need not be known exactly which they are."""
    people = reading.routes.get("human", 0.0) + reading.routes.get("support", 0.0)
    if people >= bars.people:
        return people >= bars.people_though_sure
    best = max(reading.routes, key=lambda name: reading.routes[name])
    if best == "out_of_scope" and not _ours(reading.text):
        return is_beyond(reading)
    if best not in ("service", "out_of_scope") or len(reading.text) > _LONGEST:
        return False
    return wanted_task(reading) in tasks and not asks_in_between(reading.text, reading.intent)


def _told_plainly(reading: Reading, bars: Bars, judged: Judgement) -> str:
    """The task that a message turns out to ask for without the names in it, or nothing where that is no news.

    An answer above its bar stays one unless the form of the message leaves no doubt, and who clearly asks for a person
    gets one. What is out of scope with its names in it has to name an order, or to be clear without them: "put the
    kettle on, would you" is nothing that we could change.
    """
    again = reading.plainly or reading
    if reading.routes.get("human", 0.0) >= _CLEARLY:
        return ""
    if again.intent not in _FAULTS and (formed := form_of(again.text)):
        return formed
    if reading.plainly is None or judged.decision == "answer":
        return ""
    people = again.routes.get("human", 0.0) + again.routes.get("support", 0.0)
    service, sure = again.routes.get("service", 0.0), again.intent_confidence
    if people >= bars.people or service < _LIKELY or (sure < _LIKELY and (service < _CLEARLY or sure < _LEADS)):
        return ""
    if judged.decision == "task":
        # Both are tasks: a number or an address, which says nothing, may have drawn it the other way.
        # Nobody wants a complaint taken down where the question is what became of an order.
        asks = judged.intent == "complaint" and _ours(reading.text)
        return wanted_task(again) if asks or again.intent_confidence > reading.intent_confidence else ""
    if reading.routes.get("out_of_scope", 0.0) >= _LIKELY and not _ours(reading.text) and sure < _CLEARLY:
        return ""
    return wanted_task(again)


def _decide(reading: Reading, bars: Bars, failed: int, tasks: frozenset[str]) -> Judgement:
    routes = reading.routes
    sure = bars.confidence.of(reading)
    human, support = routes.get("human", 0.0), routes.get("support", 0.0)
    best = max(routes, key=lambda name: routes[name])
    offered = [c for c in reading.candidates[:OFFERED]]

    def judged(route: str, decision: str, confidence: float, why: str, entry: str = "") -> Judgement:
        return Judgement(route, decision, confidence, reading.intent, why, entry, reading.candidates)

    def judged_task(intent: str, why: str, near: str = "") -> Judgement:
        return Judgement("service", "task", reading.intent_confidence, intent, why, near, reading.candidates)

    # Messages sent in a burst arrive as lines of one text.
    if any(_ZERO.fullmatch(line) for line in reading.text.splitlines()):
        return Judgement("human", "handoff", 1.0, "ask_human", "typed 0, which always reaches a person", "",
                         reading.candidates)
    if names_danger(reading.text):
        return Judgement("support", "handoff", 1.0, "report_defect",
                         "something burnt, exploded, gave a shock or hurt somebody", "", reading.candidates)
    if "track_order" in tasks and gives_only_values(reading.text):
        # There is nothing in it for a classifier; how the order stands is what such a message mostly wants.
        return judged_task("track_order", "an order number or e-mail address and nothing else")
    if _NO_LETTERS.fullmatch(reading.text):
        if failed >= 1:
            return judged("out_of_scope", "handoff", 1.0, _TWICE)
        return judged("out_of_scope", "abstain", 1.0, "no words to go by")
    published, doubtful = by_the_very_words(reading), human + support >= bars.people
    answers = published or (bool(offered) and sure >= bars.bar(reading) and not is_beyond(reading))
    if doubtful and not published and not (answers and human + support < bars.people_though_sure):
        # The people bar is low, for the sake of its promise. Where it is clearly likelier that a message is none of
        # ours, saying so and offering a person does as well as taking a person's time; but not where it names an
        # article, since "my kettle drips" is all that some customers say of a fault.
        foreign = best == "out_of_scope" and routes[best] >= _FOREIGN * (human + support)
        if foreign and reading.plainly is None and not failed and not _ours(reading.text):
            return judged(best, "abstain", routes[best], _NOT_OURS)
        route = "human" if human >= support else "support"
        return judged(route, "handoff", human + support, _PEOPLE[route])
    if len(reading.text) > _LONGEST:
        if failed >= 1:
            return judged("out_of_scope", "handoff", 1.0, _TWICE)
        return judged("out_of_scope", "abstain", 1.0, "too long to be read as a whole")
    if best == "smalltalk" and "track_order" in tasks and asks_after_order(reading.text):
        return judged_task("track_order", "asks after an order beside small talk")
    # "Thanks" is near the entry on praise, and still more surely only a thanks: the likelier of the two counts.
    if best == "smalltalk" and not (answers and sure > routes[best]):
        return judged("smalltalk", "chat", routes[best], "small talk")
    route = best if best not in ("human", "support", "smalltalk") else "service"
    if route == "out_of_scope" and _ours(reading.text):
        route = "service"
    if route == "service" and not doubtful and (task := wanted_task(reading)) in tasks:
        return judged_task(task, "a task the bot can do", offered[0].entry if answers else "")
    if answers:
        return judged("sales" if route == "sales" else "service", "answer", sure,
                      _PUBLISHED if published else "the nearest entry is above the bar", offered[0].entry)
    if failed >= 1:
        return judged(route, "handoff", 1 - sure, _TWICE)
    if offered and sure >= bars.offer and route != "out_of_scope":
        return judged(route, "clarify", sure, "near some entries, but below the bar")
    if route == "out_of_scope" or routes.get("out_of_scope", 0.0) >= bars.scope:
        # An offer that helps less often than not is not worth a step where a person is what it delays; but it is better
        # than to be told that we know nothing of what is likelier for us than for nobody.
        if offered and routes.get("service", 0.0) >= _LIKELY:
            return judged(route, "clarify", sure, "likelier for the service team than not, but near no entry")
        return judged(route, "abstain", routes[best], _NOT_OURS)
    return judged(route, "handoff", 1 - sure, "not sure enough of any entry")


def by_the_very_words(reading: Reading) -> bool:
    """Whether a message is, word for word, what an editor published one answer to. Then that is the answer, whatever
    the bars: there is nothing to be unsure of, and it needs no people, however much it is like messages that do ("size
    guide"), unless it clearly asks for a person."""
    same = [candidate.same for candidate in reading.candidates]
    return same[:1] == [True] and not any(same[1:]) and reading.routes.get("human", 0.0) < _CLEARLY


def is_beyond(reading: Reading) -> bool:
    """Whether a message is so clearly out of scope that no entry answers it, however near: "what is the exchange rate
    of the euro" is no question on the currencies that a shop takes."""
    return reading.routes.get("out_of_scope", 0.0) >= _BEYOND


def wanted_task(reading: Reading) -> str:
    """The task that a message asks for, or nothing. It is begun only where the message is likelier for the service team
    than all else together and this intent more than a guess, or where it names an order: who is asked for an order
    number after a riddle thinks us deaf."""
    likely = reading.routes.get("service", 0.0) >= _LIKELY and reading.intent_confidence >= _LEADS
    if not likely and not _ours(reading.text):
        return ""
    return task_of(reading.text, reading.intent)


def _ours(text: str) -> bool:
    """Whether a message names or means something of the customer's own, however strange the rest of it."""
    return names_order(text) or names_card(text) or asks_where(text)


#: How much likelier a message is to be out of scope than for people, to be told so and not handed over.
_FOREIGN = 1.5
_NOT_OURS = "nothing a shop's customer service knows about"
_PUBLISHED = "published in these very words"
_TWICE = "two turns in a row without an answer"
_PEOPLE = {"human": "asks for a person", "support": "a product or technical issue, or a question on one product"}


def _number(value: float | str) -> float:
    """JSON has no infinity; a bar that nothing passes is kept as the word ``never``."""
    return float("inf") if value == "never" else float(value)
