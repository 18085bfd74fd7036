"""The words that weighed most: those whose absence lowers the chance of the route most (occlusion).

Source: M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks" (2014), section 2.1, on words
instead of patches.
"""

from __future__ import annotations

from bot.judgement.classifier import Classifier
from bot.judgement.segments import normalise
from kb_index.encoder import Encoder

_LONGEST = 24


def deciding_words(text: str, route: str, encoder: Encoder, classifier: Classifier, top: int = 3) -> list[str]:
    """At most `top` words of `text` in the order of their weight for `route`; one batch through the encoder."""
    words = normalise(text).split()[:_LONGEST]
    if len(words) < 2 or route not in classifier.routes:
        return []
    variants = [" ".join(words)] + [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    column = classifier.routes.index(route)
    chance = classifier.route_probabilities(classifier.intent_probabilities(encoder.encode(variants)))[:, column]
    loss = chance[0] - chance[1:]
    ranked = sorted(range(len(words)), key=lambda i: -loss[i])
    return [words[i].strip(".,!?;:\"'") for i in ranked[:top] if loss[i] > 0.01]
