"""Replays: what the bot would do with messages, without side effects; and plain search of the published index."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.judgement import assembly, reranking
from bot.judgement.confidence import RIVALS
from bot.judgement.judge import Judge
from bot.judgement.router import by_the_very_words
from bot.judgement.tasks import TASKS
from bot.settings import Settings
from kb_index import snapshot
from kb_index.encoder import load_encoder
from kb_index.errors import BadSnapshot

Progress = Callable[[int, int], None]
_BATCH = 64


class BadLines(ValueError):
    """A file of messages that cannot be read; the message names file, line and column."""


def read_lines(path: Path, identifier: str) -> list[tuple[str, str]]:
    """Pairs (id, text) of a JSON-lines file whose objects have `identifier` and ``text``. Raises BadLines."""
    pairs: list[tuple[str, str]] = []
    try:
        raw = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLines(f"{path}: cannot be read as UTF-8 text ({error})") from None
    except OSError as error:
        raise BadLines(f"{path}: cannot be read ({error.strerror})") from None
    # Not splitlines(): customers' texts may hold other line separators, which JSON leaves as they are.
    for number, line in enumerate(raw.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_number, parse_float=_number)
        except (ValueError, RecursionError) as error:
            column, fault = getattr(error, "colno", 1), getattr(error, "msg", error)
            raise BadLines(f"{path}:{number}:{column}: no valid JSON ({fault})") from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise BadLines(f'{path}:{number}: an object {{"{identifier}": …, "text": "…"}} is wanted')
        pairs.append((row.get(identifier, number), row["text"]))
    return pairs


def _number(text: str) -> float:
    """A number that JSON can say again. Raises ValueError."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is no number")
    return number


def judge_of(settings: Settings) -> Judge:
    """A judge on what is published at this moment. Raises BadSnapshot, also for what another encoder made, and
    ModelMissing."""
    published, encoder = snapshot.load_current(settings.index), load_encoder(settings.encoder, 2)
    if published.encoder != encoder.name:
        raise BadSnapshot(f"snapshot {published.name} was made with the encoder {published.encoder}, and here is "
                          f"{encoder.name}; publish again with `frontdesk kb publish`")
    if published.larger_encoder not in ("", larger := reranking.name(settings)):
        raise BadSnapshot(f"snapshot {published.name} was made with the reranker {published.larger_encoder}, and here "
                          f"is {larger or 'none'}; publish again with `frontdesk kb publish`")
    return Judge(encoder, assembly.load(settings, 2), published, TASKS, reranking.shared(settings, 2))


def replay(
    judge: Judge, pairs: Sequence[tuple[str, str]], progress: Progress = lambda done, total: None
) -> Iterator[dict[str, Any]]:
    """One row per message, in order, as `frontdesk replay` prints it. ``ms`` is the message's share of its batch."""
    published = judge.retriever.snapshot
    for start in range(0, len(pairs), _BATCH):
        batch = pairs[start : start + _BATCH]
        began = time.perf_counter()
        judged = judge.judge([text for _, text in batch], words=True)
        spent = (time.perf_counter() - began) * 1000 / len(batch)
        for (identifier, _), judgement in zip(batch, judged, strict=True):
            told = judgement.as_dict()
            words = ", ".join(f"“{word}”" for word in judgement.words)
            why = f"{told['why']}; words that weighed most: {words}" if words else told["why"]
            answer = published.entries[published.position[judgement.entry]].answer if judgement.entry else None
            yield {
                "id": identifier, "route": told["route"], "confidence": told["confidence"],
                "decision": told["decision"], "intent": told["intent"], "entry": told["entry"], "answer": answer,
                "candidates": told["candidates"], "why": why, "ms": round(spent, 3),
            }
        progress(min(start + _BATCH, len(pairs)), len(pairs))


def search(
    judge: Judge, pairs: Sequence[tuple[str, str]], top: int, progress: Progress = lambda done, total: None
) -> Iterator[dict[str, Any]]:
    """One row per question, as `frontdesk kb search` prints it. ``answered`` says whether the confidence in the first
    hit is above the bar at which the promised error rate holds for all questions, whoever they are for, or whether it
    was published in these very words. How many hits are wanted changes neither: a lead over rivals that were not looked
    for would be no lead."""
    for start in range(0, len(pairs), _BATCH):
        batch = pairs[start : start + _BATCH]
        for (identifier, _), reading in zip(batch, judge.read([text for _, text in batch], max(top, RIVALS)),
                                            strict=True):
            sure = judge.bars.confidence.of(reading)
            yield {
                "qid": identifier, "hits": [{"entry": c.entry, "score": c.score} for c in reading.candidates[:top]],
                "answered": by_the_very_words(reading)
                or (bool(reading.candidates) and sure >= judge.bars.bar(reading, judge.bars.search)),
                "confidence": round(sure, 4),
            }
        progress(min(start + _BATCH, len(pairs)), len(pairs))
