"""Tasks with shops that are not the sample shop: other numbers, currencies and states, and less that they tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from actions.shop.backend import Customer, Item, Order, Terms
from actions.shop.errors import NotFound
from actions.shop.numbers import Numbers
from actions.tasks.catalogue import TASKS
from actions.tasks.dialogue import Judged, do, step
from actions.tasks.task import Context, State

TODAY = date(2026, 11, 24)


@dataclass
class Shop:
    """A shop with one customer, as far as these tasks ask it."""

    kept: list[Order]
    terms: Terms = Terms(Numbers())  # noqa: RUF009  it cannot be changed

    async def customer(self, customer: str) -> Customer:
        return Customer(customer, "Mia Berg", "mia@example.com")

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
    await say(shop, state, "no, order 58")
    assert (state.question["response"], state.values["order"]) == ("utter_confirm_cancel", "58")


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
