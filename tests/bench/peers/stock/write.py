"""Writes the stock bot's training data from our knowledge base and training phrases: the same entries, Rasa's own way.

Every entry is a response of the retrieval intent ``faq`` (ResponseSelector), with its question and phrasings as examples.
What goes to people, what is out of scope and small talk keep their intents, `MOST` phrases each, since DIET's training
grows with each phrase and more of them would not change what a turn costs.

    python tests/bench/peers/stock/write.py FOLDER [EPOCHS]

`EPOCHS` other than Rasa's default of 100 make the training shorter; what a turn costs does not change with them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from bot.settings import ROOT
from kb_index.folder import read

MOST = 40
_PEOPLE = ("report_defect", "technical_issue", "site_fault", "product_question", "ask_human")
_CHAT = ("greet", "thank", "goodbye", "affirm", "deny", "bot_challenge", "chitchat")


def _phrases() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if block.get("intent") in (*_PEOPLE, *_CHAT, "oos"):
                lines = [line.strip()[2:] for line in block["examples"].splitlines() if line.strip()]
                found.setdefault(block["intent"], []).extend(lines)
    # Spread over all blocks rather than taken from the first.
    return {intent: lines[:: max(1, len(lines) // MOST)][:MOST] for intent, lines in found.items()}


def _examples(texts: list[str]) -> str:
    return "".join(f"- {' '.join(text.split()).replace('[', '(').replace(']', ')')}\n" for text in texts)


def write(folder: Path, epochs: int = 100) -> None:
    """Writes configurations, ``domain.yml`` and ``data/`` below `folder`."""
    entries = read(ROOT / "data" / "kb")
    phrases = _phrases()
    nlu: list[dict[str, Any]] = [
        {"intent": f"faq/{entry.id}", "examples": _examples([entry.question, *entry.phrasings])} for entry in entries
    ]
    nlu += [{"intent": intent, "examples": _examples(texts)} for intent, texts in phrases.items()]
    responses: dict[str, Any] = {f"utter_faq/{entry.id}": [{"text": entry.answer}] for entry in entries}
    for name in ("handoff", "unsure", *_CHAT, "oos"):
        responses[f"utter_{name}"] = [{"text": f"({name})"}]

    def rule(intent: str, action: str) -> dict[str, Any]:
        return {"rule": intent, "steps": [{"intent": intent}, {"action": action}]}

    rules = [rule("faq", "utter_faq"), rule("nlu_fallback", "action_unsure"), rule("oos", "utter_oos")]
    rules += [rule(intent, "action_handoff") for intent in _PEOPLE]
    rules += [rule(intent, f"utter_{intent}") for intent in _CHAT]
    told = [("greet", "utter_greet"), ("faq", "utter_faq"), ("faq", "utter_faq"), ("thank", "utter_thank")]
    stories = [
        {"story": f"a visit of {turns}", "steps": [step for intent, action in told[:turns]
                                                 for step in ({"intent": intent}, {"action": action})]}
        for turns in range(1, len(told) + 1)
    ]
    domain = {
        "version": "3.1", "intents": ["faq", "oos", *_PEOPLE, *_CHAT], "responses": responses,
        "actions": ["utter_faq", "action_handoff", "action_unsure"],
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
    }
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for path, content in (
        ("domain.yml", domain), ("data/nlu.yml", {"version": "3.1", "nlu": nlu}),
        ("data/rules.yml", {"version": "3.1", "rules": rules}),
        ("data/stories.yml", {"version": "3.1", "stories": stories}),
    ):
        (folder / path).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    here = Path(__file__).parent
    for name in ("config.yml", "config.rules.yml"):
        (folder / name).write_text((here / name).read_text().replace("epochs: 100", f"epochs: {epochs}"))
    for name in ("endpoints.yml", "credentials.yml"):
        shutil.copy(here / name, folder / name)
    shutil.copytree(here / "actions", folder / "actions", dirs_exist_ok=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
