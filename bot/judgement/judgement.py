"""A judgement: what a message is about and what the bot does with it, with the grounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bot.judgement.segments import normalise
from kb_index.retriever import Candidate

#: What the bot can do with a message: answer from the knowledge base, do a task, offer the nearest entries, hand over
#: to people, say that it cannot help (and offer people), or small talk.
DECISIONS = ("answer", "task", "clarify", "handoff", "abstain", "chat")


@dataclass(frozen=True)
class Reading:
    """What the classifier and the index say of a message, before anything is decided; `plainly` is what the classifier
    says of it without the names in it (:mod:`bot.judgement.plainly`), where it has any; `mended` is the normalised text
    as it was meant, where words in it were misspelt (:mod:`bot.judgement.spelling`). `foreign` is a message in a
    language that the classifier does not read: its route is a guess, and it has no intent."""

    text: str
    routes: dict[str, float]
    intent: str
    intent_confidence: float
    candidates: Sequence[Candidate] = ()
    support_segment: str = ""
    plainly: Reading | None = None
    mended: str = ""
    foreign: bool = False

    @cached_property
    def said(self) -> str:
        """The normalised text."""
        return normalise(self.text)

    def finding(self, candidates: Iterable[Candidate]) -> Reading:
        """The same with what the index found."""
        return replace(self, candidates=tuple(candidates))


#: Chances have so many decimals. How many texts are read at once, and by how many threads, decides the tenth; it shall
#: decide nothing, since a bar lies at the very chance of one of the questions that it was computed from.
DECIMALS = 6


@dataclass(frozen=True)
class Judgement:
    """`confidence` is that of the decision: the chance that the answer is right, or that the route is."""

    route: str
    decision: str
    confidence: float
    intent: str
    why: str
    entry: str = ""
    candidates: Sequence[Candidate] = ()
    words: Sequence[str] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: reports, evidence, replays."""
        return {
            "route": self.route, "decision": self.decision, "confidence": round(self.confidence, 4),
            "intent": self.intent, "entry": self.entry or None, "why": self.why, "words": list(self.words),
            "candidates": [{"entry": c.entry, "score": c.score} for c in self.candidates],
        }
