"""Tasks with shops that are not the sample shop: other numbers, currencies and states, and less that they tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml

from actions.shop.backend import (
    REASONS,
    STATES,
    Customer,
    Delivery,
    Exchange,
    Item,
    Membership,
    Order,
    Refund,
    Return,
    Slot,
    Terms,
)
from actions.shop.backend import (
    TASKS as REFUSABLE,
)
from actions.shop.errors import KeyReused, NotFound, Refused, ShopUnavailable, Unsupported
from actions.shop.numbers import Numbers
from actions.tasks import words
from actions.tasks.catalogue import TASKS
from actions.tasks.dialogue import Judged, do, step
from actions.tasks.needs import Who, refusal
from actions.tasks.task import Context, Say, State
from bot.settings import ROOT

TODAY = date(2026, 11, 24)
TEXTS = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]


@dataclass
class Shop:
    """A shop with one customer, as far as these tasks ask it."""

    kept: list[Order]
    terms: Terms = Terms(Numbers())  # noqa: RUF009  it cannot be changed

    async def customer(self, customer: str) -> Customer:
        return Customer(customer, "Mia Berg", "mia@example.com")

    async def membership(self, customer: str) -> Membership:
        return Membership(True, "Club", 200, Decimal("2.00"), currency="EUR")

    async def change_quantity(self, customer: str, number: str, line: str, quantity: int, *, key: str) -> Order:
        raise Refused("too_many", most=6)

    async def variants(self, customer: str, number: str, line: str) -> list[str]:
        return ["blue"]

    async def slots(self, customer: str, number: str) -> list[Slot]:
        raise Unsupported("slots")

    async def request_return(self, customer: str, number: str, lines: dict[str, int], reason: str, *, key: str) -> Return:
        return Return("R-1", number, tuple(lines), Decimal("19.00"), reason)

    async def exchange(self, customer: str, number: str, line: str, variant: str, *, key: str) -> Exchange:
        return Exchange("X-1", number, line, variant)

    async def orders(self, customer: str) -> list[Order]:
        return self.kept

    async def order(self, customer: str, number: str) -> Order:
        for order in self.kept:
            if order.number == number:
                return order
        raise NotFound("order")


def order(number: str, *names: str, **told: Any) -> Order:
    items = tuple(Item(str(n), "sku", name, "", 2, Decimal("9.50")) for n, name in enumerate(names, 1))
    return Order(**{"number": number, "customer": "7", "state": "received", "placed": TODAY, "items": items,
                    "total": Decimal("19.00"), "currency": "EUR", **told})


async def say(shop: Shop, state: State, text: str, scope: str | None = None) -> Context:
    """One message of a customer who is known, and the doing once nothing is missing."""
    customer = {"id": "7", "email": "mia@example.com", "order": scope}
    ctx = Context(TASKS[state.name], state, shop, "c", "t", text, customer=customer, today=TODAY)  # type: ignore[arg-type]
    _, ready = await step(ctx, Judged())
    if ready and not state.ended:
        await do(ctx)
    return ctx


def read(said: Say) -> str:
    """What the customer reads: all that the text names is there, and nothing in it is left open."""
    text: str = TEXTS[said.response][0]["text"].format_map(said.values)
    assert not re.search(r" [.,;:]|,,|, ,|  |\bwith[.,]|\bon[.,]|\bby[ .]*$|None|in goes", text), text
    return text


async def test_short_numbers_choose_an_order() -> None:
    shop = Shop([order("57", "Mug"), order("58", "Bowl"), order("1042", "Vase")])
    for said, number in (("cancel order 57", "57"), ("cancel #58", "58"), ("please cancel 1042", "1042")):
        state = State("cancel_order")
        await say(shop, state, said)
        assert (state.question["response"], state.values["order"]) == ("utter_confirm_cancel", number), said
    state = State("cancel_order")
    await say(shop, state, "cancel my order")
    assert state.question["response"] == "utter_ask_order"
    await say(shop, state, "57")
    assert state.question["values"]["order"] == "57"
    for said, number in (("no, order 58", "58"), ("no, 57", "57"), ("no, I meant 1042", "1042")):
        await say(shop, state, said)
        assert (state.question["response"], state.values["order"]) == ("utter_confirm_cancel", number)
    state = State("cancel_order")
    await say(shop, state, "cancel 58 please")
    assert state.values["order"] == "58"
    state = State("change_order")
    await say(shop, state, "make it 58")
    assert state.question["response"] == "utter_ask_order"


async def test_a_short_number_is_no_number_of_pieces() -> None:
    shop = Shop([order("57", "Mug"), order("58", "Bowl")])
    state = State("change_order")
    await say(shop, state, "change the quantity of order 57")
    assert state.question["response"] == "utter_ask_quantity"
    await say(shop, state, "4")
    assert (state.question["response"], state.values["quantity"]) == ("utter_confirm_quantity", 4)


async def test_a_number_without_its_letters_is_the_customers_own() -> None:
    shop = Shop([order("WB-10428", "Mug"), order("WB-10429", "Bowl"), order("2026/0015", "Vase")],
                Terms(Numbers(letters=True)))
    for said, number in (("where is order 10428", "WB-10428"), ("where is wb10429", "WB-10429"),
                         ("where is 2026/0015", "2026/0015")):
        ctx = await say(shop, State("track_order"), said)
        assert [one.values["order"] for one in ctx.said] == [number], said
    state = State("cancel_order")
    await say(shop, state, "cancel my order")
    await say(shop, state, "2026/0015: Vase")  # the button
    assert state.question["values"]["order"] == "2026/0015"


async def test_who_proved_one_order_may_type_it_otherwise() -> None:
    shop = Shop([order("WB-10428", "Mug")], Terms(Numbers(letters=True)))
    ctx = await say(shop, State("track_order"), "where is order 10428?", scope="WB-10428")
    assert [one.values["order"] for one in ctx.said] == ["WB-10428"]


EXPECTED = TODAY + timedelta(days=2)


@pytest.mark.parametrize(("state", "delivery", "told"), [
    ("received", Delivery(), "Order 57, 2 × Mug, is with us. There is no delivery day yet."),
    ("being_packed", Delivery(), "Order 57, 2 × Mug, is with us. There is no delivery day yet."),
    ("received", Delivery(expected=EXPECTED), "It should reach you on Thursday 26 November."),
    ("received", Delivery(expected=TODAY - timedelta(days=1)), "was due on Monday 23 November and is still with us."),
    ("with_carrier", Delivery(), "Order 57, 2 × Mug, is on its way."),
    ("with_carrier", Delivery(carrier="DHL"), "is on its way with DHL."),
    ("with_carrier", Delivery(tracking="00340"), "is on its way, tracking number 00340."),
    ("with_carrier", Delivery(carrier="DHL", tracking="00340"), "is on its way with DHL, tracking number 00340."),
    ("with_carrier", Delivery(expected=EXPECTED), "is on its way. It should reach you on Thursday 26 November."),
    ("with_carrier", Delivery(expected=EXPECTED, slot="10:00-12:00"), "It comes on Thursday 26 November, 10:00 to 12:00."),
    ("with_carrier", Delivery(expected=TODAY - timedelta(days=1)), "and is still on its way. I'm sorry"),
    ("with_carrier", Delivery(sent=TODAY, carrier="DHL"), "left us on Tuesday 24 November with DHL. I can't see"),
    ("delivered", Delivery(), "Order 57, 2 × Mug, was delivered."),
    ("delivered", Delivery(delivered=TODAY), "was delivered on Tuesday 24 November."),
    ("cancelled", Delivery(), "was cancelled."), ("returned", Delivery(), "was returned or refunded."),
    ("partially-shipped", Delivery(), 'stands as "partially shipped" in our system.'),
])
async def test_a_state_is_told_as_far_as_the_shop_tells_it(state: str, delivery: Delivery, told: str) -> None:
    refused = dict.fromkeys(REFUSABLE, "by_person")
    ctx = await say(Shop([order("57", "Mug", state=state, delivery=delivery, refused=refused)]),
                    State("track_order"), "where is order 57?")
    assert told in read(ctx.said[0])


async def test_an_order_that_waits_for_money_is_told_so() -> None:
    ctx = await say(Shop([order("57", "Mug", unpaid=True)]), State("track_order"), "where is order 57?")
    assert "is with us and waits for your payment of €19.00." in read(ctx.said[0])


async def test_what_left_long_ago_is_not_what_is_awaited() -> None:
    old = order("56", "Bowl", state="with_carrier", delivery=Delivery(sent=TODAY - timedelta(days=90)))
    new = order("57", "Mug", state="with_carrier", delivery=Delivery(sent=TODAY - timedelta(days=2)))
    ctx = await say(Shop([new, old]), State("track_order"), "where is my order?")
    assert [one.values["order"] for one in ctx.said] == ["57"]


@pytest.mark.parametrize("terms", [Terms(Numbers()), Terms(Numbers(), 10, 60)])
@pytest.mark.parametrize("task", [*REFUSABLE, "change"])
@pytest.mark.parametrize("reason", [*REASONS, "of_its_own"])
def test_every_refusal_has_a_text_that_promises_only_what_the_shop_tells(task: str, reason: str, terms: Terms) -> None:
    bare = order("57", "Mug", state="delivered")
    for one in (bare, replace(bare, delivery=Delivery(delivered=TODAY)), replace(bare, items=())):
        for said in refusal(task, reason, one, terms):
            assert terms.return_days or not re.search(r"\d days|free of charge", read(said))


async def test_an_order_without_items_is_told_and_chosen() -> None:
    shop = Shop([order("57"), order("58", "Bowl")])
    state = State("cancel_order")
    await say(shop, state, "cancel my order")
    assert state.question["buttons"] == ["57", "58: Bowl"]
    await say(shop, state, "57")
    assert "Order 57, no listed items, €19.00" in read(Say(state.question["response"], state.question["values"]))
    for task in ("change_order", "return_item", "exchange_item"):
        ctx = await say(shop, State(task), "order 57 please")
        assert [one.response for one in ctx.said] == ["utter_refused_by_person"]
    ctx = await say(shop, State("track_order"), "where is order 57?")
    assert "Order 57, no listed items, is with us." in read(ctx.said[0])


async def test_how_many_of_one_article_are_sold_is_the_shops_to_say() -> None:
    shop = Shop([order("57", "Mug")])
    state = State("change_order")
    await say(shop, state, "change order 57 to 40")
    assert state.question["response"] == "utter_confirm_quantity"
    ctx = await say(shop, state, "yes")
    assert "at most 6 of one article" in read(ctx.said[0])
    state = State("change_order")
    await say(shop, state, "change order 57 to 0 mugs")
    assert state.question["response"] == "utter_ask_quantity_least"
    shop.terms = Terms(Numbers(), most=4)
    await say(shop, state, "6")
    assert (state.question["response"], state.question["values"]["most"]) == ("utter_ask_quantity_fewer", "4")


async def test_two_refunds_of_one_reference_are_told_each() -> None:
    refunds = tuple(Refund("57-1", "pending", Decimal(amount)) for amount in ("19.00", "5.00"))
    ctx = await say(Shop([order("57", "Bowl", refunds=refunds)]), State("refund_status"), "where is my refund?")
    assert ["€19.00" in read(said) for said in ctx.said] == [True, False] and "€5.00" in read(ctx.said[1])


async def test_a_shop_that_refuses_and_is_away_then_is_asked_again() -> None:
    class Refusing(Shop):
        away = False

        async def orders(self, customer: str) -> list[Order]:
            if self.away:
                raise ShopUnavailable("away")
            return self.kept

        async def cancel(self, customer: str, number: str, *, key: str) -> Order:
            self.away = not self.away
            raise Refused("being_packed")

    shop, state = Refusing([order("57", "Bowl")]), State("cancel_order")
    await say(shop, state, "cancel order 57")
    with pytest.raises(ShopUnavailable):
        await say(shop, state, "yes")
    state.asked, state.question = "again", {}
    shop.away = True
    ctx = await say(shop, state, "try again")
    assert [one.response for one in ctx.said] == ["utter_refused_being_packed"] and state.ended == "refused"


async def test_an_order_that_is_gone_at_the_yes_is_told_so() -> None:
    shop = Shop([order("57", "Mug")])
    state = State("change_order")
    await say(shop, state, "change order 57 to 4")
    shop.kept = [order("58", "Bowl")]
    ctx = await say(shop, state, "yes")
    assert [one.response for one in ctx.said] == ["utter_refused_gone"] and state.ended == "refused"


async def test_a_complaint_that_was_taken_down_before_its_customer_was_known_is_taken_down_once() -> None:
    """The site's page tells who it is while the turn runs, which is then done again under the same key."""
    taken: dict[str, str | None] = {}

    class Once(Shop):
        async def feedback(self, kind: str, category: str, text: str, *, customer: str | None = None,
                           order: str | None = None, key: str) -> str:
            if taken.setdefault(key, customer) != customer:
                raise KeyReused(key)
            return "F-1"

    for known in (None, {"id": "7"}):
        ctx = Context(TASKS["complaint"], State("complaint", {"kind": "complaint", "text": "rude"}, key="k"),
                      Once([]), "c", "t", "rude", customer=known)  # type: ignore[arg-type]
        assert await do(ctx) and [one.response for one in ctx.said] == ["utter_done_complaint"]
    assert taken == {"k": None}


async def test_what_is_given_back_is_no_lost_parcel_where_the_shop_sets_no_day() -> None:
    shop = Shop([order("57", "Mug", state="delivered")])
    for task, first, done in (("return_item", "return order 57, I changed my mind", "utter_done_return_any_day"),
                              ("exchange_item", "exchange order 57 for a blue one", "utter_done_exchange_any_day")):
        state = State(task)
        await say(shop, state, first)
        read(Say(state.question["response"], state.question["values"]))
        ctx = await say(shop, state, "yes")
        assert [one.response for one in ctx.said] == [done]
        read(ctx.said[0])


async def test_money_is_told_in_the_shops_currency() -> None:
    ctx = await say(Shop([]), State("membership_status"), "how many points do i have")
    assert "worth €2.00" in read(ctx.said[0])
    refund = Refund("57-1", "paid", Decimal("19.00"))
    ctx = await say(Shop([order("57", "Mug", refunds=(refund,))]), State("refund_status"), "where is my refund for #57")
    assert read(ctx.said[0]) == "€19.00 for order 57 has been paid back by your original payment method."
    assert (words.money(Decimal("1200"), "JPY"), words.money(Decimal("12.5"), "CHF")) == ("JPY 1200", "CHF 12.50")


def test_each_state_has_a_text() -> None:
    assert {f"utter_order_{state}" for state in STATES} <= set(TEXTS)


async def test_nothing_is_asked_for_what_the_platform_cannot_do() -> None:
    shop = Shop([], Terms(Numbers(), lacks=frozenset({"gift_card_balance"})))
    state = State("gift_card_balance")
    ctx = await say(shop, state, "what is left on my gift card?")
    assert [one.response for one in ctx.said] == ["utter_refused_unsupported"] and state.ended == "refused"


async def test_what_a_shop_turns_out_not_to_offer_goes_to_people() -> None:
    state = State("change_delivery")
    ctx = await say(Shop([order("57", "Mug")]), state, "can you deliver order 57 on another day")
    assert [one.response for one in ctx.said] == ["utter_refused_unsupported"] and state.ended == "refused"


async def test_a_guest_without_a_name_is_thanked() -> None:
    ctx = await say(Shop([order("57", "Mug")]), State("track_order"), "where is order 57?")
    ctx.said.clear()
    Who._proved(ctx, {"id": "guest-57", "name": ""})
    assert [read(one) for one in ctx.said] == ["Thank you, that's confirmed."]


async def test_an_address_in_no_known_country_is_asked_for_with_it() -> None:
    shop, state = Shop([order("57", "Mug")]), State("change_delivery")
    await say(shop, state, "change the address of order 57 to Prosta 5, 00-950 Warszawa")
    assert state.question["response"] == "utter_ask_address_country"
    await say(shop, state, "Prosta 5, 00-950 Warszawa, Poland")
    assert state.question["values"]["address"] == "Prosta 5, Warszawa, 00-950, Poland"
