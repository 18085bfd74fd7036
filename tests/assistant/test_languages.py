"""What the bot says to a customer whose page is in another language, from the question to the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from play import BARS, Customer, at_work

from bot.assistant.worker import Worker
from bot.conversations.record import for_customer
from bot.conversations.store import Conversations
from bot.settings import Settings
from kb_index import snapshot
from kb_index.encoder import load_encoder
from kb_index.entry import Entry
from kb_index.retriever import units

HOURS = "store-opening-hours"
GERMAN = Entry(f"{HOURS}-de", "Wann sind eure Läden offen?", "Von **9** bis 18 Uhr.", "company", ("Öffnungszeiten",), language="de",
               translation_of=HOURS)


@pytest.fixture
def live(workshop: Settings) -> Iterator[snapshot.Snapshot]:
    """What is published, with one translation."""
    old = snapshot.load_current(workshop.index)
    added = units(GERMAN)
    vectors = np.vstack([old.vectors, load_encoder(workshop.encoder).encode([text for _, text in added])])
    directions = old.directions if old.directions is None else np.vstack([old.directions, old.directions[old.position[HOURS]]])
    kinds = np.append(old.kinds, [kind for kind, _ in added]).astype(np.uint8)
    built = snapshot.Snapshot.build([*old.entries, GERMAN], vectors, kinds, np.append(old.starts, len(vectors)),
                                    {**old.calibration, **BARS}, old.encoder, directions)
    snapshot.write(workshop.index, built, "test")
    yield snapshot.load_current(workshop.index)
    # Written anew: of several later ones the oldest is not kept.
    snapshot.write(workshop.index, old, "test")


async def say(customer: Customer, text: str, locale: str, payload: str = "") -> dict[str, object]:
    customer._sent += 1
    await customer.conversations.post(customer.cid, f"m{customer._sent}", text, payload, locale=locale)
    return (await customer.answered())[-1]


async def test_a_customer_is_answered_in_the_language_of_their_page(
    worker: Worker, customer: Customer, conversations: Conversations, live: snapshot.Snapshot
) -> None:
    english = live.entries[live.position[HOURS]]
    near = next(entry.id for entry in live.entries if HOURS in entry.related[:2])
    async with at_work(worker):
        told = await say(customer, "When are your stores open?", "de-AT")
        assert (told["text"], told["lang"]) == (GERMAN.answer, "de") and "<strong>9" in str(told["html"])
        evidence = told["evidence"]
        assert isinstance(evidence, dict)
        assert (evidence["entry"], evidence["version"], evidence["question"]) == (GERMAN.id, GERMAN.version, GERMAN.question)
        assert evidence["candidates"][0]["entry"] == HOURS and for_customer(told)["lang"] == "de"
        # The same words, and they mean the same, from a page in another language.
        told = await say(customer, "Öffnungszeiten", "fr")
        assert told["text"] == english.answer and "lang" not in told
        assert (await conversations.state(customer.cid)).locale == "fr"
        # Nothing told: the page that they were on last.
        told = await say(customer, "Öffnungszeiten", "")
        assert told["text"] == english.answer
        told = await say(customer, "that one", "de", f"entry:{HOURS}")
        assert told["text"] == GERMAN.answer
        # Where it is a choice, it stands there in their language.
        told = await say(customer, "shops", "de", f"entry:{near}")
        titles = [button["title"] for button in told["buttons"]]  # type: ignore[attr-defined]
        assert GERMAN.question in titles and english.question not in titles


async def test_a_question_in_another_language_is_answered_where_it_stands_so_in_a_translation(
    worker: Worker, customer: Customer, live: snapshot.Snapshot
) -> None:
    async with at_work(worker):
        told = await say(customer, "öffnungszeiten?", "de")
        assert told["text"] == GERMAN.answer
        # Not where it is only like it: nothing is known of questions in that language.
        told = await say(customer, "welche Öffnungszeiten habt ihr", "de")
        assert told["text"] != GERMAN.answer


def test_a_snapshot_of_before_has_no_translations_and_loads(live: snapshot.Snapshot) -> None:
    fields = {"id": "a", "question": "b", "answer": "c", "category": "", "phrasings": [], "tests": [], "related": [],
              "task": "", "audience": "everyone"}
    entry = Entry.restore(fields)
    assert (entry.language, entry.translation_of) == ("", "") and entry.version == replace(entry, tests=("x",)).version
