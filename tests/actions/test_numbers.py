"""Order numbers of several shops, as customers type them."""

from __future__ import annotations

import pytest

from actions.named import named
from actions.shop.numbers import Numbers, guessed, is_same, meant, mentioned
from actions.tasks import finding

SAMPLE, DIGITS, ANY = Numbers("LM-", 6), Numbers(), Numbers(letters=True)


@pytest.mark.parametrize(("text", "found"), [
    ("LM 104281", ["LM-104281"]), ("lm104281", ["LM-104281"]), ("ML-104281", ["LM-104281"]), ("LM-1O4281", ["LM-104281"]),
    ("LM - 10 42 81", ["LM-104281"]), ("order 104281 please", ["LM-104281"]), ("where is #1009", ["1009"]),
    ("order no. A-1009", ["A-1009"]), ("LM-104281 and LM-104287", ["LM-104281", "LM-104287"]),
    ("LM-102019' OR '1'='1", ["LM-102019"]), ("call 07700 900142", []), ("I have had 2 orders", []),
    ("make my order 2 please", []), ("order #57", []),
])
def test_numbers_with_a_prefix(text: str, found: list[str]) -> None:
    assert SAMPLE.found(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("where is #1042", ["1042"]), ("order 57", ["57"]), ("where is order #57?", ["57"]), ("Order No. 57 please", ["57"]),
    ("my order number is 57", ["57"]), ("my order 57 hasn't arrived", ["57"]), ("# 57", ["57"]), ("Order: 57", ["57"]),
    ("order 104287 and order 104288", ["104287", "104288"]), ("order WC-1042", ["1042"]), ("order 2026-0015", ["2026-0015"]),
    ("I'd like to order 3", []), ("order 2 kettles", []), ("my order 2 weeks ago", []), ("make my order 2 please", []),
    ("You're the #1 shop", []), ("parcel was left at #4 with the neighbour", []), ("where's my order? it's #4", ["4"]),
    ("order 1042 was left at #4", ["1042"]), ("please order 12", []), ("item #2", []), ("12 Main St #4, Springfield, 12345", []), ("1042", []), ("order 5.7 m", []),
])
def test_numbers_that_are_digits_only(text: str, found: list[str]) -> None:
    assert DIGITS.found(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("57", ["57"]), ("it's 57", ["57"]), ("#57", ["57"]), ("57 amara@example.com", ["57"]), ("wc1042", ["1042"]),
    ("I think it was 1042 but I'm not sure", ["1042"]), ("two of them, 2 days ago", []), ("in March 2026, I think", []),
    ("it cost £129", []), ("on 12/03/2026", []), ("flat 3, 12 Mill Lane", []),
])
def test_numbers_that_are_digits_only_where_they_were_asked_for(text: str, found: list[str]) -> None:
    assert DIGITS.found(text, asked=True) == found


@pytest.mark.parametrize(("text", "asked", "found"), [
    ("where is wb-10428", False, ["WB-10428"]), ("order WB 10428", False, ["WB10428"]), ("#WB10428", False, ["WB10428"]),
    ("A-1009", True, ["A-1009"]), ("Lerchenstieg 12, DE-22391 Hamburg", False, []),
    ("return the RTX4090", False, []), ("my order from 2024", False, []), ("I want to return my Lamp LX20000", False, []),
    ("tracking RM12345678 shows nothing, where is my parcel", False, []), ("my postcode is SW12345", False, []),
    ("WB10428", False, ["WB10428"]), ("it's WB10428", True, ["WB10428"]), ("where is order WB10428", False, ["WB10428"]),
])
def test_numbers_of_a_form_that_only_the_shop_knows(text: str, asked: bool, found: list[str]) -> None:
    assert ANY.found(text, asked) == found


@pytest.mark.parametrize(("numbers", "text", "left"), [
    (SAMPLE, "change LM-104281 to 4", 4), (SAMPLE, "order 104281: 3 please", 3), (SAMPLE, "make my order 2 please", 2),
    (SAMPLE, "i need to change the quantity on order 104281", None), (DIGITS, "change order 57 to 4", 4),
    (DIGITS, "i need to change the quantity on order 57", None), (DIGITS, "#57: 3 please", 3),
])
def test_a_number_is_no_number_of_pieces(numbers: Numbers, text: str, left: int | None) -> None:
    assert finding.quantity(numbers.out_of(text)) == left


def test_a_flat_keeps_its_number() -> None:
    assert DIGITS.out_of("12 Main Street, #4", hashes=False) == "12 Main Street, #4"


@pytest.mark.parametrize(("one", "other", "same"), [
    ("104281", "LM-104281", True), ("lm104281", "LM-104281", True), ("01042", "1042", True), ("A-1009", "B-1009", False),
    ("57", "58", False), ("", "57", False),
])
def test_the_same_number_typed_otherwise(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same


def test_which_of_the_customers_own_is_meant() -> None:
    assert meant("1009", ["A-1009", "A-1010"]) == "A-1009" and meant("1009", ["A-1009", "B-1009"]) is None
    assert mentioned("cancel 104281 please", ["LM-104281", "LM-104287"]) == ["LM-104281"]
    assert mentioned("it cost £129, and I had 12 of them", ["129", "12"]) == []


def test_what_an_agent_need_not_ask_for_again() -> None:
    said = ["my kettle is late", "order #57, hello?"]
    assert named(said, DIGITS, ["Sundew kettle", "Sundew toaster"]) == {"order": "57", "product": "Sundew kettle"}
    assert named(said[:1], DIGITS, []) == {"order": None, "product": None}


@pytest.mark.parametrize(("one", "other", "same"), [
    ("1042", "#1042", True), ("01042", "WC-1042", True), ("a7k3q", "A7K-3Q", True), ("AB12CD", "XY12ZZ", False),
])
def test_guesses_at_one_order_count_together(one: str, other: str, same: bool) -> None:
    assert (guessed(one) == guessed(other)) is same
