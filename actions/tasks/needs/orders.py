"""Which order, and why something is not possible with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actions.shop.backend import REASONS, Order, Terms
from actions.shop.numbers import is_same, meant, mentioned
from actions.tasks import finding, words
from actions.tasks.needs.answers import CHOICES, order_numbers, strength
from actions.tasks.task import ALONE, NOTHING, Context, Ended, Say


@dataclass(frozen=True)
class WhichOrder:
    """The order in question. `task` is what the shop has to allow for it, `fits` says which orders come to mind first,
    and with `many` it may stay open: what is told is told of all that fit."""

    task: str = ""
    fits: Callable[[Order], bool] = lambda order: True
    many: bool = False
    name: str = "order"

    def hear(self, ctx: Context, asked: bool) -> int:
        shown = [words.number(title) for title in ctx.state.question.get("buttons", ())] if asked else []
        # A button's number may be of a form that nobody would type.
        numbers = [ctx.text] if ctx.text in shown else order_numbers(ctx, asked)
        place = finding.ordinal(ctx.text)
        if not numbers and place is not None and place < len(shown):
            # "The first one" of those that were shown
            numbers = [shown[place]]
        if numbers:
            named = [number for number in numbers if not is_same(number, ctx.value("order") or "")]
            if named:
                self._set(ctx, named[-1])
            return ALONE if asked else strength(ctx.text)
        if ctx.value("order") and finding.means_other(ctx.text):
            ctx.state.values["not"] = [*ctx.state.values.get("not", []), ctx.value("order")]
            ctx.state.drop("order", "item", "items")
            ctx.state.heard = ctx.state.heard[:1]
            return ALONE
        return NOTHING

    @staticmethod
    def _set(ctx: Context, number: str) -> None:
        if ctx.value("order") not in (None, number):
            ctx.state.drop("item", "items", "variant", "slot")
        ctx.state.set("order", number)

    async def settle(self, ctx: Context) -> Say | None:
        orders = await ctx.orders()
        if not orders:
            raise Ended(Say("utter_no_orders"))
        given = ctx.value("order")
        if given and (own := meant(given, [order.number for order in orders])):
            ctx.state.values["order"] = own
        elif given:
            ctx.state.drop("order")
            near = finding.near_numbers(given, orders)
            if near:
                return Say("utter_ask_order_near", {"given": words.plain(given)}, self._buttons(orders, near))
            return Say("utter_ask_order_unknown", {"given": words.plain(given)}, self._buttons(orders))
        if not given or self._corrected(ctx, orders):
            question = self._choose(ctx, orders)
            if question is not None:
                return question
        if ctx.value("order") is None:
            return None
        order = await ctx.order()
        task = self._task(ctx)
        if task and (reason := order.refused.get(task)):
            raise Ended(*refusal(task, reason, order, ctx.shop.terms))
        return None

    def _task(self, ctx: Context) -> str:
        """The shop's name for it: ``change_{what}`` depends on what is to be changed."""
        return self.task.format_map(ctx.state.values)

    def _corrected(self, ctx: Context, orders: list[Order]) -> bool:
        """Whether the newest message points at articles of other orders only."""
        if ctx.numbers.found(ctx.text) or len(orders) < 2:
            return False
        others = [order.number for order in orders if order.number != ctx.value("order")]
        if ctx.state.asked == "confirm" and (named := mentioned(ctx.text, others, self._short(ctx))):
            self._set(ctx, named[-1])
            return False
        by_item = [o for o in orders if finding.items(ctx.text, o.items)]
        if by_item and all(order.number != ctx.value("order") for order in by_item) and (
            ctx.state.asked == "confirm" or not ctx.value("items")
        ):
            ctx.state.drop("order", "item", "items", "variant")
            return True
        return False

    @staticmethod
    def _short(ctx: Context) -> bool:
        """Whether a lone number may be an order's, since the task has nothing to count."""
        return all(need.name != "quantity" for need in ctx.task.needs)

    def _choose(self, ctx: Context, orders: list[Order]) -> Say | None:
        left = [o for o in orders if o.number not in ctx.state.values.get("not", [])] or orders
        for text in ctx.state.heard:
            named = mentioned(text, [order.number for order in left], self._short(ctx))
            hit = [o for o in left if o.number in named] or finding.order_hint(ctx.numbers.out_of(text), left)
            if hit:
                better = [order for order in hit if self._possible(ctx, order)] or hit
                return self._one_of(ctx, better)
        if self.many:
            return None
        likely = [order for order in left if self._possible(ctx, order)]
        if not likely and self.task:
            # None of them can be; the newest says best why.
            return self._one_of(ctx, left[:1])
        return self._one_of(ctx, likely or left)

    def _possible(self, ctx: Context, order: Order) -> bool:
        return self._task(ctx) not in order.refused and self.fits(order)

    def _one_of(self, ctx: Context, orders: list[Order]) -> Say | None:
        if len(orders) == 1:
            self._set(ctx, orders[0].number)
            return None
        return Say("utter_ask_order", {}, self._buttons(orders))

    @staticmethod
    def _buttons(orders: list[Order], first: list[str] | None = None) -> list[str]:
        chosen = [order for order in orders if not first or order.number in first]
        return [words.button(order) for order in chosen[:CHOICES]]


#: Texts that say what else can be done, each with the facts it needs: a shop that tells no terms promises nothing.
_INSTEAD = {
    ("change", "being_packed"): ("utter_refused_change_packed", {"days"}),
    ("change", "with_carrier"): ("utter_refused_change_sent", {"days"}),
    ("change", "delivered"): ("utter_refused_change_delivered", {"days", "delivered"}),
    ("cancel", "being_packed"): ("utter_refused_cancel_packed", {"days"}),
    ("cancel", "with_carrier"): ("utter_refused_cancel_sent", {"days"}),
    ("cancel", "delivered"): ("utter_refused_cancel_delivered", {"days", "delivered"}),
    ("cancel", "cancelled"): ("utter_refused_cancelled_before", set()),
    ("invoice", "not_dispatched"): ("utter_refused_invoice_yet", set()),
    ("return", "not_delivered"): ("utter_refused_return_yet", {"days"}),
    ("exchange", "not_delivered"): ("utter_refused_return_yet", {"days"}),
    ("return", "too_late"): ("utter_refused_return_late", {"days", "delivered"}),
    ("exchange", "too_late"): ("utter_refused_return_late", {"days", "delivered"}),
}


def refusal(task: str, reason: str, order: Order, terms: Terms, more: Mapping[str, Any] | None = None) -> list[Say]:
    """Why not, and what can be done instead. `more` are facts that came with the shop's refusal."""
    told = {"days": terms.return_days, "most": terms.most, **(more or {})}
    facts = {"order": order.number, "items": words.items(order)}
    facts.update({name: str(value) for name, value in told.items() if value is not None})
    if order.delivery.delivered:
        facts["delivered"] = words.on(order.delivery.delivered)
    instead, wants = _INSTEAD.get((task.partition("_")[0], reason), ("", set()))
    if instead and wants <= facts.keys():
        return [Say(instead, facts)]
    if reason not in REASONS or (reason == "too_many" and "most" not in facts):
        return [Say("utter_refused_value", facts)]
    return [Say(f"utter_refused_{reason}", facts)]
