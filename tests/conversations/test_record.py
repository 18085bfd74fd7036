"""Records as text and as what a customer may see."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.record import BadText, clean, encode, event, for_customer, is_message_id, message


@given(st.text(alphabet=st.characters(), max_size=300))
def test_what_is_kept_can_always_be_stored_and_sent(text: str) -> None:
    try:
        kept = clean(text)
    except BadText as error:
        assert error.code == "text_empty"
        return
    assert clean(kept) == kept
    assert json.loads(encode(message("customer", kept)).encode())["text"] == kept


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x1b", "\u202e", "\ufeff"])
def test_nothing_is_no_text(text: str) -> None:
    with pytest.raises(BadText) as caught:
        clean(text)
    assert caught.value.code == "text_empty"


def test_the_limit_counts_characters() -> None:
    assert clean("😀" * 2000)
    with pytest.raises(BadText) as caught:
        clean("😀" * 2001)
    assert caught.value.code == "text_too_long"


@pytest.mark.parametrize(("value", "good"), [
    ("a", True), ("A-z_9" * 10, True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a b", False), ("a\n", False),
    ("ä", False), (1, False), (None, False), ("a:log", False),
])
def test_message_ids(value: object, good: bool) -> None:
    assert is_message_id(value) is good


def test_customers_see_no_more_than_they_may() -> None:
    bot = {"seq": 1, "at": 1.0, **message("bot", "x", evidence={}, payloads=["/a"], buttons=[{"title": "A"}])}
    assert for_customer(bot) == {"seq": 1, "at": 1.0, "kind": "message", "from": "bot", "text": "x",
                                 "buttons": [{"title": "A"}]}
    own = {"seq": 2, "at": 1.0, **message("customer", "x", payload="/a")}
    assert "payload" not in for_customer(own)
    closed = {"seq": 3, "at": 1.0, **event("closed", outcome="spam", note="n", why="w")}
    assert for_customer(closed) == {"seq": 3, "at": 1.0, "kind": "event", "from": "system", "event": "closed"}
    for kind in ("note", "internal"):
        assert for_customer({"seq": 4, "at": 1.0, "kind": kind, "from": "agent", "text": "secret"}) == {
            "seq": 4, "at": 1.0, "kind": "internal"}
