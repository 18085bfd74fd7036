"""The words that weighed most: those whose absence lowers the chance of the route most (occlusion).

Source: M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks" (2014), section 2.1, on words
instead of patches.
"""

from __future__ import annotations

from bot.judgement.classifier import Classifier
from bot.judgement.segments import normalise
from kb_index.encoder import Encoder
from kb_index.lexical import tokens

_LONGEST = 24


def deciding_words(text: str, route: str, encoder: Encoder, classifier: Classifier, top: int = 3) -> list[str]:
    """At most `top` words of `text` in the order of their weight for `route`; one batch through the encoder."""
    words = normalise(text).split()[:_LONGEST]
    if len(words) < 2 or route not in classifier.routes:
        return []
    variants = [" ".join(words)] + [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    column = classifier.routes.index(route)
    intents = classifier.intent_probabilities(variants, encoder.encode(variants))
    chance = classifier.route_probabilities(intents)[:, column]
    loss = chance[0] - chance[1:]
    # "the" and its like carry no reason that a person could follow.
    telling = [i for i, word in enumerate(words) if tokens(word) and loss[i] > 0.01]
    return [words[i].strip(".,!?;:\"'") for i in sorted(telling, key=lambda i: -loss[i])[:top]]
