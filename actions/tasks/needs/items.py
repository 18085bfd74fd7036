"""Which articles of an order, how many of them, and in which size or colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from actions.shop.backend import Item, Order
from actions.tasks import finding, words
from actions.tasks.assent import begins_with_no
from actions.tasks.needs.answers import CHOICES, SHORT, strength
from actions.tasks.needs.orders import refusal
from actions.tasks.task import ALONE, NOTHING, WITHIN, Context, Ended, Say


@dataclass(frozen=True)
class WhichItem:
    """One line of the order."""

    name: str = "item"

    def hear(self, ctx: Context, asked: bool) -> int:
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        order = await ctx.order()
        if not order.items:
            raise Ended(*refusal("change", "by_person", order, ctx.shop.terms))
        newest = finding.items(ctx.text, order.items)
        place = finding.ordinal(ctx.text) if ctx.state.asked == self.name else None
        if not newest and place is not None and place < len(order.items):
            newest = [order.items[place]]
        if len(newest) == 1 and not self._is_variant(ctx, newest[0], order):
            ctx.state.set("item", newest[0].line)
        if ctx.value("item") and any(one.line == ctx.value("item") for one in order.items):
            return None
        if len(order.items) == 1:
            ctx.state.set("item", order.items[0].line)
            return None
        for text in ctx.state.heard:
            if len(found := finding.items(text, order.items)) == 1:
                ctx.state.set("item", found[0].line)
                return None
        return Say("utter_ask_item", {"order": order.number}, [words.named(one) for one in order.items[:CHOICES]])

    @staticmethod
    def _is_variant(ctx: Context, found: Item, order: Order) -> bool:
        """Whether a size or colour that tells `found` from the other lines is the one wanted for the line in question:
        somebody with two pairs of jeans who asks for the size of the other pair wants that size."""
        if ctx.state.asked not in ("variant", "confirm") or all(need.name != "variant" for need in ctx.task.needs):
            return False
        known = next((one for one in order.items if one.line == ctx.value("item")), None)
        return known is not None and (known.name == found.name or not finding.names(ctx.text, found))


@dataclass(frozen=True)
class WhichItems:
    """Some or all lines of the order, with how many of each."""

    name: str = "items"

    def hear(self, ctx: Context, asked: bool) -> int:
        if asked and finding.means_all(ctx.text):
            return ALONE
        return WITHIN if ctx.value("items") and finding.narrows(ctx.text) else NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        order = await ctx.order()
        gone = {line for refund in order.refunds for line in refund.lines or [one.line for one in order.items]}
        left = [one for one in order.items if one.line not in gone]
        if not left:
            raise Ended(*refusal("return", "returned_before" if order.items else "by_person", order, ctx.shop.terms))
        chosen = self._named(ctx, ctx.text, order, left)
        if chosen is None and not ctx.value("items"):
            if len(left) == 1:
                chosen = {left[0].line: self._pieces(ctx.text, left[0].quantity, ctx)}
            for text in ctx.state.heard if chosen is None else ():
                chosen = self._named(ctx, text, order, left)
                if chosen:
                    break
        if chosen:
            ctx.state.set("items", self._joined(ctx, order, chosen))
        if order.state == "with_carrier":
            # Lost on its way, else the shop would not have it: nobody has to say why.
            ctx.state.values.setdefault("reason", "not_arrived")
        if not ctx.value("items"):
            return Say("utter_ask_items", {"order": order.number},
                       [words.named(one) for one in left[: CHOICES - 1]])
        return None

    def _named(self, ctx: Context, text: str, order: Order, left: Sequence[Item]) -> dict[str, int] | None:
        out = finding.left_out(text, order.items)
        told = finding.without_left_out(text) if out else text
        found = [one for one in finding.items(told, order.items) if one in left and one not in out]
        if found:
            return {one.line: self._pieces(told, one.quantity, ctx) for one in found}
        kept = [one for one in left if one not in out]
        if out and kept and (ctx.value("items") or finding.means_all(text)):
            return {one.line: one.quantity for one in kept}
        both = ctx.value("items") and len(ctx.value("items")) == 2 and finding.means_both(text)
        if finding.means_all(text) and not finding.email(text) and not both:
            return {one.line: one.quantity for one in order.items if one in left}
        return None

    @staticmethod
    def _joined(ctx: Context, order: Order, chosen: dict[str, int]) -> dict[str, int]:
        """What was chosen before and now: "and the kettle as well" adds to it, and "the W34 ones" says which of the
        jeans are meant and nothing of the shirt. Anything else takes its place."""
        before = dict(ctx.value("items") or {})
        if not before or finding.narrows(ctx.text):
            return chosen
        if finding.adds(ctx.text) and not begins_with_no(ctx.text):
            return {**before, **chosen}
        name = {one.line: one.name for one in order.items}
        meant = {name[line] for line in chosen}
        if meant <= {name[line] for line in before}:
            return {**{line: count for line, count in before.items() if name[line] not in meant}, **chosen}
        return chosen

    @staticmethod
    def _pieces(text: str, ordered: int, ctx: Context) -> int:
        """Fewer than were ordered only where a number in reach is named."""
        told = finding.quantity(ctx.numbers.out_of(text)) if ordered > 1 else None
        return told if told is not None and 1 <= told <= ordered else ordered


@dataclass(frozen=True)
class HowMany:
    """The new number of pieces of one line."""

    name: str = "quantity"

    def hear(self, ctx: Context, asked: bool) -> int:
        if ctx.state.asked in ("who", "order"):
            return NOTHING  # a number is an order's there
        text = ctx.numbers.out_of(ctx.text)
        if (more := finding.on_top(text)) is not None:
            # How many there are is known when it is settled.
            ctx.state.drop("quantity")
            ctx.state.values["more"] = more
        elif (number := finding.quantity(text)) is not None:
            if ctx.state.asked == "confirm" and number == ctx.value("quantity"):
                return NOTHING  # what was read back, said again
            ctx.state.values.pop("more", None)
            ctx.state.set("quantity", number)
        else:
            return NOTHING
        return strength(ctx.text) if asked or ctx.state.asked == "confirm" else WITHIN

    async def settle(self, ctx: Context) -> Say | None:
        item, more = await ctx.item(), ctx.state.values.pop("more", None)
        if more is not None:
            ctx.state.set("quantity", item.quantity + more)
        number = ctx.value("quantity")
        if number is None:
            return Say("utter_ask_quantity", {"item": words.named(item), "now": item.quantity})
        most = ctx.shop.terms.most
        if number < 1:
            ctx.state.drop("quantity")
            facts = {"item": words.named(item), "now": item.quantity}
            return Say("utter_ask_quantity_positive", {**facts, "most": most}) if most else Say(
                "utter_ask_quantity_least", facts)
        if most and number > most:
            ctx.state.drop("quantity")
            return Say("utter_ask_quantity_fewer", {"most": most})
        if number == item.quantity:
            ctx.state.drop("quantity")
            return Say("utter_ask_quantity_same", {"item": words.named(item), "now": item.quantity})
        return None


_ANY = re.compile(r"\b(?:what|how) about\b|\b(?:do you (?:have|do|sell)|have you got) (?:it|them|one|any|that|this)\b|"
                  r"\bdoes it come in\b|\bavailable in\b|\bis there (?:one|any)\b", re.I)
_SIZE = re.compile(r"\bsize\s+\w+|\bX{0,3}[SL]\b|\bfor an? (?:\d{1,2}|small|medium|large)\b", re.I)


@dataclass(frozen=True)
class WhichVariant:
    """Another size or colour of a line."""

    name: str = "variant"

    def hear(self, ctx: Context, asked: bool) -> int:
        # "What about black?" is an answer in the form of a question; what is offered is known when it is settled.
        if (asked or ctx.value("variant")) and len(ctx.text.split()) <= 2 * SHORT and _ANY.search(ctx.text):
            ctx.state.drop("variant")
            return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        item = await ctx.item()
        offered = await ctx.shop.variants(ctx.who, ctx.value("order"), item.line)
        if not offered:
            raise Ended(Say("utter_no_variants", {"item": words.named(item)}))
        answers = ctx.value("variant") or ctx.state.asked in (self.name, "confirm")
        texts = ctx.state.heard[:1] if answers else ctx.state.heard
        for text in texts:
            found = finding.variant(text, item.variant, offered)
            if len(found) == 1:
                ctx.state.set("variant", found[0])
                return None
            if found and not ctx.value("variant"):
                return Say("utter_ask_variant", {"item": words.named(item)}, found[:8])
        if ctx.value("variant") in offered:
            return None
        unknown = ctx.state.asked in (self.name, "confirm") or any(_SIZE.search(text) for text in texts)
        return Say("utter_ask_variant_offered" if unknown else "utter_ask_variant",
                   {"item": words.named(item), "offered": "; ".join(offered[:12])}, offered[:8])
