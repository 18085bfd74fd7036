"""What a customer says to what was read back: a plain yes, a plain no, "wait", or one with something more in it.

What follows a yes here cannot be taken back, so only a message with nothing in it but a yes counts as one. "Absolutely
not" begins like a yes, and so do "yes, but keep the lamp" and "ok, and what happens to my points?"; each says more than
was read back, and is heard like any other answer.

Pure: text in, verdict out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from actions.tasks import finding


class Assent(Enum):
    """`MORE` begins like a yes or a no, and does not end there; `NONE` is neither."""

    YES = "yes"
    NO = "no"
    WAIT = "wait"
    MORE = "more"
    NONE = "none"


#: Ways to agree that are more than a word, or hold one that alone would say something else.
_AGREES = re.compile(r"\b(?:" + "|".join((
    r"(?:please )?(?:go (?:ahead|for it|on)|do (?:it|that|so)|make it so|crack on)",
    r"(?:let'?s|let us) (?:do|go)(?: it| that| ahead| for it)?",
    r"(?:(?:that|it|this|all|everything)(?:'?s| is| all| looks?| sounds?)*|sounds|looks|all) "
    r"(?:right|correct|it|fine|good|great|perfect|ok(?:ay)?|lovely|spot on|the one)",
    r"(?:that|it) (?:would|will|'?ll|'?d) (?:be|do) (?:great|lovely|good|fine|perfect|nice|brilliant)",
    r"(?:that|it)(?: would| will|'?ll) do", r"(?:that )?(?:works|suits|is fine)(?: for)? me", r"sure thing",
    r"(?:i(?:'?m| am)|we(?:'?re| are)) (?:very |quite |absolutely )?(?:sure|certain|happy)(?: with (?:that|it|this))?",
    r"i (?:do |can )?(?:confirm|agree)", r"by all means", r"of course", r"for sure", r"why not",
    r"you (?:got|have) (?:it|that)(?: right)?", r"spot on", r"be my guest",
)) + r")\b", re.I)
#: "I'm good, thanks" wants nothing, "I'm good with that" agrees.
_WANTS_NOTHING = re.compile(r"\b(?:i'?m|i am) (?:all |quite |very |just |really )?"
                            r"(?:good|fine|great|ok(?:ay)?|all ?right)\b(?! (?:with|to|for (?:it|that|this))\b)", re.I)
#: "We're good", "all good" and "it's fine" agree, or mean "never mind"; what is beside them tells. "That's all good"
#: agrees.
_EITHER = re.compile(
    r"\b(?:(?:we(?:'?re| are)|it(?:'?s| is)|everything(?:'?s| is)) (?:all |just |quite |very |really )*"
    r"(?:good|fine|ok(?:ay)?|all ?right)|(?<!s )all (?:good|fine|ok(?:ay)?)|(?:(?:i'?m|i am|we'?re|we are) )?all set)\b"
    r"(?! (?:with|to|by|for (?:it|that|this|me|us))\b)", re.I)
#: Words that mean one thing together, and alone may mean anything: "call me", "go back", "the number", "stop it".
_PAIRS = ((re.compile(r"\bcall(?:ing|ed)? (?:(?:it|that|this|the order|my order) )?off\b", re.I), "cancel"),
          (re.compile(r"\b(send(?:ing)?|sent|goes|give|take) ((?:\w+ ){0,2})back\b", re.I), r"\1 \2"),
          # One of the articles may be a set
          (re.compile(r"\bset(?:ting)? ((?:\w+ ){0,2}?)up\b", re.I), r"setup \1"),
          (re.compile(r"\be[- ]?mail(?: address)?\b", re.I), "email"), (re.compile(r"\bphone number\b", re.I), "phone"),
          # Alone it is a size
          (re.compile(r"\b(it|that|this|let) s\b", re.I), r"\1"),
          (re.compile(r"\bstop \w+ing\b", re.I), "no"))
#: What goes with a yes and takes nothing from it.
_COURTESY = re.compile(r"\b(?:" + "|".join((
    r"no (?:problem|worries|rush|hurry|bother)(?: at all)?", r"not a problem", r"don'?t worry",
    r"if you (?:can|could|would|don'?t mind|please)",
    r"if (?:that'?s|it'?s|that is|it is)? ?(?:ok(?:ay)?|possible|alright|all right)",
    r"thank(?:s| you|u| u)?(?: (?:so|very) much| a (?:lot|million|bunch))?"
    r"(?: for (?:your|the|all your) (?:help|patience))?",
    r"(?:much |really )?appreciate(?:d| it| that)?", r"as soon as (?:possible|you can)", r"asap",
    r"(?:right|straight) away",
)) + r")\b", re.I)
_YES = frozenset((
    "yes", "yeah", "yep", "yup", "ya", "y", "aye", "yh", "yea", "yeh", "yas", "sure", "ok", "okay", "okey", "oki", "k",
    "kk", "correct", "right", "exactly", "perfect", "great", "fine", "good", "lovely", "brilliant", "confirm",
    "confirmed", "absolutely", "definitely", "certainly", "indeed", "affirmative", "agreed", "totally", "alright",
    "oui", "ja", "sí", "si",
))
_NO = frozenset(("no", "nope", "nah", "n", "not", "never", "non", "nein", "don't", "dont", "doesn't", "neither", "nay"))
#: A no that says what is read back is mistaken is followed by what it should be.
_MISTAKEN = frozenset(("wrong", "incorrect", "mistake", "mistaken"))
#: Words beside a yes or a no that say nothing more.
_FILLING = frozenset((
    "it", "that", "this", "them", "then", "the", "my", "now", "so", "and", "a", "an", "i", "i'd", "i'm", "is", "be",
    "to", "do", "want", "would", "like", "am", "are", "pls", "plz", "please", "thanks", "thx", "ta", "cheers",
    "thank", "you", "u", "very", "much", "mate", "love", "dear", "ahead", "go", "hi", "hello", "well", "oh", "ah",
    "hm", "hmm", "um", "er", "really", "quite", "for", "me", "us", "we", "of", "with", "yourself", "these", "those",
    "its", "it's", "we're", "that's", "thats", "sir", "madam", "kindly", "just", "actually", "at",
    "yet", "sorry", "there", "thankyou",
))
_WAITS = re.compile(r"\b(?:" + "|".join((
    r"wait", r"hold (?:on|it|off|fire)", r"hang on", r"one (?:sec\w*|moment|minute|min)",
    r"(?:give me )?(?:just )?a (?:sec\w*|moment|minute|min)", r"let me (?:think|check|see|ask|look)",
    r"not (?:yet|sure|certain)", r"(?:need|have) to (?:think|check|ask)",
    r"(?:i'?ll|i will) (?:think|check|ask|have a think|get back)", r"thinking about it", r"undecided",
)) + r")\b", re.I)
_MARKS = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})
_THUMBS = {"👍": " yes ", "👎": " no ", "✅": " yes ", "👌": " yes "}
#: A question, with or without its mark: "is that right" is none of the yeses above.
_ASKS = re.compile(
    r"\W*(?:(?:yes|ok(?:ay)?|and|so|but|right|well)\b\W*)*(?:is|are|was|does|did|will|would|should|can|could) "
    r"(?:it|that|this|you|i|we|they|all|everything)\b", re.I)
#: With nothing else they are a no, to "shall I cancel it?" too, and so they are behind what only leads over to them.
_STOP = frozenset(("stop", "quit", "exit", "abort"))
_LEADS_OVER = frozenset(("no", "ok", "okay", "k", "right", "fine", "alright"))
#: A no in words that hold none, where what is read back does not hold them.
_DECLINES = re.compile(
    r"\b(?:chang\w* (?:my|our) mind|(?:i'?d|i would|we'?d) rather (?:not|keep)|i'?ll (?:keep|leave)|any ?more|"
    r"another time|don'?t want (?:to|it|that))\b", re.I)


def assent(text: str, said: Iterable[str] = (), acts: str = "") -> Assent:
    """The verdict on `text` as the answer to what was read back. `said` are the texts and words of that: to say them
    again adds nothing. `acts` are the verbs that are a yes by themselves."""
    plain = text.translate(_MARKS)
    for sign, word in _THUMBS.items():
        plain = plain.replace(sign, word)
    if _only_stops(_words(plain)):
        return Assent.NO
    verbs = set(_words(acts))
    known = verbs.union(*map(_words, said))
    rest, waits = _WAITS.subn(" ", plain)
    rest, either = _EITHER.subn(" ", _COURTESY.sub(" ", rest))
    rest, nothing = _WANTS_NOTHING.subn(" no ", rest)
    rest, agreed = _AGREES.subn(" ", rest)
    if not known & {"changed", "mind"}:
        rest = _DECLINES.sub(" no ", rest)
    for pair, word in _PAIRS:
        rest = pair.sub(word, rest)
    words = _words(rest)
    yes = agreed + sum(_is_yes(word) for word in words)
    no = sum(word in _NO for word in words)
    asks = [word for word in words if finding.alike("please", word)]
    more = [word for word in words
            if not (_is_yes(word) or word in _NO or word in _FILLING or word in known or word in asks)]
    repeats = [word for word in words if word in known and word not in _FILLING]
    if "?" in text or _ASKS.match(plain):
        return Assent.MORE if yes or no or asks or repeats or waits or either else Assent.NONE
    if waits:
        return Assent.MORE if more else Assent.WAIT
    if not more and no:
        # "Yes, I'm good" may be either.
        return Assent.MORE if nothing and yes else Assent.NO
    # "Cancel it" to "shall I cancel it?" is a yes, and so is "please"; "the order, please" is none.
    acting = verbs.intersection(words) and _STOP.isdisjoint(words)
    if not more and (yes or acting or (asks and not repeats)):
        plainly = acting or agreed or any(_is_yes(word) and word not in _LEADS_OVER for word in words)
        return Assent.YES if plainly or not either else Assent.MORE
    return Assent.MORE if yes or no or asks or either else Assent.NONE


def begins_with_no(text: str) -> bool:
    """Whether somebody refuses what was read back, whatever else they say."""
    words = _words(_COURTESY.sub(" ", text.translate(_MARKS)))[:3]
    return any(word in _NO or word in _MISTAKEN for word in words)


def _only_stops(words: list[str]) -> bool:
    return not _STOP.isdisjoint(words) and set(words) <= _STOP | _LEADS_OVER | _FILLING


def _is_yes(word: str) -> bool:
    if word in _YES or re.fullmatch(r"ye+s+|ye+a+h*|yu+p+|o+k+|y+e+p+|su+re+", word):
        return True
    # Short ones have too many neighbours: "eight" is a slip away from "right".
    return any(len(one) > 5 and finding.alike(one, word) for one in _YES)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())
