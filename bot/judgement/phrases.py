"""Training phrases: Rasa's NLU files under ``data/nlu/<route>/``, with the route, kind and source of each block."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.settings import ROOT

FOLDER = ROOT / "data" / "nlu"
ROUTES = ("service", "support", "human", "sales", "out_of_scope", "smalltalk")


@dataclass(frozen=True)
class Phrase:
    """One phrase; `group` (kind and source) keeps like phrases together when we cross-validate."""

    text: str
    intent: str
    route: str
    group: str


class BadPhrases(ValueError):
    """A training file that cannot be used; the message names the file and the block."""


def read(folder: Path) -> list[Phrase]:
    """All phrases below `folder`. Raises BadPhrases."""
    phrases: list[Phrase] = []
    for path in sorted(folder.rglob("*.yml")):
        try:
            blocks = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["nlu"]
        except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise BadPhrases(f"{path}: not a Rasa NLU file ({error})") from error
        for block in blocks:
            told = block.get("metadata") or {}
            route = told.get("route")
            if route not in ROUTES:
                raise BadPhrases(
                    f"{path}: intent {block.get('intent')!r} has route {route!r}; one of {', '.join(ROUTES)} is wanted"
                )
            if not isinstance(block.get("examples"), str):
                raise BadPhrases(f"{path}: intent {block.get('intent')!r} has no examples")
            group = f"{told.get('kind', 'any')}/{told.get('source', 'any')}"
            for line in block["examples"].splitlines():
                text = line.strip().removeprefix("-").strip()
                if text:
                    phrases.append(Phrase(text, block["intent"], route, group))
    if not phrases:
        raise BadPhrases(f"{folder}: there are no training phrases")
    return phrases
