"""One of a few choices, and why something goes back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.tasks import finding
from actions.tasks.needs.answers import strength
from actions.tasks.task import NOTHING, WITHIN, Context, Say

#: Questions that come before anything is taken for granted, and the one after a failure.
_BEFORE = frozenset(("", "who", "order", "again"))
#: "Not the name, my phone": what it is not.
_DENIED = re.compile(r"\bnot (?:the|my) (?:name|e-?mail|phone|mobile|number|address|day|date|time|slot)\b", re.I)


@dataclass(frozen=True)
class Option:
    """One of a few choices; `options` are their names with the words that mean them, in the order they are tried. A
    message with what is `unless` is about something else. Without `asking`, a question is no answer. Beside the words
    of `anew`, another option takes the place of the one that stands, and what was given for that is dropped: `drops`.
    """

    name: str
    ask: str
    options: tuple[tuple[str, str], ...]
    early: bool = True
    unless: str = ""
    asking: bool = True
    anew: str = ""
    drops: tuple[str, ...] = ()

    def hear(self, ctx: Context, asked: bool) -> int:
        if not asked and ctx.value(self.name):
            return self._corrected(ctx, ctx.value(self.name))
        if not asked and not self.early:
            return NOTHING
        if (self.unless and re.search(self.unless, ctx.text, re.I)) or (
            asked and not self.asking and finding.is_question(ctx.text)
        ):
            return NOTHING
        for option, meant in self.options:
            if re.search(meant, ctx.text, re.I):
                if ctx.value(self.name) != option:
                    ctx.state.set(self.name, option)
                return strength(ctx.text) if asked else WITHIN
        return NOTHING

    def _corrected(self, ctx: Context, stands: str) -> int:
        text = _DENIED.sub(" ", re.sub(r"\S+@\S+", " ", ctx.text))
        if not self.anew or not re.search(self.anew, ctx.text, re.I) or finding.is_question(text):
            return NOTHING
        if ctx.state.asked in _BEFORE or (stands == "address" and re.search(r"\d", text)):
            return NOTHING  # what is asked there is heard otherwise, and "5 Friday Close" is no day
        found = [option for option, meant in self.options if re.search(meant, text, re.I)]
        if not found or stands in found or found[0] == "other":
            return NOTHING
        ctx.state.set(self.name, found[0])
        ctx.state.drop(*self.drops)
        return strength(ctx.text)

    async def settle(self, ctx: Context) -> Say | None:
        return None if ctx.value(self.name) else Say(self.ask)


REASON = Option("reason", "utter_ask_reason", (
    ("wrong_size", r"\bfit|\bsize\b|too (?:big|small|large|tight|long|short|wide|narrow)|\btight\b|\bloose\b"),
    ("wrong_item", r"wrong (?:item|thing|one|article|product|colou?r)|didn'?t order|not what i ordered"),
    ("damaged", r"damag|broke|crack|scratch|\btorn\b|\bfault|defect|\bhole\b|not work|doesn'?t work|stopped"),
    ("not_as_described", r"describ|photo|picture|expect|looks? (?:different|cheap)|quality|colou?r (?:is|isn'?t|"
                         r"looks?)"),
    ("not_arrived", r"never (?:came|arrived|turned)|not arriv|hasn'?t (?:come|arrived)|lost"),
    ("changed_mind", r"chang\w* (?:my |our )?mind|don'?t (?:like|want|need)|not need|no longer|didn'?t like|dislike|"
                     r"cheaper|gift|"
                     r"mistake|regret|bought (?:it )?twice|already (?:have|got)|not for me|unwanted|rather not"),
    ("other", r"\b(?:an)?other\b|no (?:particular )?reason|none of|rather not say|personal|just because|"
              r"doesn'?t matter|"
              r"dunno"),
), asking=False, anew=r"\A\W*(?:no|nope|it|they|that)\b|"
                     r"\b(?:actually|instead|rather|mean|meant|sorry|reason|because)\b")
