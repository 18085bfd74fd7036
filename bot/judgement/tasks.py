"""Tasks: the intents that the bot does rather than describes. The live bot and replays go by the same ones.

:mod:`actions.tasks.catalogue` says how each is done.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.judgement.forms import formed, wants_other

TASKS = frozenset({
    "track_order", "get_invoice", "change_delivery", "change_order", "cancel_order", "return_item", "request_refund",
    "refund_status", "exchange_item", "edit_account", "newsletter", "reset_password", "unlock_account", "close_account",
    "membership_status", "gift_card_balance", "complaint", "praise", "leave_review",
})

#: Each publish asks the same thousands of questions.
_ASKED_AGAIN = 20_000
#: A clause that asks how something goes, behind a greeting or "could you tell me".
_HOW = re.compile(
    r"(?:^|[.!?,;:\n]\s*)(?:(?:hi|hello|hey|and|so|ok|okay|but|please|pls|sorry|just|also|(?:can|could) (?:you|"
    r"someone) (?:please )?"
    r"(?:tell|explain to|show) me|(?:just |please )?tell me|i(?:'d| would)? (?:want|like|need) to know|"
    r"(?:i(?:'m| am|'m just)|was|"
    r"just) wondering|"
    r"(?:i )?(?:don'?t|do not) (?:know|understand)|not sure|any idea)[\s,]+)*"
    r"(?:how (?:do|can|could|would|should|to|does|long|much|many|often|soon|late|is|are|come)|"
    r"how (?:i|we) (?:can |could )?(?:return|send|get|cancel|change|exchange)|"
    r"what'?s (?:ur|your|the) (?:returns? )?add?ress|"
    r"where (?:do|can|should|would) (?:i|we|you)|what (?:do i|do we|should i|must i|happens|if|are the|is the "
    r"(?:process|procedure|way|policy|deadline|cost|fee))|what'?s the (?:process|procedure|policy|difference|deadline)|"
    r"when (?:do|does|will|can) (?:you|i|refunds?|the money)|do (?:you|i have|i need|i pay|i get)|"
    r"does (?:it|a|an|the|larkmoor)|is (?:there|it (?:possible|free|allowed|safe|too late))|"
    r"are (?:there|returns|refunds|you)|which (?:e-?mail|address|carrier)|why (?:do|does|is|are)|am i allowed)\b", re.I
)
_MINE = re.compile(
    r"\b(?:my (?:order|parcel|package|delivery|refund|points|balance|money|gift ?card|card|membership)|do i have|"
    r"have i got|"
    r"where'?s|where is|status of|LM[- ]?\d{6})\b", re.I
)
#: Tasks that only look something up, where a question is the request itself.
_LOOKS_UP = frozenset({"track_order", "refund_status", "membership_status", "gift_card_balance"})


#: Intents of general or strange questions, which are about one order where its number is named.
_GENERAL = frozenset({"ask_orders", "ask_delivery", "oos"})
_ASKS_AFTER = re.compile(
    r"\b(?:where|when|whats?|status|track\w*|update|news|arriv\w+|com(?:e|ing)|happen\w*|late)\b", re.I
)
#: By the sample shop's form, or said to be one, as customers of any shop do: "#1042", "order no. 57".
_ORDER = re.compile(r"\b(?:LM|ML)[\s-]?[\dO]{6}\b|(?<![\w&])#\d{3,12}\b|\border\s*(?:number|no|nr|#)[\s.:#]*\d{2,12}\b",
                    re.I)
#: As it stands on the slip, with nothing that says so.
_SLIP = re.compile(r"(?<![\w#])#\s?\d{1,12}(?!\w)|(?<![\w#-])(?<!\d )(?:[A-Z]{2,4}-?)?[1-9]\d{3,7}(?!\w| \d)",
                   re.I)
#: Near neighbours that the classifier takes for one another, and the words that settle it.
_EXCHANGES = re.compile(r"\b(?:exchang\w+|swap\w*)\b", re.I)
#: "Get rid of that order" is no change of it.
_CALLS_OFF = re.compile(
    r"\b(?:get rid of|call off|scrap|void|undo|stop|bin) (?:of )?(?:that|this|the|my|it|both|all)\b(?! item)", re.I
)
_MONEY = re.compile(r"\b(?:refund\w*|money|cash)\b", re.I)
#: It went back, and the question is what became of the money.
_PAID_BACK = re.compile(r"\b(?:sent|posted|returned|took|brought)\b[^.?!]*\bback\b[\s\S]*\b(?:did|have|has) you\b"
                        r"[^.?!]*\b(?:pa(?:y|id)|refund\w*)\b", re.I)
#: Whether such things may go back at all, and none in particular.
_IN_GENERAL = re.compile(
    r"\b(?:can|could|may|do) (?:i|we|you|one|people)\b[^.?!]*\b(?:return|send|take|bring|exchange)\w*\b[^.?!]*"
    r"\b(?:something|anything|things|stuff|goods|items)\b|"
    r"\b(?:bought|got|was)\b[^.?!]*\bin the sale\b[^.!]*\bcan (?:it|they|i)\b[^.!]*\?", re.I)
_REFUNDED = re.compile(r"\A\W*(?:did|have|has|was|were|is|when|where\S*)\b.*\brefund", re.I | re.S)
_WHERE_MINE = re.compile(r"\A\W*where(?:'?s|\s+is|\s+are|\s+re)?\s+my\s+\w+(?:\s+\w+)?\W*\Z", re.I)


#: Somebody else is in the account: a link for a new password is the least of what is to be done.
_INTRUDER = re.compile(
    r"\bhack\w*|\b(?:somebody|someone|some ?one|anybody|stranger)(?: else)?\b[^.?!]{0,30}\b(?:log\w*|sign\w*|"
    r"us(?:es|ing|ed)|in|into|got|has)\b[^.?!]{0,20}\b(?:my|me|account)\b|\b(?:wasn'?t|not) me\b|\bfraud\w*", re.I)
#: What is wanted of something else than the task's own: to leave the membership, to delete the chat. Entries tell how.
_OTHERS = (
    ("newsletter", re.compile(r"\b(?:member\w*|circle|loyalty|rewards?|points)\b"
                              r"(?!.*\b(?:newsletter|e-?mails?|mails)\b)", re.I)),
    ("membership_status", re.compile(
        r"\b(?:cancel\w*|leave|quit|end|stop|close|delete|get out|unsubscribe|opt out)\b", re.I)),
    ("reset_password", _INTRUDER), ("unlock_account", _INTRUDER),
    ("close_account", re.compile(r"\b(?:this|our|the|my) (?:chat|conversation|transcript|messages?)\b", re.I)),
)
#: Sixteen digits are a gift card's: order numbers have fewer, and nobody is asked for a bank card here.
_CARD = re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?!\d)")
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
#: What is longer gives more than values, and looking for them in it would take seconds.
_LONGEST = 2_000
_AROUND = frozenset((
    "order", "number", "no", "nr", "email", "e", "mail", "my", "is", "it", "its", "s", "the", "and", "address", "hi",
    "hello", "please", "pls", "here", "for", "where", "wheres", "what", "whats", "happening", "with", "status", "of",
    "track", "tracking", "update", "on", "any", "news", "parcel",
))


def names_order(text: str) -> bool:
    return bool(_ORDER.search(text))


def asks_after_order(text: str) -> bool:
    """Whether a message asks something and names an order: "thanks, and LM-104287?"."""
    return "?" in text and names_order(text)


def asks_where(text: str) -> bool:
    """Whether a message is "where is my kettle": what a shop calls its articles is no word that a classifier knows."""
    return bool(_WHERE_MINE.match(text))


def names_card(text: str) -> bool:
    return bool(_CARD.search(text))


def gives_only_values(text: str) -> bool:
    """Whether a message is an order number, an e-mail address or both, and at most asks how that stands."""
    if len(text) > _LONGEST:
        return False
    left, found = _MAIL.subn(" ", text)
    left, numbers = _ORDER.subn(" ", left)
    if not numbers:
        left, numbers = _SLIP.subn(" ", left)
    return found + numbers > 0 and set(re.findall(r"\w+", left.lower())) <= _AROUND


def task_of(text: str, intent: str) -> str:
    """The task that a message of this intent asks for, or nothing."""
    if intent in _GENERAL and names_order(text) and _ASKS_AFTER.search(text):
        return "track_order"
    if intent in _GENERAL and asks_where(text):
        return "track_order"
    goes_back = intent in ("return_item", "request_refund")
    if (goes_back or intent == "change_order") and _EXCHANGES.search(text) and not _MONEY.search(text):
        intent = "exchange_item"
    if intent == "change_order":
        intent = "exchange_item" if wants_other(text) else "cancel_order" if _CALLS_OFF.search(text) else intent
    if goes_back and _IN_GENERAL.search(text):
        return ""
    if intent in ("return_item", "request_refund") and (_REFUNDED.search(text) or _PAID_BACK.search(text)):
        return "refund_status"
    if any(intent == name and meant.search(text) for name, meant in _OTHERS):
        return ""
    if intent not in TASKS and _CARD.search(text):
        return "gift_card_balance"
    return intent if intent in TASKS and not asks_how(text, intent) else ""


@lru_cache(_ASKED_AGAIN)
def form_of(text: str) -> str:
    """The task that the form of a message, told plainly, leaves no doubt about, or nothing."""
    return "" if _HOW.search(text) else formed(text)


def asks_in_between(text: str, intent: str) -> bool:
    """Whether a message asks something rather than wants it done: "will I …?", but not "can you …?", nor "where is my
    refund?", which is looked up."""
    if not text.rstrip().endswith("?") or _LOOKS_UP & {intent}:
        return False
    return not re.search(r"\b(?:(?:can|could|would|will) (?:you|u)|(?:can|could|may) (?:i|we)|instead)\b", text, re.I)


def asks_how(text: str, intent: str) -> bool:
    """Whether a message asks how something goes, so that the entry is the answer and the task an offer beside it."""
    if not _HOW.search(text):
        return False
    return not (intent in _LOOKS_UP and (_MINE.search(text) or names_card(text)))
