"""Texts that customers read keep the rules of docs/tone.md, as far as a program can tell."""

from __future__ import annotations

import re

import pytest
import yaml

from bot.settings import ROOT
from kb_index.folder import read
from kb_index.passages import plain

LONGEST = 32

#: Words by which a text tells that something is not as the customer would wish.
BAD_NEWS = re.compile(r"\b(sorry|afraid|unfortunately|cannot|can't|can’t|unable|not possible|went wrong|declined)\b", re.I)
BLAME = re.compile(
    r"\byou (failed|forgot|neglected|didn't bother|should have|were told|waited too long|made a mistake)\b"
    r"|\byour (mistake|fault|error|failure)\b|\bas (already )?(stated|mentioned|said before)\b|\bobviously\b",
    re.I,
)
JARGON = re.compile(
    r"\b(tickets?|escalat\w+|FAQs?|SLA|KPIs?|intents?|backend|workflow|stakeholders?|leverag\w+|utili[sz]e\w*|kindly|"
    r"please be advised|at this time|in order to|going forward|touch base|reach out|as per|herewith|pursuant|"
    r"valued customer|customer satisfaction|solutions?|seamless\w*|end user)\b", re.I,
)
VAGUE = re.compile(r"\b(as soon as possible|asap|shortly|in due course|24/7|at the earliest)\b", re.I)
#: Texts speak to somebody, or neutrally of a matter; never about the one who reads them.
THIRD_PERSON = re.compile(
    r"\b(the customers? (must|should|can|may|has|have|needs?|is|will)|customers must|the user|users must|one (must|should))\b",
    re.I,
)
#: Longer than our abbreviations (VAT, PIN, PDF).
SHOUTING = re.compile(r"\b[A-Z]{4,}\b(?!\d)")
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def bot_texts() -> dict[str, str]:
    """All that domain.yml has the bot say, buttons too, by name and place."""
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    texts: dict[str, str] = {}
    for name, variations in responses.items():
        for number, variation in enumerate(variations, 1):
            texts[f"{name}/{number}"] = variation["text"]
            for place, button in enumerate(variation.get("buttons") or (), 1):
                texts[f"{name}/{number}/button {place}"] = button["title"]
    return texts


def answers() -> dict[str, str]:
    return {entry.id: entry.answer for entry in read(ROOT / "data" / "kb")}


def mails() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "data" / "mails").glob("*.txt"))}


TEXTS = {**bot_texts(), **answers(), **mails()}


def sentences(text: str) -> list[str]:
    """Sentences and list items; a colon or a semicolon gives as much pause as a full stop."""
    words = re.sub(r"\b(e\.g|i\.e|etc|No|Ltd)\.", r"\1", text)
    lines = re.split(r"\n\s*(?:[-*]|\d+\.)?\s*", words)
    parts = [part for line in lines for part in re.split(r"(?<=[.!?:;])[\s*_]+", plain(line))]
    return [part for part in parts if part.strip()]


def faults(text: str) -> list[str]:
    """Everything in `text` that breaks a rule, in words."""
    found = [f"{name}: {hit.group()!r}" for name, rule in (
        ("blame", BLAME), ("jargon", JARGON), ("vague", VAGUE), ("third person", THIRD_PERSON), ("emoji", EMOJI),
    ) if (hit := rule.search(text))]
    found += [f"{len(part.split())} words: {part!r}" for part in sentences(text) if len(part.split()) > LONGEST]
    found += [f"shouting: {hit}" for hit in SHOUTING.findall(plain(text))]
    if text.count("!") > 1 or ("!" in text and BAD_NEWS.search(text)):
        found.append("exclamation marks")
    if len(re.findall(r"\b(?:sorry|apologi[sz]e)\b", text, re.I)) > 1:
        found.append("sorry more than once")
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_keeps_the_tone(name: str) -> None:
    assert faults(TEXTS[name]) == []


def test_most_sentences_are_short() -> None:
    lengths = [len(part.split()) for text in TEXTS.values() for part in sentences(text)]
    assert sum(length <= 20 for length in lengths) / len(lengths) > 0.8


@pytest.mark.parametrize("text", [
    "Sorry! That did not work.", "Oh no, your card was declined!", "You forgot to print the label.", "That was your mistake.",
    "Kindly note that your ticket was escalated.", "We will reply as soon as possible.", "The customer must print it.",
    "Great! Done!", "PLEASE print the label.", "All done 🎉", "We are sorry. We are very sorry.", "So " + "very " * 40 + "long.",
])
def test_the_rules_find_what_they_are_for(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize("text", ["Good to hear!", "Open **My account › Orders** and choose *Return*.", "VAT is 20 %; the PIN has 4 digits."])
def test_the_rules_leave_good_texts_alone(text: str) -> None:
    assert faults(text) == []
