"""Everything that was said is found by its words, in SQLite and in Postgres, and nothing typed is an operator."""

from __future__ import annotations

import random
import signal
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backups import tables
from bot.conversations.record import Record
from bot.database import open_database, reading, writing
from bot.search.index import Index, forget_all
from bot.search.words import folded, marked, typed

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from servers import POSTGRES, Postgres, public_folder


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.skipif(
    POSTGRES is None, reason="there is no Postgres on this machine; on Debian: apt install postgresql"))])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("search")
    if request.param == "sqlite":
        yield open_database(f"sqlite:///{folder / 'search.db'}")
        return
    with public_folder() as public:
        server = Postgres(public / "postgres")
        try:
            server.make()
            engine = open_database(server.url)
            yield engine
            engine.dispose()
        finally:
            server.kill(signal.SIGINT)


@pytest.fixture
def index(engine: Any) -> Index:
    tables.prepare(engine)
    index = Index(engine)
    with writing(engine) as connection:
        forget_all(connection)
    return index


def message(seq: int, text: str, kind: str = "message", sender: str = "customer", **more: Any) -> Record:
    return {"seq": seq, "at": 1000.0 + seq, "kind": kind, "from": sender, "text": text, **more}


def event(seq: int, name: str, **more: Any) -> Record:
    return {"seq": seq, "at": 1000.0 + seq, "kind": "event", "from": "system", "event": name, **more}


def found(index: Index, query: str) -> list[tuple[str, int]]:
    return [(hit.conversation, hit.seq) for hit in index.find(query)[0]]


def test_words_are_found_from_their_beginnings_in_any_order_newest_first(index: Index) -> None:
    index.take({"a": [message(1, "My Pika tent has a torn seam"), message(2, "Sorry to hear that", sender="bot"),
                      message(3, "Torn seams: send a new fly", "note", "agent")],
                "b": [message(1, "The seam of the tent is fine")]})
    assert found(index, "seam") == [("b", 1), ("a", 3), ("a", 1)]
    assert found(index, "SEAM ten") == [("b", 1), ("a", 1)]
    assert found(index, "torn tent") == [("a", 1)] and found(index, "tent torn pika") == [("a", 1)]
    assert found(index, "eam") == [] and found(index, "sorry") == [("a", 2)]
    [hit] = index.find("fly")[0]
    assert (hit.kind, hit.sender, hit.at) == ("note", "agent", 1003.0)
    assert hit.parts == [("", "Torn seams: send a new "), ("hit", "fly")]


@pytest.mark.parametrize(("text", "query"), [
    ("Où est ma commande à l’hôtel ?", "hotel"), ("Où est ma commande", "OÙ COMMANDE"), ("straße 5", "STRASSE"),
    ("order LM-20417 please", "lm-20417"), ("order LM-20417", "20417"), ("write to jo.doe@example.org", "jo.doe@example.org"),
    ("it costs £84.50", "84.50"), ("日本語のテキスト", "日本"), ("İstanbul", "istanbul"), ("ﬁnal oﬀer", "final offer"), ("naïve", "naive"),
    ("e\u0301cole", "école"), ("½ off", "1"),
    ("您可以如何退货？", "退货"), ("您可以在30天内退货", "30天"), ("您可以在30天内退货", "货"), ("返品はどうすればできますか", "できます"), ("ｶﾞｲﾄﾞ", "イド"),
    ("คืนสินค้าได้ไหม", "สินค้า"), ("我的T恤", "T恤"),
])
def test_scripts_accents_and_numbers(index: Index, text: str, query: str) -> None:
    index.take({"a": [message(1, text)]})
    [hit] = index.find(query)[0]
    assert any(kind == "hit" for kind, _ in hit.parts)


def test_where_no_spaces_part_words_letters_are_found_side_by_side_only(index: Index) -> None:
    index.take({"a": [message(1, "如何退货"), message(2, "货已退")]})
    assert found(index, "退货") == [("a", 1)] and found(index, "退") == [("a", 2), ("a", 1)]
    [hit] = index.find("何退货")[0]
    assert hit.parts == [("", "如"), ("hit", "何退货")]
    assert typed("退货 T恤") == ["退货", "t", "恤"]


def test_what_was_indexed_as_one_word_is_found_after_the_step(index: Index, engine: Any) -> None:
    index.take({"a": [message(1, "如何退货"), message(2, "seam")]})
    with writing(engine) as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("UPDATE said_words SET words = '如何退货' WHERE rowid = (SELECT min(nr) FROM said)")
        else:
            connection.exec_driver_sql("UPDATE said SET words = array_to_tsvector(ARRAY['如何退货']) WHERE seq = 1")
        connection.exec_driver_sql("UPDATE schema_version SET version = 1 WHERE part = 'search'")
    assert found(index, "退货") == []
    index.prepare()
    assert found(index, "退货") == [("a", 1)] and found(index, "seam") == [("a", 2)]


@pytest.mark.parametrize("query", [
    "", "   ", '"', "'", "*", "-", "AND", "NOT seam", "seam OR tent", 'seam" OR "x', "NEAR(seam tent)", "words:seam",
    "seam*", "^seam", "{seam}", "(((", "seam & !tent", "seam | tent", "seam:*", "\\", "'; DROP TABLE said; --",
    "a" * 5000, "x " * 500, "\0", "\ud800", "%", "_", "<->", "seam <-> tent", "🏕", "\u202e",
])
def test_nothing_typed_is_an_operator_or_an_error(index: Index, query: str) -> None:
    index.take({"a": [message(1, "seam")], "b": [message(1, "tent")]})
    hits = found(index, query)
    assert hits == ([("a", 1)] if typed(query) == ["seam"] else []), query
    assert found(index, "tent") == [("b", 1)]


def test_the_same_again_changes_nothing_and_a_gap_is_waited_for(index: Index) -> None:
    log = [message(seq, f"word{seq} same") for seq in range(1, 6)]
    index.take({"a": log[:2]})
    index.take({"a": log[:3]})
    index.take({"a": log[1:3]})
    index.take({"a": log[4:]})
    assert index.upto(["a", "b"]) == {"a": 3} and found(index, "same") == [("a", 3), ("a", 2), ("a", 1)]
    index.take({"a": log})
    assert index.upto(["a"]) == {"a": 5} and len(found(index, "same")) == 5


def test_what_is_edited_or_deleted_is_found_as_it_is_now(index: Index) -> None:
    index.take({"a": [message(1, "the first"), message(2, "the second"), message(3, "the third")]})
    index.take({"a": [event(4, "edited", of=1, text="the new one"), event(5, "deleted", of=2),
                      message(6, "the fourth"), event(7, "edited", of=6, text="the last"), event(8, "claimed")]})
    assert found(index, "first") == found(index, "second") == found(index, "fourth") == []
    assert found(index, "new") == [("a", 1)] and found(index, "last") == [("a", 6)]
    assert found(index, "the") == [("a", 6), ("a", 3), ("a", 1)] and index.upto(["a"]) == {"a": 8}


def test_files_are_found_by_name(index: Index) -> None:
    index.take({"a": [message(1, "", attachments=[{"name": "torn-seam.jpg"}])]})
    [hit] = index.find("seam")[0]
    assert hit.parts == [("", "torn-"), ("hit", "seam"), ("", ".jpg")]


def test_pages(index: Index) -> None:
    index.take({"a": [message(seq, "same") for seq in range(1, 46)]})
    pages = [index.find("same", offset) for offset in (0, 20, 40, 60)]
    assert [(len(hits), more) for hits, more in pages] == [(20, True), (20, True), (5, False), (0, False)]
    assert [hit.seq for hits, _ in pages for hit in hits] == list(range(45, 0, -1))


def test_a_backup_leaves_the_index_out_and_a_restore_empties_it(index: Index, engine: Any) -> None:
    index.take({"a": [message(1, "seam")]})
    with reading(engine) as connection:
        assert not [table.name for table in tables.tables(connection) if table.name.startswith("said")]
    with writing(engine) as connection:
        forget_all(connection)
    assert found(index, "seam") == [] and index.upto(["a"]) == {}
    index.take({"a": [message(1, "seam")]})
    assert found(index, "seam") == [("a", 1)]


@given(st.text(max_size=400), st.text(max_size=20))
def test_parts_are_the_text_and_hits_are_words_of_the_query(text: str, query: str) -> None:
    words = typed(query)
    parts = marked(text, words)
    whole = "".join(part for _, part in parts).strip("…")
    assert whole in " ".join(__import__("unicodedata").normalize("NFC", text).split())
    for kind, part in parts:
        if kind == "hit":
            assert any(word.startswith(tuple(words)) for word in folded(part) or [part.casefold()])


def test_a_long_text_shows_the_place_of_the_hit() -> None:
    rng = random.Random(5)
    filler = " ".join("".join(rng.choices(string.ascii_lowercase[:8], k=6)) for _ in range(300))
    parts = marked(f"{filler} zipper {filler}", ["zip"])
    assert ("hit", "zipper") in parts and parts[0] == ("", parts[0][1]) and parts[0][1].startswith("…")
    assert sum(len(part) for _, part in parts) < 260
