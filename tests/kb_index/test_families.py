"""Translations: which of them a customer gets, what goes live together, and that a search finds a family as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shelf import ENTRIES

from kb_index.encoder import Encoder
from kb_index.entry import Entry
from kb_index.families import Families
from kb_index.lexical import LexicalIndex
from kb_index.retriever import Retriever, units
from kb_index.snapshot import Snapshot
from kb_index.translations import joined, matches

GERMAN = Entry("returns-de", "Wie schicke ich etwas zurück?", "Drucken Sie das **Etikett** aus.", phrasings=("Retoure anmelden",),
               language="de", translation_of="returns")
BRAZIL = replace(GERMAN, id="returns-br", question="Como devolvo um produto?", language="pt-BR")


@pytest.mark.parametrize(("there", "wanted", "found"), [
    (["", "de", "de-AT"], "de-AT", 2), (["", "de-AT", "de"], "de-CH", 2), (["en", "pt"], "pt-BR", 1), (["", "DE"], "de_de", 1),
    (["", "pt-BR"], "pt", 1), (["", "de-AT"], "de-CH", 1), (["", "zh-Hant", "zh"], "zh-Hant-TW", 1),
    (["", "de"], "fr", None), (["", "de"], "d", None), (["en", "de"], "", None), ([], "de", None),
])
def test_the_nearest_language_is_chosen(there: list[str], wanted: str, found: int | None) -> None:
    assert matches(there, wanted) == found


def test_a_customer_gets_their_language_or_else_the_original() -> None:
    entries = [*ENTRIES, GERMAN, BRAZIL]
    families = Families(entries)
    told = {wanted: entries[families.in_language(1, wanted)].id for wanted in ("de-AT", "pt", "en", "fr", "")}
    assert told == {"de-AT": "returns-de", "pt": "returns-br", "en": "returns", "fr": "returns", "": "returns"}
    assert families.in_language(0, "de") == 0 and families.in_language(3, "pt") == 4 and families.in_language(3, "en") == 1


def test_a_translation_that_is_for_fewer_people_is_not_told_to_others() -> None:
    entries = [*ENTRIES, replace(GERMAN, audience="verified")]
    assert Families(entries).in_language(1, "de") == 1 and Families(entries).in_language(1, "de", verified=True) == 3


def test_what_goes_live_together() -> None:
    original = replace(ENTRIES[1], audience="verified", task="return_item", related=("hours",))
    told = {one.id: one for one in joined([GERMAN, replace(GERMAN, id="second"), original, replace(BRAZIL, audience="agents"),
                                           replace(GERMAN, id="lost", translation_of="gone"), replace(GERMAN, id="own", language="")])}
    assert list(told) == ["returns-de", "returns", "returns-br", "own"]
    assert (told["returns-de"].audience, told["returns-br"].audience) == ("verified", "agents"), "it is for more people than the original"
    assert (told["returns-de"].task, told["returns-de"].related, told["returns-de"].category) == ("return_item", ("hours",), "returns")
    assert joined([GERMAN]) == [], "a translation stands alone"


def test_a_version_tells_a_translation_from_an_entry_but_not_an_entry_from_itself_of_before() -> None:
    assert GERMAN.version != replace(GERMAN, translation_of="").version != replace(GERMAN, translation_of="", language="").version
    assert Entry("a", "b", "c").version == "a2cb78a6a681"


def snapshot(encoder: Encoder, entries: list[Entry]) -> Snapshot:
    texts = [units(entry) for entry in entries]
    vectors = encoder.encode([text for one in texts for _, text in one])
    return Snapshot.build(entries, vectors, np.array([k for one in texts for k, _ in one], dtype=np.uint8),
                    np.cumsum([0] + [len(one) for one in texts]).astype(np.int64), {}, encoder.name)


def test_a_search_finds_a_family_as_one(encoder: Encoder) -> None:
    retriever = Retriever(snapshot(encoder, [GERMAN, *ENTRIES]))
    # The very words of a translation need no judgement of its language.
    for text, language in (("bitte eine retoure anmelden", "de"), ("retoure anmelden!", ""), ("i want a return label", "")):
        found = retriever.search([text], encoder.encode([text]), 3)[0]
        assert found[0].entry == "returns" and len({c.entry for c in found}) == len(found) == 3
        assert found[0].language == language
    # The score is that of the better of the two, as it would be without the other.
    alone = Retriever(snapshot(encoder, ENTRIES)).search(["a return label"], encoder.encode(["a return label"]), 1)[0][0]
    both = retriever.search(["a return label"], encoder.encode(["a return label"]), 1)[0][0]
    assert (both.entry, both.nearest) == ("returns", alone.nearest)


def test_the_commonest_words_of_a_language_find_nothing() -> None:
    index = LexicalIndex.build([*ENTRIES, GERMAN])
    assert not index.scores("wie kann ich").any() and index.scores("Etikett")[3] > 0
