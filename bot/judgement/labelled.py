"""Labelled texts: JSON lines ``{"text", "label"}``, where the label ``oos`` means out of scope."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: The label of texts that belong to no intent.
OUT_OF_SCOPE = "oos"


class BadLabels(ValueError):
    """A file of labelled texts that cannot be used; the message names file, line, column and the mend."""


@dataclass(frozen=True)
class Labelled:
    """A text and the intent that a person gave it."""

    text: str
    label: str


def read(path: Path, least: int = 0) -> list[Labelled]:
    """All lines of a file, empty ones left out. Raises BadLabels at the first fault, where there are none, and where
    they have fewer than `least` intents."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadLabels(f"{path}: cannot be read ({error.strerror}); name a file of JSON lines") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raw = error.object  # without a mark of byte order, as the places in it are counted
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        byte = f"byte 0x{raw[error.start]:02x}"
        raise BadLabels(f"{path}:{line}:{column}: not UTF-8 ({byte}); save the file as UTF-8") from None
    # Not splitlines(): texts may hold other line separators, which JSON leaves as they are.
    lines = enumerate(text.split("\n"), 1)
    found = [_parse(line, path, number) for number, line in lines if line.strip()]
    if not found:
        raise BadLabels(f'{path}:1:1: there is no line in it; lines {{"text": "…", "label": "…"}} are wanted')
    intents = {one.label for one in found} - {OUT_OF_SCOPE}
    if len(intents) < least:
        raise BadLabels(f"{path}:1:1: {len(intents)} intents beside {OUT_OF_SCOPE}; {least} or more are wanted")
    return found


def sample(examples: Sequence[Labelled], shots: int, seed: int) -> list[Labelled]:
    """At most `shots` of each label, out of scope too, drawn with `seed`, in the order of the file."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        rows.setdefault(example.label, []).append(row)
    drawn: list[int] = []
    for label in sorted(rows):
        drawn += rng.choice(rows[label], min(shots, len(rows[label])), replace=False).tolist()
    return [examples[row] for row in sorted(drawn)]


def called(examples: Sequence[Labelled]) -> list[Labelled]:
    """What the intents are called, as one more text of each: ``card_arrival`` is "card arrival". Labels with digits, or
    with no word of three letters, are names of nothing."""
    named = []
    for label in sorted({one.label for one in examples} - {OUT_OF_SCOPE}):
        words = " ".join(re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label))).lower()
        if re.search(r"[^\W\d_]{3}", words) and not re.search(r"\d", words):
            named.append(Labelled(words, label))
    return named


def _parse(line: str, path: Path, number: int) -> Labelled:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        column, fault = getattr(error, "colno", 1), getattr(error, "msg", error)
        raise BadLabels(f"{path}:{number}:{column}: no valid JSON ({fault}); one object a line is wanted") from None
    wanted = 'an object {"text": "…", "label": "…"} is wanted'
    if not isinstance(row, dict):
        raise BadLabels(f"{path}:{number}:1: {type(row).__name__}; {wanted}")
    for name in ("text", "label"):
        if name not in row:
            raise BadLabels(f"{path}:{number}:1: there is no {name!r}; {wanted}")
    text, label = row["text"], row["label"]
    # Some data sets number their intents.
    if isinstance(label, int) and not isinstance(label, bool):
        label = str(label)
    for name, value in (("text", text), ("label", label)):
        if not isinstance(value, str) or (name == "label" and not value.strip()):
            column = line.find(f'"{name}"') + 1 or 1
            raise BadLabels(f"{path}:{number}:{column}: {name} is {value!r}; write words in quotation marks")
    return Labelled(text, label.strip())
