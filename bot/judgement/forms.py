"""Requests that their form makes plain, whatever a classifier thinks of the words in them.

Pure. For messages told plainly (:mod:`bot.judgement.plainly`): their articles are "item", their order is "my order".
Each form was tried on all phrases of ``data/nlu``: it may hardly ever fit one of another route.
"""

from __future__ import annotations

import re

_FITS_NOT = re.compile(
    r"\b(?:too|2|to|so) (?:small|big|large|tight|loose|long|short|wide|narrow)\b|"
    r"\b(?:wrong|different|other|another|bigger|smaller|larger) (?:size|colou?r|shade)\b|"
    r"\b(?:doesn'?t|don'?t|didn'?t|not) fit\b", re.I
)
_WANTS = re.compile(
    r"\b(?:can|could|may) (?:i|we|u|you)\b|\b(?:got|have)\b.*\?|"
    r"\b(?:want|wanted|need|like|get|swap|exchange|change|send)\b", re.I
)
_SIZE = re.compile(
    r"\bsizes?\b|\b(?:an?|the|in|get|for) \d{1,2}s?\b(?! (?:days?|weeks?|items?))|\b\d{1,2}s\b|"
    r"(?<![\w'])(?:XXS|XS|XL|XXL|S|M|L)\b(?!')|\b(?:in|to) (?:a )?(?:small|medium|large)\b", re.I
)
_N = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|a dozen)"
_TIMES = r"(?:am|pm|o'?clock|days?|weeks?|months?|hours?|st|nd|rd|th|people|persons?)"
_DAY = r"(?:days?|weeks?|weekend|tomorrow|month|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("change_order", re.compile(
        # "make it 2 items instead of 1", "need 2 of the item not 1"
        r"\b(?:make|change|set|put|want|need|have|get|only|just|order)\b"
        rf"[^.?!]{{0,40}}\b{_N}\b(?!\s*{_TIMES}\b)[^.?!]{{0,25}}\b(?:instead of|not|rather than)\s+(?:just )?{_N}\b"
        rf"(?!\s*{_TIMES}\b)|"
        rf"\bmake (?:it|that|my order|the order) (?:to )?{_N} items?\b|"
        rf"\b(?:up|raise|increase|reduce|lower|bump|change)\b[^.?!]{{0,25}}\bitems?\b[^.?!]{{0,15}}"
        rf"\bto (?:just )?{_N}\b(?!\s*{_TIMES}\b)|"
        rf"\b(?:another|one more|{_N} more|an? extra) items?\b[^.?!]{{0,20}}\b(?:to|on|in) my order\b", re.I)),
    ("change_delivery", re.compile(
        # "push my order back a week", "hold the delivery until Friday"
        r"\b(?:push|move|hold|keep|shift|delay|postpone|put|bring|reschedule|deliver)\b(?:(?!\bsend\b)[^.?!]){0,30}"
        r"\b(?:my|the) (?:order|delivery|parcel|package)\b[^.?!]{0,30}"
        rf"\b(?:back|off|forward|later|earlier|until|till|to|by|for|on)\b[^.?!]{{0,20}}\b{_DAY}\b", re.I)),
    ("exchange_item", re.compile(
        # "exchange the item for cream", "i'd rather have the item in cream",
        # "clicked the wrong colour for my item, wanted charcoal"
        r"\b(?:exchange|swap)\b[^.?!]{0,30}\bitems?\b[^.?!]{0,20}\b(?:for|to|with|into)\b|"
        r"\brather (?:have|get|had)\b[^.?!]{0,20}\b(?:the|my) item in\b|"
        r"(?<!with )(?<!in )(?<!came )\bthe wrong (?:size|colou?r|shade)\b(?=[^?!]*\bitems?\b)"
        r"(?=[^?!]*\b(?:wanted|meant|should have been)\b)"
        r"(?![^?!]*\b(?:sent|came|arrived|received|delivered|got)\b)", re.I)),
    ("edit_account", re.compile(
        r"\b(?:spel(?:led|t)|wrote|got|have) (?:me|my (?:sur)?name|(?:sur)?name) (?:wrong|incorrectly)\b|"
        r"\bmy (?:sur)?name is (?:spel(?:led|t) wrong|mis-?spel(?:led|t)|wrong)", re.I)),
    # "change my name to Ann Reed", "I got married, my surname is now Reed"
    ("edit_account", re.compile(
        r"\b(?:change|update|set|put|switch) (?:my|the) (?:(?:sur|last |first |family |full )?name)\b"
        r"(?: (?:back|on my account|in my account))? (?:to|from|as)\b|"
        r"\b(?:married|divorced)\b[^?]*\b(?:my|the) (?:sur|last |family )?name (?:is|should be|will be|to)\b", re.I)),
    # "haven't heard anything since I ordered the item"
    ("track_order", re.compile(
        r"(?:n'?t|\bnot|\bnever) (?:had |got |been )?(?:heard?\b|told\b|(?:a |any )?(?:word|news|updates?)\b)"
        r"(?:(?!\b(?:refund\w*|return\w*|money|complain\w*|repl\w+|broke\w*|fault\w*|back)\b)[^.?!])*"
        r"\b(?:since (?:i|we) (?:ordered|bought|paid)|(?:about|on|of) (?:my|the) (?:order|parcel|delivery|item))\b",
        re.I)),
    # "where's my 27.95"
    ("refund_status", re.compile(
        r"\bwhere(?:'?s|\s+is)?\s+(?:my|the)\s+(?:money|cash|refund|£?\s?\d+[.,]\d\d)\b", re.I)),
    # "the code to log in never arrives"
    ("reset_password", re.compile(
        r"\b(?:code|text|sms)\b[^.?!]{0,60}\b(?:log|sign|logging|signing) ?in\b[^.?!]*(?:\bnever\b|n'?t\b|\bnot\b)"
        r"[^.?!]{0,20}\b(?:arriv\w+|com(?:e|es|ing)|get|got|receiv\w+|sent|turn(?:s|ed) up)\b", re.I)),
)
#: What asks about the rules for orders, not for something to be done with one.
_POLICY = re.compile(
    r"\b(?:before i (?:buy|order)|do you (?:allow|charge|offer|accept)|is it (?:possible|allowed)|policy|in general|"
    r"allowed to)\b", re.I
)


def formed(text: str) -> str:
    """The task whose form a message has, or nothing."""
    if _POLICY.search(text):
        return ""
    if "item" in text and wants_other(text) and _SIZE.search(text):
        return "exchange_item"
    return next((task for task, form in _FORMS if form.search(text)), "")


def wants_other(text: str) -> bool:
    """Whether something has the wrong size or colour and another is wanted."""
    return bool(_FITS_NOT.search(text) and _WANTS.search(text))
