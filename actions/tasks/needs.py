"""The needs of tasks: each hears what a message gives, and settles by looking at the shop or asks one question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from actions.shop.backend import Address, Item, Order
from actions.shop.checks import checked_address, checked_email, checked_name, checked_phone
from actions.shop.errors import BadValue, NotFound
from actions.shop.identity import TooManyAttempts, identity
from actions.tasks import finding, words
from actions.tasks.task import ALONE, NOTHING, WITHIN, Context, Ended, Say

#: Choices that fit under a question.
_CHOICES = 5
_SHORT = 6


def _strength(text: str) -> int:
    return ALONE if len(text.split()) <= _SHORT else WITHIN


@dataclass(frozen=True)
class Who:
    """Who is asking, proved. `account` for what concerns more than one order: that takes a code by mail."""

    account: bool = False
    name: str = "who"

    def hear(self, ctx: Context, asked: bool) -> int:
        text, found = ctx.text, NOTHING
        if self._satisfied(ctx):
            return NOTHING
        if ctx.state.values.get("code_sent") and (code := finding.digits(text, 6, 6)) and not finding.email(text):
            ctx.state.values["code"] = code
            return ALONE
        if asked or not ctx.task.takes_email:
            mail = finding.email(text)
            if mail:
                if mail != ctx.value("email"):
                    ctx.state.values.pop("code_sent", None)
                ctx.state.values["email"] = mail
                found = ALONE
        numbers = finding.order_numbers(text, asked)
        if numbers and not self.account:
            ctx.state.set("order", numbers[-1])
            found = max(found, ALONE if asked else _strength(text))
        if asked and re.search(r"\b(?:resend|again|new code|another code|no code|not (?:got|received)|(?:didn'?t|"
                               r"haven'?t) (?:get|got|receive))",
                               text, re.I) and ctx.value("code_sent"):
            ctx.state.values.pop("code_sent")
            found = ALONE
        if asked and finding.lacks_number(text):
            ctx.state.values["no_number"] = True
            # "Don't have it to hand" is no call for a person, "no idea, give me a person" is.
            found = max(found, WITHIN if finding.names_person(text) else ALONE)
        return found

    def _satisfied(self, ctx: Context) -> bool:
        if ctx.customer is None:
            return False
        if ctx.account:
            return True
        wanted = ctx.value("order")
        return not self.account and wanted in (None, ctx.customer["order"])

    async def settle(self, ctx: Context) -> Say | None:
        if self._satisfied(ctx):
            if ctx.customer is not None and not ctx.account:
                ctx.state.values["order"] = ctx.customer["order"]
            return None
        values = ctx.state.values
        if ctx.customer is not None and not values.get("email"):
            # Somebody who proved one order wants more: the address is known, a code to it is enough.
            values["email"] = ctx.customer["email"]
            values["wants_code"] = True
        try:
            return await self._prove(ctx)
        except TooManyAttempts as error:
            raise Ended(Say("utter_verify_limit", {"minutes": max(1, -(-error.wait // 60))})) from None

    async def _prove(self, ctx: Context) -> Say | None:
        values, ident = ctx.state.values, identity()
        email, number = values.get("email"), values.get("order")
        if values.get("code"):
            found = await ident.check_code(ctx.conversation, values.pop("code"), key=f"{ctx.turn}:code")
            if found is None:
                return Say("utter_verify_wrong_code", {"email": words.plain(str(email))})
            self._proved(ctx, found.as_slot())
            return None
        if email and number and not self.account and not values.get("wants_code"):
            found = await ident.by_order(ctx.conversation, number, email)
            if found is not None:
                self._proved(ctx, found.as_slot())
                return None
            values.pop("email")
            ctx.state.drop("order")
            return Say("utter_verify_wrong")
        if email and (self.account or not number or values.get("wants_code")):
            if not values.get("code_sent"):
                await ident.send_code(ctx.conversation, email, key=f"{ctx.turn}:code")
                values["code_sent"] = True
            return Say("utter_ask_code", {"email": words.plain(email)})
        if self.account:
            return Say("utter_ask_email")
        if number:
            return Say("utter_ask_order_email", {"order": words.plain(number)})
        return Say("utter_ask_email" if values.get("no_number") else "utter_ask_who")

    @staticmethod
    def _proved(ctx: Context, slot: dict[str, str | None]) -> None:
        ctx.customer, ctx.proved = dict(slot), True
        ctx.state.values.pop("email", None)
        ctx.state.values.pop("code_sent", None)
        ctx.state.values.pop("wants_code", None)
        ctx.say("utter_verified", name=words.plain(str(slot.get("name") or "").split(" ")[0]))


@dataclass(frozen=True)
class WhichOrder:
    """The order in question. `task` is what the shop has to allow for it, `fits` says which orders come to mind first,
    and with `many` it may stay open: what is told is told of all that fit."""

    task: str = ""
    fits: Callable[[Order], bool] = lambda order: True
    many: bool = False
    name: str = "order"

    def hear(self, ctx: Context, asked: bool) -> int:
        numbers = finding.order_numbers(ctx.text, asked)
        if numbers:
            named = [n for n in numbers if n != ctx.value("order")] or numbers
            self._set(ctx, named[-1])
            return ALONE if asked else _strength(ctx.text)
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
        known = {order.number for order in orders}
        given = ctx.value("order")
        if given and given not in known:
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
            raise Ended(*refusal(task, reason, order))
        return None

    def _task(self, ctx: Context) -> str:
        """The shop's name for it: ``change_{what}`` depends on what is to be changed."""
        return self.task.format_map(ctx.state.values)

    def _corrected(self, ctx: Context, orders: list[Order]) -> bool:
        """Whether the newest message points at articles of other orders only."""
        if finding.order_numbers(ctx.text) or len(orders) < 2:
            return False
        by_item = [o for o in orders if finding.items(ctx.text, o.items)]
        if by_item and all(order.number != ctx.value("order") for order in by_item) and (
            ctx.state.asked == "confirm" or not ctx.value("items")
        ):
            ctx.state.drop("order", "item", "items", "variant")
            return True
        return False

    def _choose(self, ctx: Context, orders: list[Order]) -> Say | None:
        left = [o for o in orders if o.number not in ctx.state.values.get("not", [])] or orders
        for text in ctx.state.heard:
            hit = finding.order_hint(text, left)
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
        return [words.button(order) for order in chosen[:_CHOICES]]


def refusal(task: str, reason: str, order: Order) -> list[Say]:
    """Why not, and what can be done instead."""
    facts = {"order": order.number, "items": words.items(order)}
    if order.delivery.delivered:
        facts["delivered"] = words.on(order.delivery.delivered)
    if order.delivery.expected:
        facts["expected"] = words.on(order.delivery.expected)
    instead = {
        ("change", "being_packed"): "utter_refused_change_packed",
        ("change", "with_carrier"): "utter_refused_change_sent",
        ("change", "delivered"): "utter_refused_change_delivered",
        ("cancel", "being_packed"): "utter_refused_cancel_packed",
        ("cancel", "with_carrier"): "utter_refused_cancel_sent",
        ("cancel", "delivered"): "utter_refused_cancel_delivered",
        ("cancel", "cancelled"): "utter_refused_cancelled_before",
        ("invoice", "not_dispatched"): "utter_refused_invoice_yet",
    }
    kind = task.partition("_")[0]
    return [Say(instead.get((kind, reason), f"utter_refused_{reason}"), facts)]


@dataclass(frozen=True)
class WhichItem:
    """One line of the order."""

    name: str = "item"

    def hear(self, ctx: Context, asked: bool) -> int:
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        order = await ctx.order()
        newest = finding.items(ctx.text, order.items)
        if len(newest) == 1:
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
        return Say("utter_ask_item", {"order": order.number}, [words.named(one) for one in order.items[:_CHOICES]])


@dataclass(frozen=True)
class WhichItems:
    """Some or all lines of the order, with how many of each."""

    name: str = "items"

    def hear(self, ctx: Context, asked: bool) -> int:
        if asked and finding.means_all(ctx.text):
            return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        order = await ctx.order()
        gone = {line for refund in order.refunds for line in refund.lines or [one.line for one in order.items]}
        left = [one for one in order.items if one.line not in gone]
        if not left:
            raise Ended(*refusal("return", "returned_before", order))
        chosen = self._named(ctx, ctx.text, order, left)
        if chosen is None and not ctx.value("items"):
            if len(left) == 1:
                chosen = {left[0].line: self._pieces(ctx.text, left[0].quantity, ctx)}
            for text in ctx.state.heard if chosen is None else ():
                chosen = self._named(ctx, text, order, left)
                if chosen:
                    break
        if chosen:
            ctx.state.set("items", chosen)
        if not ctx.value("items"):
            return Say("utter_ask_items", {"order": order.number},
                       [words.named(one) for one in left[: _CHOICES - 1]])
        return None

    def _named(self, ctx: Context, text: str, order: Order, left: Sequence[Item]) -> dict[str, int] | None:
        found = [one for one in finding.items(text, order.items) if one in left]
        if found:
            return {one.line: self._pieces(text, one.quantity, ctx) for one in found}
        if finding.means_all(text) and not finding.email(text):
            return {one.line: one.quantity for one in order.items if one in left}
        return None

    @staticmethod
    def _pieces(text: str, ordered: int, ctx: Context) -> int:
        """Fewer than were ordered only where a number in reach is named."""
        told = finding.quantity(text) if ordered > 1 else None
        return told if told is not None and 1 <= told <= ordered else ordered


@dataclass(frozen=True)
class HowMany:
    """The new number of pieces of one line."""

    name: str = "quantity"

    def hear(self, ctx: Context, asked: bool) -> int:
        number = finding.quantity(ctx.text)
        if number is None or (ctx.state.asked == "who"):
            return NOTHING
        ctx.state.set("quantity", number)
        return _strength(ctx.text) if asked or ctx.state.asked == "confirm" else WITHIN

    async def settle(self, ctx: Context) -> Say | None:
        item, number = await ctx.item(), ctx.value("quantity")
        if number is None:
            return Say("utter_ask_quantity", {"item": words.named(item), "now": item.quantity})
        if number < 1:
            ctx.state.drop("quantity")
            return Say("utter_ask_quantity_positive", {"item": words.named(item), "now": item.quantity})
        if number > 10:
            ctx.state.drop("quantity")
            return Say("utter_ask_quantity_fewer", {"most": 10})
        if number == item.quantity:
            ctx.state.drop("quantity")
            return Say("utter_ask_quantity_same", {"item": words.named(item), "now": item.quantity})
        return None


@dataclass(frozen=True)
class Option:
    """One of a few choices; `options` are their names with the words that mean them, in the order they are tried."""

    name: str
    ask: str
    options: tuple[tuple[str, str], ...]
    early: bool = True

    def hear(self, ctx: Context, asked: bool) -> int:
        if not asked and (not self.early or ctx.value(self.name)):
            return NOTHING
        for option, meant in self.options:
            if re.search(meant, ctx.text, re.I):
                if ctx.value(self.name) != option:
                    ctx.state.set(self.name, option)
                return _strength(ctx.text) if asked else WITHIN
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        return None if ctx.value(self.name) else Say(self.ask)


REASON = Option("reason", "utter_ask_reason", (
    ("wrong_size", r"\bfit|\bsize\b|too (?:big|small|large|tight|long|short|wide|narrow)|\btight\b|\bloose\b"),
    ("wrong_item", r"wrong (?:item|thing|one|article|product|colou?r)|didn'?t order|not what i ordered"),
    ("damaged", r"damag|broke|crack|scratch|\btorn\b|\bfault|defect|\bhole\b|not work|doesn'?t work|stopped"),
    ("not_as_described", r"describ|photo|picture|expect|looks? (?:different|cheap)|quality|colou?r (?:is|isn'?t|"
                         r"looks?)"),
    ("not_arrived", r"never (?:came|arrived|turned)|not arriv|hasn'?t (?:come|arrived)|lost"),
    ("changed_mind", r"chang\w* (?:my |our )?mind|don'?t (?:like|want|need)|not need|no longer|didn'?t like|dislike|"
                     r"cheaper|gift|"
                     r"mistake|regret|bought (?:it )?twice|already (?:have|got)|not for me|unwanted|rather not"),
    ("other", r"\b(?:an)?other\b|no (?:particular )?reason|none of|rather not say|personal|just because|"
              r"doesn'?t matter|"
              r"dunno"),
))


#: What tells that somebody began to write an address.
_STREET = re.compile(r"\d|\b(?:street|st|road|rd|lane|ln|avenue|ave|close|drive|court|house|flat|way|place|square|"
                     r"terrace|hill|gardens?)\b", re.I)


@dataclass(frozen=True)
class Where:
    """An address: for an order on its way out, or for the account."""

    name: str = "address"
    only: str = ""

    def _applies(self, ctx: Context) -> bool:
        return not self.only or ctx.value("what") == self.only

    def hear(self, ctx: Context, asked: bool) -> int:
        if not self._applies(ctx) or ctx.state.asked == "who":
            return NOTHING
        if asked or ctx.state.asked == "confirm" or not ctx.value("address"):
            found = finding.address(ctx.text, "")
            if found:
                ctx.state.set("address", asdict(found))
                return ALONE
            if asked and finding.has_postcode(ctx.text):
                return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        if not self._applies(ctx):
            return None
        customer = await ctx.shop.customer(ctx.who)
        if not ctx.value("address"):
            saved = [*customer.addresses] if ctx.account else []
            for text in ctx.state.heard[:1] if ctx.state.asked == self.name else ctx.state.heard:
                if found := finding.address(text, "", saved):
                    ctx.state.set("address", asdict(found))
                    break
        if not ctx.value("address"):
            if ctx.state.asked == self.name and _STREET.search(ctx.text):
                return Say("utter_ask_address_whole")
            labels = [one.label for one in customer.addresses if one.label] if ctx.account else []
            return Say("utter_ask_address", {}, labels if len(labels) > 1 else [])
        address = dict(ctx.value("address"))
        if not address["country"]:
            now = (await ctx.order()).delivery.address if ctx.value("order") else None
            now = now or (customer.addresses[0] if customer.addresses else None)
            address["country"] = now.country if now else "United Kingdom"
        try:
            ctx.state.values["address"] = asdict(checked_address(Address(**address)))
        except BadValue as error:
            ctx.state.drop("address")
            return Say("utter_ask_address_whole" if error.reason != "too_long" else "utter_ask_shorter",
                       {"most": error.facts.get("most", 120)})
        return None


@dataclass(frozen=True)
class When:
    """A day, and perhaps a window, that the delivery can be moved to."""

    only: str = ""
    name: str = "slot"

    def hear(self, ctx: Context, asked: bool) -> int:
        if self.only and ctx.value("what") != self.only:
            return NOTHING
        found = finding.day(ctx.text, "future", ctx.today)
        if found and (asked or ctx.state.asked == "confirm"):
            ctx.state.drop("slot")
            return _strength(ctx.text)
        return ALONE if asked and re.search(r"morning|afternoon|evening|\d", ctx.text) else NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        if self.only and ctx.value("what") != self.only:
            return None
        if ctx.value("slot"):
            return None
        offered = await ctx.shop.slots(ctx.who, ctx.value("order"))
        if not offered:
            raise Ended(Say("utter_no_slots", {"order": ctx.value("order")}))
        for text in ctx.state.heard[:1] if ctx.state.asked == self.name else ctx.state.heard:
            found = finding.slots(text, offered, ctx.today)
            if len(found) == 1:
                ctx.state.set("slot", {"day": found[0].day.isoformat(), "window": found[0].window})
                return None
            if found:
                windows = [words.slot(one) for one in found[:_CHOICES]]
                return Say("utter_ask_window", {"day": words.on(found[0].day)}, windows)
            named = finding.day(text, "future", ctx.today)
            if named:
                past = named < ctx.today + timedelta(days=1)
                return Say("utter_ask_slot_past" if past else "utter_ask_slot_other", {"day": words.on(named)},
                           [words.slot(one) for one in offered[:4]])
        return Say("utter_ask_slot", {}, [words.slot(one) for one in offered[:4]])


_ANY = re.compile(r"\b(?:what|how) about\b|\b(?:do you (?:have|do|sell)|have you got) (?:it|them|one|any|that|this)\b|"
                  r"\bdoes it come in\b|\bavailable in\b|\bis there (?:one|any)\b", re.I)
_SIZE = re.compile(r"\bsize\s+\w+|\bX{0,3}[SL]\b|\bfor an? (?:\d{1,2}|small|medium|large)\b", re.I)


@dataclass(frozen=True)
class WhichVariant:
    """Another size or colour of a line."""

    name: str = "variant"

    def hear(self, ctx: Context, asked: bool) -> int:
        # "What about black?" is an answer in the form of a question; what is offered is known when it is settled.
        if (asked or ctx.value("variant")) and len(ctx.text.split()) <= 2 * _SHORT and _ANY.search(ctx.text):
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


@dataclass(frozen=True)
class NewValue:
    """What a detail of the account is to be: name, e-mail or phone number."""

    name: str = "value"

    def hear(self, ctx: Context, asked: bool) -> int:
        what, text = ctx.value("what"), ctx.text
        if what not in ("name", "email", "phone") or ctx.state.asked in ("who", "again"):
            return NOTHING
        if ctx.state.asked == "confirm" and finding.is_yes(text):
            return NOTHING
        found: str | None = None
        if what == "email":
            found = finding.email(text)
        elif what == "phone":
            found = finding.phone(text)
        else:
            found = _name(text, asked or ctx.state.asked == "confirm")
            if found and _NO_NAME.search(found):
                found = None
                ctx.state.values["bad"] = asked
                return ALONE if asked else NOTHING
        if found and not (what == "email" and ctx.customer and found == ctx.customer.get("email")):
            ctx.state.set("value", found)
            return ALONE if what != "name" else (ALONE if asked else WITHIN)
        if asked and ("@" in text or re.search(r"\d{5}", text) or (what == "name" and _NO_NAME.search(text))):
            ctx.state.values["bad"] = True
            return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        what, bad = ctx.value("what"), ctx.state.values.pop("bad", False)
        if what not in ("name", "email", "phone"):
            return None
        value = ctx.value("value")
        if not value:
            return Say(f"utter_ask_{what}_again" if bad else f"utter_ask_new_{what}")
        try:
            check = {"name": checked_name, "email": checked_email, "phone": checked_phone}[what]
            ctx.state.values["value"] = check(value)
        except BadValue as error:
            ctx.state.drop("value")
            if error.reason == "too_long":
                return Say("utter_ask_shorter", {"most": error.facts.get("most", 120)})
            return Say(f"utter_ask_{what}_again")
        return None


#: No person is called so: code, or what somebody says of how a name is spelt.
_NO_NAME = re.compile(r"[<>{}\[\]()$=|\\/*^%#]|\A(?:wrong|incorrect|bad|mis\w+|not|different\w*|something)\b", re.I)


def _name(text: str, asked: bool) -> str | None:
    """A person's name: what follows "to" or "is", or the whole of an answer."""
    hit = re.search(r"\b(?:name (?:to|is|should be|into)|changed? (?:it )?to|called|(?:it'?s|its|it is|make it|i'?m|"
                    r"now) (?!mrs?\b|miss\b)|spelled|spelt)\s*:?\s*"
                    r"(?P<name>[^\d@?!,;:]{2,400})", text, re.I)
    if hit is None and asked:
        hit = re.fullmatch(r"(?:no,?\s+)?(?P<name>[^?!;:@]{2,400}?)\W*", text, re.I | re.S)
    if hit is None:
        return None
    told = re.sub(r"^(?:now|to|please|my name is|it'?s|be)\s+|\s+(?:please|thanks|now|instead|not|since|because|"
                  r"as i)\b.*$", "",
                  " ".join(hit["name"].split()), flags=re.I)
    return told.strip(" .'\"") or None


@dataclass(frozen=True)
class Contact:
    """The e-mail or phone number of an account that cannot be signed in to."""

    name: str = "contact"

    def hear(self, ctx: Context, asked: bool) -> int:
        found = finding.email(ctx.text) or finding.phone(ctx.text)
        if found:
            ctx.state.set("contact", found)
            return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        if not ctx.value("contact") and ctx.customer and ctx.customer.get("email"):
            ctx.state.values["contact"] = ctx.customer["email"]
        if ctx.value("contact"):
            return None
        phone = ctx.value("trouble") == "user_name"
        return Say("utter_ask_contact_any" if phone else "utter_ask_contact")


@dataclass(frozen=True)
class Card:
    """A gift card's number and PIN, which only its holder has."""

    name: str = "card"

    def hear(self, ctx: Context, asked: bool) -> int:
        hit = re.search(r"(?<!\d)\d(?:[ -]?\d){15}(?!\d)", ctx.text)
        number = re.sub(r"\D", "", hit[0]) if hit else None
        pin = finding.digits(ctx.text.replace(hit[0], " ") if hit else ctx.text, 4, 4)
        if number is None and pin is None:
            # Number and PIN in one run of digits
            both = finding.digits(ctx.text, 20, 20)
            number, pin = (both[:16], both[16:]) if both else (None, None)
        if number:
            ctx.state.set("card", number)
        if pin and (number or ctx.value("card") or asked):
            ctx.state.set("pin", pin)
        if asked and not (number or pin) and (told := finding.digits(ctx.text, 5, 19)):
            ctx.state.values["bad"] = len(told)
        return ALONE if number or pin or ctx.state.values.get("bad") else NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        bad = ctx.state.values.pop("bad", 0)
        if not ctx.value("card"):
            return Say("utter_ask_card_again", {"digits": bad}) if bad else Say("utter_ask_card")
        return None if ctx.value("pin") else Say("utter_ask_pin")


@dataclass(frozen=True)
class Words:
    """What somebody wants to tell the shop. A first message with something in it is enough."""

    name: str = "text"

    def hear(self, ctx: Context, asked: bool) -> int:
        if ctx.value("text") and not asked:
            return NOTHING
        enough = len(ctx.text.split()) >= (3 if asked else 7)
        if enough and not (not asked and finding.is_question(ctx.text) and len(ctx.text.split()) < 14):
            ctx.state.values["text"] = ctx.text[:4000]
            return WITHIN
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        return None if ctx.value("text") else Say(f"utter_ask_{ctx.value('kind')}")


__all__ = ["REASON", "Card", "Contact", "HowMany", "NewValue", "NotFound", "Option", "When", "Where", "WhichItem",
           "WhichItems", "WhichOrder", "WhichVariant", "Who", "Words", "refusal"]
