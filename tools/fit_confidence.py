"""Fits the shipped weights of bot/judgement/confidence.py and prints them, to be pasted there by hand.

They serve knowledge bases that have no phrasings to fit weights of their own, so they are fitted on several foreign
ones, made from labelled messages: each label is an entry, some of its messages are its question, answer and phrasings,
others are asked. Run after a change to the signs or the retriever, with FRONTDESK_HOME set up:

    python tools/fit_confidence.py FILE…

with JSON lines ``{"text", "label"}``; the label ``oos`` has no entry. Prints the area under the ROC curve for each file
by the weights that the others give, so that a change can be judged.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from bot.judgement import phrases
from bot.judgement.asking import Asker
from bot.judgement.bars import Asked
from bot.judgement.confidence import RIVALS, ROUTES, SIGNS, Confidence, signs
from bot.judgement.drafting import assembled
from bot.judgement.labelled import OUT_OF_SCOPE, Labelled, read
from bot.judgement.publishing import Memory, ask, cache_of
from bot.settings import Settings
from bot.settings import read as read_settings
from kb_index.entry import Entry

#: Phrasings an entry, and messages that make up its answer: many, few, and the question alone.
_KINDS = ((8, 2), (2, 2), (0, 2), (0, 0))
_UNANSWERABLE = 150


def knowledge_base(
    messages: Sequence[Labelled], phrasings: int, answers: int, seed: int, asked: int = 8
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Entries made of labelled messages, and at most `asked` questions for each, with the entry that answers them."""
    rng = random.Random(seed)  # noqa: S311 - draws examples, no secrets
    by_label: dict[str, list[str]] = {}
    for one in messages:
        by_label.setdefault(one.label, []).append(one.text)
    unanswerable = by_label.pop(OUT_OF_SCOPE, [])
    entries, pairs = [], [(text, "") for text in unanswerable[:_UNANSWERABLE]]
    for label, texts in sorted(by_label.items()):
        rng.shuffle(texts)
        answer = " ".join(texts[1 : 1 + answers]) or label.replace("_", " ")
        rest = texts[1 + answers :]
        entries.append(Entry(label, texts[0], answer, phrasings=tuple(rest[:phrasings])))
        pairs += [(text, label) for text in rest[phrasings : phrasings + asked]]
    ours = [phrase.text for phrase in phrases.read(phrases.FOLDER)]
    pairs += [(text, "") for text in rng.sample(ours, _UNANSWERABLE)]
    return entries, pairs


def ask_all(settings: Settings, files: Sequence[Path]) -> dict[str, list[Asked]]:
    """The questions of all knowledge bases made of each file."""
    cache, memory = cache_of(settings), Memory(settings)
    found: dict[str, list[Asked]] = {}
    for path in files:
        messages = read(path)
        for seed, (phrasings, answers) in enumerate(_KINDS):
            entries, pairs = knowledge_base(messages, phrasings, answers, seed)
            found.setdefault(path.stem, []).extend(
                ask(memory.read([text for text, _ in pairs]), [entry for _, entry in pairs], [""] * len(pairs),
                    Asker(cache, RIVALS).at(assembled(entries, cache)))
            )
    cache.close()
    return found


def fitted(asked: Sequence[Asked]) -> Confidence:
    """Weights from the signs of the search alone: the classifier does not know these subjects."""
    rows = np.array([signs(one.reading) for one in asked])
    rows[:, [SIGNS.index(name) for name in (*ROUTES, *(f"again_{name}" for name in ROUTES))]] = 0.0
    return Confidence.fit(rows, np.array([one.right for one in asked]))


def told(name: str, found: Mapping[str, Sequence[Asked]]) -> None:
    """Prints the weights that fit all files, and how well those of the others fit each."""
    for file, asked in found.items():
        others = [one for other, some in found.items() if other != file for one in some]
        if others:
            sure = fitted(others).of_all([one.reading for one in asked])
            right = np.array([one.right for one in asked])
            print(f"{name}, {file}: {len(asked)} questions, area under the curve {roc_auc_score(right, sure):.4f}, "
                  f"mean confidence {sure.mean():.3f}, right {right.mean():.3f}")
    shipped = fitted([one for some in found.values() for one in some])
    for sign, weight in zip(SIGNS, shipped.weights, strict=True):
        if abs(weight) > 1e-9:
            print(f'"{sign}": {weight:.2f},')
    print(f"bias {shipped.bias:.2f}")


def main(arguments: Sequence[str]) -> None:
    settings, files = read_settings(), [Path(name) for name in arguments]
    told("first look", ask_all(replace(settings, reranker=False), files))
    twice = ask_all(settings, files)
    # The bias of these is what "again" has to add to the bias above.
    told("second look", {file: [one for one in asked if one.reading.candidates and one.reading.candidates[0].again]
                         for file, asked in twice.items()})


if __name__ == "__main__":
    main(sys.argv[1:])
