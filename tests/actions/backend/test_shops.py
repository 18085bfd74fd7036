"""What every backend of ours does alike: what it shows, what it allows in which state, and that a change is made once.

Each test runs against the sample shop itself and against it behind the REST interface, where every request and every
answer is checked against ``openapi.yaml``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from actions.shop.backend import REASONS, STATES, TASKS, Address, Backend, Slot, lines_of
from actions.shop.embedded import SampleShop
from actions.shop.errors import BadValue, KeyReused, NotFound, Refused

TODAY = date(2026, 3, 2)
ADDRESS = Address("3 Heron Street", "York", "YO1 7AA", "United Kingdom")


async def test_a_customers_orders_are_theirs_newest_first(shop: Backend) -> None:
    orders = await shop.orders("C-1001")
    assert [order.number for order in orders] == ["LM-104233", "LM-103618", "LM-102019"]
    newest = orders[0]
    assert newest.delivery.tracking in newest.delivery.url and newest.delivery.expected == TODAY + timedelta(days=1)
    assert newest.total == Decimal("208.0") and newest.items[0].name == "Rill rain jacket"
    assert await shop.orders("C-9999") == []


async def test_somebody_elses_order_is_not_there_in_any_call(shop: Backend, sample_shop: SampleShop) -> None:
    mine, theirs = "C-1001", "LM-104287"
    calls = [
        shop.order(mine, theirs), shop.invoice(mine, theirs), shop.slots(mine, theirs),
        shop.variants(mine, theirs, "1"), shop.change_address(mine, theirs, ADDRESS, key="a"),
        shop.change_slot(mine, theirs, Slot(TODAY + timedelta(days=3)), key="b"),
        shop.change_quantity(mine, theirs, "1", 2, key="c"), shop.cancel(mine, theirs, key="d"),
        shop.request_return(mine, theirs, {"1": 1}, "other", key="e"),
        shop.exchange(mine, theirs, "1", "4.5 tog", key="f"),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            await call
    assert await sample_shop.effects() == []


async def test_order_and_email_lead_to_the_customer_in_any_case_of_letters(shop: Backend) -> None:
    found = await shop.customer_of_order("LM-104233", " AMARA.Okafor@Example.COM ")
    assert found is not None and found.id == "C-1001"
    assert await shop.customer_of_order("LM-104233", "dot.pemberton@example.com") is None
    assert await shop.customer_of_order("LM-999999", "amara.okafor@example.com") is None
    assert await shop.customer_of_order("x' or '1'='1", "x' or '1'='1") is None


@pytest.mark.parametrize(
    ("number", "customer", "possible"),
    [
        ("LM-104287", "C-1010", {"change_address", "change_slot", "change_quantity", "cancel"}),
        ("LM-104255", "C-1002", set()),
        ("LM-104233", "C-1001", {"invoice"}),
        ("LM-103618", "C-1001", {"return", "exchange", "invoice"}),
        ("LM-102019", "C-1001", {"invoice"}),  # delivered 63 days ago
        ("LM-103702", "C-1010", {"return", "invoice"}),  # lost on its way
        ("LM-102502", "C-1003", {"invoice"}),
        ("LM-103244", "C-1009", set()),
    ],
)
async def test_what_is_possible_depends_on_the_state(
    shop: Backend, number: str, customer: str, possible: set[str]
) -> None:
    order = await shop.order(customer, number)
    assert order.state in STATES
    assert set(TASKS) - set(order.refused) == possible
    assert set(order.refused.values()) <= set(REASONS)


async def test_a_refused_change_changes_nothing(shop: Backend, sample_shop: SampleShop) -> None:
    before = await shop.order("C-1002", "LM-104255")
    with pytest.raises(Refused) as refusal:
        await shop.cancel("C-1002", "LM-104255", key="k")
    assert refusal.value.reason == "being_packed"
    assert await shop.order("C-1002", "LM-104255") == before and await sample_shop.effects() == []


async def test_an_order_that_was_just_received_can_be_changed(shop: Backend, sample_shop: SampleShop) -> None:
    order = await shop.change_address("C-1010", "LM-104287", ADDRESS, key="1")
    assert order.delivery.address == ADDRESS
    order = await shop.change_quantity("C-1010", "LM-104287", "2", 3, key="2")
    assert order.items[1].quantity == 3 and order.total == Decimal("222.95")
    slot = (await shop.slots("C-1010", "LM-104287"))[4]
    order = await shop.change_slot("C-1010", "LM-104287", slot, key="3")
    assert order.delivery.expected == slot.day
    order = await shop.cancel("C-1010", "LM-104287", key="4")
    assert order.state == "cancelled" and order.refunds == ()  # it was not paid yet
    assert [effect["what"] for effect in await sample_shop.effects()] == [
        "change_address", "change_quantity", "change_slot", "cancel"
    ]
    with pytest.raises(Refused) as refusal:
        await shop.cancel("C-1010", "LM-104287", key="5")
    assert refusal.value.reason == "cancelled"


async def test_a_number_is_taken_as_it_was_typed(shop: Backend) -> None:
    for typed in ("104287", "lm104287", "LM 104287", "#104287"):
        assert (await shop.order("C-1010", typed)).number == "LM-104287"


async def test_values_that_cannot_be_right(shop: Backend, sample_shop: SampleShop) -> None:
    async def refused(call: Awaitable[object], kind: type[Exception], code: str) -> None:
        with pytest.raises(kind) as error:
            await call
        assert getattr(error.value, "reason", None) == code

    who, number = "C-1010", "LM-104287"
    for quantity, code in ((0, "too_small"), (-3, "too_small")):
        await refused(shop.change_quantity(who, number, "1", quantity, key="k"), BadValue, code)
    await refused(shop.change_quantity(who, number, "1", 11, key="k"), Refused, "too_many")
    await refused(shop.change_slot(who, number, Slot(TODAY - timedelta(days=1)), key="k"), BadValue, "past")
    await refused(shop.change_slot(who, number, Slot(TODAY + timedelta(days=90)), key="k"), Refused, "no_such_slot")
    await refused(shop.edit_customer(who, name="x" * 300, key="k"), BadValue, "too_long")
    await refused(shop.edit_customer(who, name=" \x00 ", key="k"), BadValue, "empty")
    await refused(shop.edit_customer(who, name="12345", key="k"), BadValue, "form")
    for email in ("nobody", "a@b", "a b@c.de", "a@b.c@d.e", "<a@b.cd>", "a@b..cd"):
        await refused(shop.edit_customer(who, email=email, key="k"), BadValue, "form")
    await refused(shop.edit_customer(who, phone="call me", key="k"), BadValue, "form")
    await refused(shop.edit_customer(who, email="AMARA.okafor@example.com", key="k"), Refused, "email_taken")
    await refused(shop.save_address(who, replace(ADDRESS, line1=""), key="k"), BadValue, "empty")
    await refused(shop.request_return("C-1001", "LM-103618", {"3": 3}, "other", key="k"), BadValue, "too_large")
    await refused(shop.request_return("C-1001", "LM-103618", {"3": 0}, "other", key="k"), BadValue, "too_small")
    await refused(shop.request_return("C-1001", "LM-103618", {}, "other", key="k"), BadValue, "empty")
    await refused(shop.feedback("complaint", "delivery", "  ", key="k"), BadValue, "empty")
    assert await sample_shop.effects() == []


async def test_injections_are_text(shop: Backend) -> None:
    name = "Robert'); drop table customers;-- {{7*7}} ${x}"
    customer = await shop.edit_customer("C-1010", name=name, key="1")
    assert customer.name == name == (await shop.customer("C-1010")).name
    assert (await shop.customer("C-1001")).name == "Amara Okafor"


async def test_a_return_names_its_amount_and_cannot_be_asked_for_twice(shop: Backend) -> None:
    made = await shop.request_return("C-1001", "LM-103618", {"1": 1, "3": 1}, "wrong_size", key="1")
    assert made.amount == Decimal("116.0") and made.send_by == TODAY + timedelta(days=14) and not made.collected
    order = await shop.order("C-1001", "LM-103618")
    refund = order.refunds[0]
    assert (refund.state, refund.amount, refund.reference) == ("requested", Decimal("116.0"), made.reference)
    assert [item.line for item in lines_of(order, refund.lines)] == ["1", "3"]
    with pytest.raises(Refused) as refusal:
        await shop.request_return("C-1001", "LM-103618", {"1": 1}, "other", key="2")
    assert refusal.value.reason == "returned_before"


async def test_the_delivery_charge_comes_back_with_a_whole_order(shop: Backend) -> None:
    whole = {"1": 1, "2": 1, "3": 2}
    made = await shop.request_return("C-1001", "LM-103618", whole, "changed_mind", key="1")
    assert made.amount == Decimal("237.95")


async def test_a_lost_parcel_is_refunded_without_sending_anything(shop: Backend) -> None:
    made = await shop.request_return("C-1010", "LM-103702", {"1": 1}, "not_arrived", key="1")
    assert made.send_by is None
    assert (await shop.order("C-1010", "LM-103702")).refunds[0].state == "pending"


async def test_an_exchange_is_for_what_is_offered_and_free_once(shop: Backend) -> None:
    offered = await shop.variants("C-1001", "LM-103618", "1")
    assert "W34 L32, indigo" in offered and "W32 L32, indigo" not in offered
    for variant, code in (("W99 L99, pink", "no_such_variant"), ("w32 l32,  Indigo", "same_variant")):
        with pytest.raises(Refused) as refusal:
            await shop.exchange("C-1001", "LM-103618", "1", variant, key="0")
        assert refusal.value.reason == code
    made = await shop.exchange("C-1001", "LM-103618", "1", "w34 L32, Indigo", key="1")
    assert made.variant == "W34 L32, indigo"
    with pytest.raises(Refused) as refusal:
        await shop.exchange("C-1001", "LM-103618", "1", "W30 L32, black", key="2")
    assert refusal.value.reason == "exchanged_before"


async def test_the_account_is_edited_field_by_field(shop: Backend) -> None:
    customer = await shop.edit_customer("C-1001", email="Amara.New@Example.com", phone="+44 7700 900999", key="1")
    assert (customer.email, customer.phone, customer.name) == ("amara.new@example.com", "+44 7700 900999", "Amara Okafor")
    found = await shop.customer_by_email("AMARA.NEW@example.com")
    assert found == customer and await shop.customer_by_email("amara.okafor@example.com") is None
    customer = await shop.save_address("C-1001", replace(ADDRESS, label="work"), key="2")
    assert [address.town for address in customer.addresses] == ["Leeds", "York"]
    assert not (await shop.newsletter("C-1001", False, key="3")).newsletter
    assert await shop.close_account("C-1001", key="4") == TODAY + timedelta(days=30)


async def test_sign_in_mails_go_to_the_address_on_record(shop: Backend) -> None:
    mail = await shop.sign_in_mail("password", "Yusuf.D@example.com", key="1")
    assert mail is not None and mail.to == "yusuf.d@example.com" and mail.values["link"].startswith("https://")
    assert await shop.sign_in_mail("password", "nobody@example.com", key="2") is None
    mail = await shop.sign_in_mail("user_name", "07700 900629", key="3")
    assert mail is not None and mail.values["user_name"] == "yusuf.d@example.com"
    assert (await shop.customer("C-1008")).locked
    await shop.sign_in_mail("unlock", "yusuf.d@example.com", key="4")
    assert not (await shop.customer("C-1008")).locked


async def test_membership_gift_cards_and_feedback(shop: Backend) -> None:
    assert (await shop.membership("C-1001")).worth == 15
    assert not (await shop.membership("C-1002")).member
    card = await shop.gift_card("6035 7100 4881 2204", "4417")
    assert (card.number, card.balance) == ("2204", Decimal("38.5"))
    for number, pin in (("6035710048812204", "0000"), ("1111", "4417")):
        with pytest.raises(NotFound):
            await shop.gift_card(number, pin)
    first = await shop.feedback("complaint", "delivery", "It came late.", customer="C-1001", key="1")
    second = await shop.feedback("praise", "staff", "Lovely people.", key="2")
    assert first != second and await shop.feedback(
        "complaint", "delivery", "It came late.", customer="C-1001", key="1") == first


async def test_the_same_change_twice_is_one_and_answers_the_same(shop: Backend, sample_shop: SampleShop) -> None:
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: shop.request_return("C-1001", "LM-103618", {"1": 1}, "other", key="r"),
        lambda: shop.cancel("C-1010", "LM-104287", key="c"),
        lambda: shop.exchange("C-1001", "LM-103618", "2", "W30 L32, black", key="x"),
        lambda: shop.sign_in_mail("password", "yusuf.d@example.com", key="p"),
        lambda: shop.close_account("C-1010", key="z"),
    ]
    for call in calls:
        assert await call() == await call()
    assert len(await sample_shop.effects()) == len(calls)
    with pytest.raises(KeyReused):
        await shop.cancel("C-1004", "LM-104281", key="c")
    assert (await shop.order("C-1004", "LM-104281")).state == "received"


async def test_twenty_at_once_are_one(shop: Backend) -> None:
    made = await asyncio.gather(*(
        shop.request_return("C-1001", "LM-103618", {"1": 1}, "other", key="same") for _ in range(20)
    ))
    assert len(set(made)) == 1 and len((await shop.order("C-1001", "LM-103618")).refunds) == 1
