"""The words that weighed most: those whose absence lowers the chance of the route most (occlusion).

Source: M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks" (2014), section 2.1, on words
instead of patches.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.judgement.classifier import Classifier
from bot.judgement.segments import normalise
from kb_index.lexical import tokens

_LONGEST = 24
#: A word without which the chance is less by this much has weighed.
_LEAST = 0.01


def deciding_words(text: str, route: str, classifier: Classifier, top: int = 3) -> list[str]:
    """At most `top` words of `text` in the order of their weight for `route`."""
    return deciding_words_of([(text, route)], classifier, top)[0]


def deciding_words_of(messages: Sequence[tuple[str, str]], classifier: Classifier, top: int = 3) -> list[list[str]]:
    """As :func:`deciding_words` for many pairs of text and route; one batch through the classifier for all."""
    variants: list[str] = []
    spans: list[tuple[list[str], list[int], int]] = []
    for text, route in messages:
        words = normalise(text).split()[:_LONGEST]
        # "the" and its like carry no reason that a person could follow.
        telling = [i for i, word in enumerate(words) if tokens(word)]
        if len(words) < 2 or route not in classifier.routes:
            telling = []
        spans.append((words, telling, len(variants)))
        if telling:
            variants += [" ".join(words), *(" ".join(words[:i] + words[i + 1 :]) for i in telling)]
    if not variants:
        return [[] for _ in messages]
    chances = classifier.head.route_probabilities(classifier.intent_probabilities(variants))
    found: list[list[str]] = []
    for (_, route), (words, telling, first) in zip(messages, spans, strict=True):
        if not telling:
            found.append([])
            continue
        column = chances[first : first + len(telling) + 1, classifier.routes.index(route)]
        loss = dict(zip(telling, column[0] - column[1:], strict=True))
        weighed = sorted((i for i in telling if loss[i] > _LEAST), key=lambda i: -loss[i])
        found.append([words[i].strip(".,!?;:\"'") for i in weighed[:top]])
    return found
