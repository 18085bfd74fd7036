"""The words that weighed most: those whose absence lowers the odds of the route most (occlusion).

A word is left out by the encoder's own mask, half-way up, so that all go through its upper half in one batch. Of 400
messages for people, taking out the three words that are found so lowers the logarithm of the odds by 4.5, three that
are found by masks in the text itself by 4.9, at one and a half times the price, and any three by 1.9. Source: M. D.
Zeiler and R. Fergus, "Visualizing and understanding convolutional networks" (2014), section 2.1, on words instead of
patches.
"""

from __future__ import annotations

import numpy as np

from bot.judgement.classifier import Classifier, Probabilities
from bot.judgement.segments import normalise, segments
from kb_index.lexical import tokens

_LONGEST = 24
#: A word without which the logarithm of the odds is less by this much has weighed. The chance itself hardly moves where
#: it is near to one: a quarter of all clear faults would have no word at all.
_LEAST = 0.1
#: Keeps the odds of what is taken for certain finite.
_NONE = 1e-6


def deciding_words(text: str, route: str, classifier: Classifier, top: int = 3) -> list[str]:
    """At most `top` words of `text` in the order of their weight for `route`; of several sentences, of the one that
    speaks for it most."""
    if route not in classifier.routes or not classifier.reads(normalise(text)):
        return []
    column = classifier.routes.index(route)
    said = segments(text) or [normalise(text)]
    chances = classifier.head.route_probabilities(classifier.intent_probabilities(said))[:, column]
    words = said[int(chances.argmax())].split()[:_LONGEST]
    # "the" and its like carry no reason that a person could follow.
    telling = [i for i, word in enumerate(words) if tokens(word)]
    if len(words) < 2 or not telling:
        return []
    odds = _log_odds(classifier.head.route_probabilities(classifier.without_each(words, telling))[:, column])
    loss = dict(zip(telling, odds[0] - odds[1:], strict=True))
    weighed = sorted((i for i in telling if loss[i] > _LEAST), key=lambda i: -loss[i])
    return [words[i].strip(".,!?;:\"'") for i in weighed[:top]]


def _log_odds(chances: Probabilities) -> Probabilities:
    return np.asarray(np.log(chances + _NONE) - np.log(1 - chances + _NONE))
