"""What is found in a message, as customers write it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from actions.shop.backend import Address, Item, Slot
from actions.tasks import finding

TODAY = date(2026, 11, 24)


def item(line: str, name: str, variant: str) -> Item:
    return Item(line, "sku", name, variant, 1, Decimal(1))


ITEMS = [item("1", "Harrow jeans", "W32 L32, indigo"), item("2", "Harrow jeans", "W34 L32, indigo"),
         item("3", "Drift linen shirt", "L, white"), item("4", "Pika Mini speaker", "black"),
         item("5", "Sundew kettle", "cream"), item("6", "Sundew toaster", "sage"), item("7", "Pika headphones", "sand")]


@pytest.mark.parametrize(("text", "found"), [
    ("AMARA.OKAFOR@EXAMPLE.COM", "amara.okafor@example.com"), ("it's (bob@foo.co.uk).", "bob@foo.co.uk"),
    ("amara.okafor at example.com", "amara.okafor@example.com"), ("x@y", None), ("no mail here", None),
])
def test_e_mails(text: str, found: str | None) -> None:
    assert finding.email(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("the jeans", ["1", "2"]), ("W34 jeans", ["2"]), ("linen shirts", ["3"]), ("speeker", ["4"]), ("the ketle", ["5"]),
    ("sundew", ["5", "6"]), ("headphone", ["7"]), ("the kettle and the toaster", ["5", "6"]), ("the sage one", ["6"]),
    ("hello there", []),
])
def test_articles(text: str, found: list[str]) -> None:
    assert [one.line for one in finding.items(text, ITEMS)] == found


@pytest.mark.parametrize(("text", "found"), [
    ("two", 2), ("make it 2", 2), ("from 1 to 3", 3), ("-2", -2), ("minus one", -1), ("zero", 0), ("not 3 but 2", 2),
    ("3 instead of 2", 3), ("i only want one of them", 1), ("the other one", None),
    ("one of the two linen shirts", 1), ("a dozen", 12), ("half a dozen please", 6),
    ("no more than 3", 3),
    ("the navy one", None), ("the second one", None), ("that big navy one please", None), ("change the kettle to one", 1),
    ("the quantity should be one", 1), ("make that just one", 1),
])
def test_numbers_of_pieces(text: str, found: int | None) -> None:
    assert finding.quantity(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("add two more speakers to my order", 2), ("one more please", 1), ("another one", 1), ("an extra 3", 3),
    ("add another speaker", 1), ("make it 3", None), ("no more than 3", None), ("the other one", None),
    ("one more thing", None), ("I want another order", None),
    ("make it 2 extra large", None), ("2 extra-large ones", None), ("2 extra please", 2), ("two more large ones", 2),
    ("the kettle one more", 1),
])
def test_numbers_on_top_of_what_is_there(text: str, found: int | None) -> None:
    assert finding.on_top(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("my number is 07700 900142 now", "+44 7700 900142"), ("(+353) 87 123 4567", "+353 87 123 4567"),
    ("00353871234567", "+353 87 123 4567"), ("020 7946 0958", "+44 20 7946 0958"), ("087 123 4567", None),
    ("06 12 34 56 78", None), ("0151 23456789", None), ("(212) 555-0123", None), ("718 555 0123", None),
    ("4425550123", None), ("44 7700 900142", "+44 7700 900142"), ("7700 900142", None), ("(0)7700 900142", "+44 7700 900142"),
])
def test_phone_numbers_of_other_countries_need_their_code(text: str, found: str | None) -> None:
    assert finding.phone(text) == found


@pytest.mark.parametrize(("text", "direction", "found"), [
    ("last Tuesday", "past", date(2026, 11, 17)), ("yesterday", "past", date(2026, 11, 23)),
    ("next friday", "future", date(2026, 11, 27)), ("the 19th", "future", date(2026, 12, 19)),
    ("on the 3rd of december", "future", date(2026, 12, 3)), ("28/11", "future", date(2026, 11, 28)),
    ("no day at all", "future", None), ("not today, Friday please", "future", date(2026, 11, 27)),
    ("not Friday, Saturday or Sunday", "future", None),
])
def test_days(text: str, direction: str, found: date | None) -> None:
    assert finding.day(text, direction, TODAY) == found


def test_windows_of_a_day() -> None:
    offered = [Slot(date(2026, 12, 1), window) for window in ("08:00-10:00", "10:00-12:00", "14:00-16:00")]
    assert finding.slots("in the morning", offered, TODAY) == offered[:2]
    assert finding.slots("tuesday between 2 and 4pm", offered, TODAY) == offered[2:]


def test_windows_that_a_shop_calls_by_words_or_writes_otherwise() -> None:
    offered = [Slot(date(2026, 12, 1), window) for window in ("Morning", "9-12", "14:00 - 16:00")]
    assert finding.slots("in the morning please", offered, TODAY) == offered[:1]
    assert finding.slots("between 9 and 12", offered, TODAY) == offered[1:2]
    assert finding.slots("2 to 4pm", offered, TODAY) == offered[2:]


@pytest.mark.parametrize(("text", "found"), [
    ("a large", ["L, navy"]), ("large in rust", ["L, rust"]), ("rust", ["M, rust"]), ("extra large", ["XL, navy"]),
    ("green", []),
])
def test_sizes_and_colours_keep_what_they_leave_open(text: str, found: list[str]) -> None:
    assert finding.variant(text, "M, navy", ["S, navy", "L, navy", "XL, navy", "M, rust", "L, rust"]) == found


@pytest.mark.parametrize(("text", "line1", "town", "postcode"), [
    ("please send it to 27 Tanner's Rise, Leeds LS74QX", "27 Tanner's Rise", "Leeds", "LS7 4QX"),
    ("12 Mill Lane Leeds LS1 4AB", "12 Mill Lane", "Leeds", "LS1 4AB"),
    ("to another address: 5 Oak Road, York, YO1 7AA", "5 Oak Road", "York", "YO1 7AA"),
    ("Lerchenstieg 12, 22391 Hamburg, Germany", "Lerchenstieg 12", "Hamburg", "22391"),
    ("I moved to 5 Oak Road\nYork\nYO1 7AA", "5 Oak Road", "York", "YO1 7AA"),
    ("12 Elm St, Springfield, 62701-1234", "12 Elm St", "Springfield", "62701-1234"),
    ("80 Wellington St, Ottawa, K1A 0A9, Canada", "80 Wellington St", "Ottawa", "K1A 0A9"),
    ("ul. Prosta 5, 00-950 Warszawa", "ul. Prosta 5", "Warszawa", "00-950"),
])
def test_addresses(text: str, line1: str, town: str, postcode: str) -> None:
    found = finding.address(text, "United Kingdom")
    assert found is not None and (found.line1, found.town, found.postcode) == (line1, town, postcode)


def test_a_saved_address_by_its_label_and_half_an_address() -> None:
    work = Address("Unit 5", "Leeds", "LS11 8DN", "United Kingdom", label="Work")
    found = finding.address("to my work address", "United Kingdom", [work])
    assert found is not None and found.line1 == "Unit 5"
    assert finding.address("5 oak rd york", "United Kingdom", [work]) is None


@pytest.mark.parametrize(("text", "leaves"), [
    ("yes please", False), ("No, leave it", True), ("no the other one", False), ("never mind", True), ("stop", True),
    ("stop the newsletter", False), ("no longer need it", False), ("no, not today thanks", True),
    ("not today, Friday please", False), ("leave it with my neighbour", False), ("just leave it at that", True),
    ("leave it in the porch", False), ("no, keep my order", True),
    ("I'll leave it", True), ("I want to keep it", True), ("I don't want to keep it", False), ("can't keep it", False),
])
def test_leaving(text: str, leaves: bool) -> None:
    assert finding.leaves(text) == leaves


@pytest.mark.parametrize(("text", "leaves"), [
    ("it's too big to keep it", False), ("I'll keep it", True), ("never mind", True), ("keep it", True),
    ("I want to keep it", True), ("I'd rather keep it", True), ("no, keep the order", True),
    ("I don't want to keep it", False), ("can’t keep it", False), ("no reason to keep it", False),
    ("not to return it but keep it", True), ("sorry, not today", True), ("ok not today", True), ("maybe later", True),
    ("it's hard to keep it clean", False),
])
def test_leaving_where_a_reason_was_asked_for(text: str, leaves: bool) -> None:
    assert finding.leaves(text, reason=True) == leaves


@pytest.mark.parametrize(("text", "zero"), [
    ("0", True), ("LM-104281 a@b.example\n0", True), ("10", False), ("set it to 0", False), ("", False),
])
def test_a_lone_zero(text: str, zero: bool) -> None:
    assert finding.types_zero(text) is zero


@pytest.mark.parametrize(("text", "why"), [
    ("why do you need that?", True), ("what do you need my email for", True), ("why??", True),
    ("that is why I want my money back", False), ("why is it late", False),
])
def test_asking_why_something_is_asked(text: str, why: bool) -> None:
    assert finding.asks_why(text) is why


@pytest.mark.parametrize(("text", "place"), [
    ("the first one", 0), ("2nd one please", 1), ("the third", 2), ("the latest", None), ("the newest one", None),
    ("I bought the first of them in a shop last year", None),
])
def test_places_in_a_list(text: str, place: int | None) -> None:
    assert finding.ordinal(text) == place


@pytest.mark.parametrize(("text", "resent"), [
    ("please send a new one instead", True), ("can you send it again", True), ("No, don't refund it, I want the kettle", True),
    ("a replacement please", True), ("yes, refund me", False), ("send the money to my card", False),
])
def test_wants_a_lost_parcel_again(text: str, resent: bool) -> None:
    assert finding.wants_resent(text) is resent


@pytest.mark.parametrize(("text", "lines"), [
    ("cancel just the lamp", ["2"]), ("take the lamp off my order", ["2"]), ("cancel the lamp", ["2"]),
    ("cancel the order but keep the lamp", ["1"]), ("cancel my lamp order", []), ("cancel both, the duvet and the lamp", []),
    ("cancel my order", []),
])
def test_a_part_of_an_order(text: str, lines: list[str]) -> None:
    order = [item("1", "Aspen duvet", "13.5 tog"), item("2", "Tern desk lamp", "white")]
    assert [one.line for one in finding.part(text, order)] == lines
