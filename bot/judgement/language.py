"""Whether a message is in English, the only language that the classifier reads.

Told by how many of its words the training phrases have. That needs no library and no list of languages, and a message
that is wrongly taken for another language is offered the nearest entries, which is no harm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

_WORD = re.compile(r"[^\W\d_]+")
#: A word of one phrase may be a name or a slip.
_OFTEN = 2
#: The least part of a message's words that are known, and how many words it takes to go by a part.
_PART, _ENOUGH = 0.6, 3


def words(texts: Iterable[str]) -> list[str]:
    """The words that more than one of the texts have."""
    found = Counter(word for text in texts for word in set(_WORD.findall(text.lower())))
    return sorted(word for word, count in found.items() if count >= _OFTEN)


def is_known(text: str, known: Collection[str]) -> bool:
    """Whether a text is in the language of the `known` words. One of a word or two is, unless none of them is known."""
    said = _WORD.findall(text.lower())
    if not said:
        return True
    share = sum(word in known for word in said) / len(said)
    return share >= _PART if len(said) >= _ENOUGH else share > 0
