"""Words of danger: fire, shock, smoke, injury. Who writes them gets a person, whatever a classifier makes of the rest.

The one rule of its kind, since this is the one mistake that cannot be made good afterwards. Tried on all of data/nlu:
what it finds there is for the support team.
"""

from __future__ import annotations

import re

_WHOSE = r"(?:my|his|her|our|their) (?:\w+ )?"
_DANGER = re.compile("|".join((
    # Fire
    r"\b(?:caught|catch(?:es|ing)?|sets?|setting|started|went up) (?:\w+ ){0,4}?(?:on )?(?:fire|alight|flames)\b",
    r"\b(?:it|they|my|the|that|this|our) (?:\w+ ){0,3}?(?:is|was|are|were|went|'s) on fire\b",
    r"\b(?:in|into|to) flames\b", r"\bcaught light\b", r"\bexplo(?:ded|des|ding)\b", r"\bblew up\b",
    # Shock
    r"\belectrocut\w+", r"\belectric(?:al)? shocks?\b", r"\bgave (?:me|him|her|us|them|my \w+) an? (?:\w+ )?shock\b",
    r"\b(?:gives?|gave|giving|got|get|getting) (?:\w+ ){0,3}?an? (?:\w+ )?shock (?:from|off|when|every|each)\b",
    r"\b(?:it|they|that) sparks (?:when|every|as|if)\b", r"\bsparked (?:when|as|and)\b",
    r"\bsparks? (?:\w+ ){0,2}?(?:flew|fly|flying|came|coming|come|shoot\w*|shot|out of|from)\b",
    # Smoke and gas
    r"\bsmok(?:e|es|ed|ing) (?:is |was |are |were )?(?:came|comes|coming|pouring|poured|rising|billow\w+|out|from)\b",
    r"\b(?:bit|lots?|puffs?|clouds?) of smoke\b", r"\b(?:it|my|our|the|this|that) (?:\w+ ){0,2}smokes\b",
    r"\b(?:started|starts|begins|began|kept|keeps|is|was|are|were) (?:smoking|sparking)\b",
    r"\bburn(?:ing|t|ed) (?:plastic |rubber |electrical )?smell",
    r"\b(?:smell|stink|reek)(?:s|ed|ing)? (?:of |like )?(?:something )?burn(?:ing|t)",
    r"\bcarbon monoxide\b", r"\bgas leak\b", r"\bleak(?:s|ing|ed)? gas\b",
    # Injury
    rf"\bburn(?:t|ed) {_WHOSE}(?:hands?|fingers?|arms?|legs?|feet|foot|face|skin|mouth|lips?|child|son|daughter)\b",
    r"\b(?:was|got|were|been|is) (?:badly |seriously )?injured\b", r"\bended up in (?:hospital|a&e|the er)\b",
)), re.I)


def names_danger(text: str) -> bool:
    """Whether a message says that something burnt, exploded, gave a shock or hurt somebody."""
    return bool(_DANGER.search(text))
