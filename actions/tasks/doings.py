"""What tasks do once all is known, and what the customer hears of it. Each change carries the turn's idempotency "
  "key."""

from __future__ import annotations

import re
from datetime import date, timedelta

from actions.shop.backend import STATES, Address, Order, Refund, Slot
from actions.shop.errors import BadValue, KeyReused, Refused
from actions.shop.identity import TooManyAttempts, identity, mails
from actions.tasks import finding, words
from actions.tasks.needs import refusal
from actions.tasks.task import Context, Ended, Say
from bot.mail.letter import Attachment

#: Orders that one answer tells of.
_TOLD = 3
#: An order that arrived this long ago is still what "my order" may mean.
RECENT = timedelta(days=7)
#: And one that left this long ago has come, where the shop never hears of that.
LONG_GONE = timedelta(days=30)


def is_open(order: Order, today: date | None = None) -> bool:
    """Whether something is still to happen with it, as far as the shop tells."""
    if order.state in ("delivered", "cancelled", "returned"):
        return False
    sent, expected = order.delivery.sent, order.delivery.expected
    return expected is not None or sent is None or sent + LONG_GONE >= (today or date.today())


def is_late(order: Order, today: date) -> bool:
    return is_open(order, today) and order.delivery.expected is not None and order.delivery.expected < today


# -- telling ---------------------------------------------------------------------------------------------------------


async def tell_status(ctx: Context) -> None:
    orders = await ctx.orders()
    if not orders:
        raise Ended(Say("utter_no_orders"))
    number = ctx.value("order")
    if number:
        chosen = [order for order in orders if order.number == number]
    else:
        open_ = [order for order in orders if is_open(order, ctx.today)]
        since = ctx.today - RECENT
        fresh = [o for o in orders if o.delivery.delivered and o.delivery.delivered >= since]
        chosen = (open_ + fresh if open_ else fresh or orders[:1])[:_TOLD]
    for order in chosen:
        _status(ctx, order)


def _status(ctx: Context, order: Order) -> None:
    delivery = order.delivery
    facts = {
        "order": order.number, "items": words.items(order), "placed": words.on(order.placed),
        "total": words.money(order.total, order.currency),
        "expected": words.on(delivery.expected) if delivery.expected else "",
        "slot": delivery.slot.replace("-", " to "), "carried": words.carried(delivery),
        "sent": words.on(delivery.sent) if delivery.sent else "", "state": words.state(order),
        "delivered": words.on(delivery.delivered) if delivery.delivered else "",
    }
    ctx.say(f"utter_order_{_standing(order, ctx.today)}", **facts)
    if order.state in ("cancelled", "returned"):
        for refund in order.refunds[-1:]:
            _refund(ctx, order, refund)


def _standing(order: Order, today: date) -> str:
    """The text for how an order stands, as far as its shop tells days."""
    state, delivery = order.state, order.delivery
    on_its_way = state == "with_carrier"
    if state not in STATES:
        return "other"
    if state == "delivered":
        return state if delivery.delivered else "delivered_once"
    if not (on_its_way or state in ("received", "being_packed")):
        return state
    if order.unpaid and not on_its_way:
        return "unpaid"
    if is_late(order, today):
        lost = on_its_way and "return" not in order.refused
        return "lost" if lost else "late" if on_its_way else "overdue"
    if not delivery.expected:
        return ("sent" if delivery.sent else "on_its_way") if on_its_way else "no_day"
    return f"{state}_slot" if delivery.slot else state


async def tell_refund(ctx: Context) -> None:
    orders = await ctx.orders()
    number = ctx.value("order")
    chosen = [o for o in orders if o.refunds and (not number or o.number == number)]
    if not chosen and number:
        order = await ctx.order()
        ctx.say("utter_refund_none_order", order=number, items=words.items(order))
        return
    if not chosen:
        ctx.say("utter_refund_none")
        return
    waiting = [order for order in chosen if any(refund.state != "paid" for refund in order.refunds)]
    for order in (waiting or chosen)[:_TOLD]:
        for refund in order.refunds:
            _refund(ctx, order, refund)


def _refund(ctx: Context, order: Order, refund: Refund) -> None:
    facts = {"order": order.number, "amount": words.money(refund.amount, order.currency),
             "payment": words.payment(order), "reference": refund.reference}
    if refund.state == "paid" and refund.paid:
        by_bank = "card" in order.payment.lower() and "gift" not in order.payment.lower()
        ctx.say("utter_refund_paid_card" if by_bank else "utter_refund_paid", paid=words.on(refund.paid), **facts)
    elif refund.state == "pending" and refund.arrived:
        ctx.say("utter_refund_pending", arrived=words.on(refund.arrived), **facts)
    else:
        ctx.say(f"utter_refund_{refund.state}_plain", **facts)


async def tell_membership(ctx: Context) -> None:
    told = await ctx.shop.membership(ctx.who)
    if not told.member:
        ctx.say("utter_member_no")
        return
    ctx.say("utter_member", programme=told.name, points=told.points, worth=words.money(told.worth, told.currency))
    if told.renews:
        ctx.say("utter_member_renews", day=words.on(told.renews) + f" {told.renews.year}")


async def tell_gift_card(ctx: Context) -> None:
    try:
        card = await identity().gift_card(ctx.conversation, ctx.value("card"), ctx.value("pin"))
    except TooManyAttempts as error:
        raise Ended(Say("utter_verify_limit", {"minutes": error.minutes})) from None
    if card is None:
        wrong = int(ctx.value("wrong") or 0) + 1
        # The number stays: who mistyped the PIN gives that alone.
        ctx.state.drop("pin")
        ctx.state.values["wrong"] = wrong
        if wrong >= 3:
            raise Ended(Say("utter_card_wrong_thrice"))
        raise AskAgain(Say("utter_card_wrong"))
    # Nobody needs it any more.
    ctx.state.values.pop("pin", None)
    facts = {"last": card.number, "balance": words.money(card.balance, card.currency)}
    if card.expires:
        ctx.say("utter_card_balance_until", until=f"{card.expires.day} {card.expires:%B %Y}", **facts)
    else:
        ctx.say("utter_card_balance", **facts)


class AskAgain(Exception):
    """What was given does not fit; the task goes on and asks for it once more."""

    def __init__(self, said: Say) -> None:
        super().__init__(said.response)
        self.said = said


# -- orders ----------------------------------------------------------------------------------------------------------


async def send_invoice(ctx: Context) -> None:
    number = ctx.value("order")
    invoice = await ctx.shop.invoice(ctx.who, number)
    customer = await ctx.shop.customer(ctx.who)
    await mails().send(
        customer.email, "invoice", {"name": customer.name, "order": number}, key=ctx.state.key,
        attachments=(Attachment(invoice.filename, invoice.media_type, invoice.content),),
    )
    ctx.say("utter_done_invoice", order=number, email=words.plain(customer.email))


async def change_delivery(ctx: Context) -> None:
    number = ctx.value("order")
    if ctx.value("what") == "address":
        address = Address(**ctx.value("address"))
        await ctx.shop.change_address(ctx.who, number, address, key=ctx.state.key)
        ctx.say("utter_done_address", order=number, address=words.address(address))
    else:
        slot = _slot(ctx)
        await ctx.shop.change_slot(ctx.who, number, slot, key=ctx.state.key)
        ctx.say("utter_done_slot", order=number, slot=words.slot(slot))


async def change_quantity(ctx: Context) -> None:
    item = await ctx.item()
    number, quantity = ctx.value("order"), ctx.value("quantity")
    order = await ctx.shop.change_quantity(ctx.who, number, item.line, quantity, key=ctx.state.key)
    ctx.say("utter_done_quantity", order=number, item=words.named(item), quantity=quantity,
            total=words.money(order.total, order.currency))


async def cancel(ctx: Context) -> None:
    order = await ctx.shop.cancel(ctx.who, ctx.value("order"), key=ctx.state.key)
    ctx.say("utter_done_cancel", order=order.number, items=words.items(order))
    if order.refunds:
        amount = words.money(order.refunds[-1].amount, order.currency)
        ctx.say("utter_done_cancel_refund", amount=amount, payment=words.payment(order))


async def give_back(ctx: Context) -> None:
    order, lines = await ctx.order(), ctx.value("items")
    made = await ctx.shop.request_return(ctx.who, order.number, lines, ctx.value("reason"), key=ctx.state.key)
    facts = {"reference": made.reference, "amount": words.money(made.amount, order.currency),
             "payment": words.payment(order), "order": made.order}
    if order.state == "with_carrier":
        ctx.say("utter_done_return_lost", **facts)
    elif made.collected:
        ctx.say("utter_done_return_collected", **facts)
    elif made.send_by:
        ctx.say("utter_done_return", until=words.on(made.send_by), **facts)
    else:
        ctx.say("utter_done_return_any_day", **facts)


async def exchange(ctx: Context) -> None:
    item = await ctx.item()
    made = await ctx.shop.exchange(ctx.who, ctx.value("order"), item.line, ctx.value("variant"), key=ctx.state.key)
    facts = {"reference": made.reference, "item": item.name, "variant": made.variant}
    if made.send_by:
        ctx.say("utter_done_exchange", until=words.on(made.send_by), **facts)
    else:
        ctx.say("utter_done_exchange_any_day", **facts)


# -- the account -----------------------------------------------------------------------------------------------------


async def edit_account(ctx: Context) -> None:
    what = ctx.value("what")
    if what == "address":
        address = Address(**ctx.value("address"))
        await ctx.shop.save_address(ctx.who, address, key=ctx.state.key)
        ctx.say("utter_done_account_address", address=words.address(address))
        return
    told = _details(ctx)
    changed = await ctx.shop.edit_customer(ctx.who, **told, key=ctx.state.key)
    # The conversation knows them by what holds now: a mail to the old address would reach nobody.
    ctx.customer, ctx.proved = {**(ctx.customer or {}), "name": changed.name, "email": changed.email}, True
    if len(told) > 1:
        ctx.say(f"utter_done_account_{'_'.join(told)}", **{name: words.plain(getattr(changed, name)) for name in told})
        return
    ctx.say(f"utter_done_account_{what}", value=words.plain(getattr(changed, what)))


def _details(ctx: Context) -> dict[str, str]:
    """Name, e-mail and phone number as far as they change, in this order."""
    told = {**(ctx.value("more") or {}), ctx.value("what"): ctx.value("value")}
    return {name: told[name] for name in ("name", "email", "phone") if name in told}


async def newsletter(ctx: Context) -> None:
    on = ctx.value("on") == "on"
    changed = await ctx.shop.newsletter(ctx.who, on, key=ctx.state.key)
    ctx.say("utter_done_newsletter_on" if on else "utter_done_newsletter_off", email=words.plain(changed.email))


async def help_sign_in(ctx: Context) -> None:
    trouble = ctx.value("trouble")
    try:
        await identity().send_sign_in(ctx.conversation, trouble, ctx.value("contact"), key=ctx.state.key)
    except TooManyAttempts as error:
        raise Ended(Say("utter_verify_limit", {"minutes": error.minutes})) from None
    # The same words whether there is such an account or not.
    ctx.say(f"utter_done_sign_in_{trouble}", contact=words.plain(ctx.value("contact")))


async def close_account(ctx: Context) -> None:
    gone = await ctx.shop.close_account(ctx.who, key=ctx.state.key)
    ctx.say("utter_done_close", day=words.on(gone))


# -- what they think -------------------------------------------------------------------------------------------------

_CATEGORIES = (
    ("delivery", r"deliver|courier|driver|parcel|late|carrier|van\b|packag"),
    ("staff", r"staff|rude|polite|agent|lady|assistant|colleague|team|service|advis|woman|guy\b|on the phone|helpful"),
    ("website", r"website|web site|site\b|app\b|page|checkout|login|search"),
    ("price", r"price|expensive|cheap|cost|charge|discount|money"),
    ("product", r"product|quality|item|broke|material|kettle|jacket|shoes|boots|shirt|lamp|love (?:the|my)|works"),
    ("returns", r"refund|return|exchange"),
)


async def take_down(ctx: Context) -> None:
    text, kind = str(ctx.value("text")), str(ctx.value("kind"))
    category = next((name for name, meant in _CATEGORIES if re.search(meant, text, re.I)), "other")
    order = ctx.value("order") or next(iter(ctx.numbers.found(text)), None)

    async def told_by(customer: str | None) -> str:
        return await ctx.shop.feedback(kind, category, text, customer=customer, order=order, key=ctx.state.key)

    try:
        reference = await told_by(ctx.who if ctx.customer else None)
    except KeyReused:
        # It was taken down before the site's page had said who it is, and the answer to that was lost.
        reference = await told_by(None)
    ctx.state.values.update(category=category, reference=reference)
    ctx.say(f"utter_done_{kind}", reference=reference)


# -- reading back ----------------------------------------------------------------------------------------------------


async def read_cancel(ctx: Context) -> Say:
    order = await ctx.order()
    for text in ctx.state.heard:
        if part := finding.part(text, order.items):
            # The shop cancels whole orders; nobody is to lose the rest by a yes.
            chosen = words.listed(words.named(one) for one in part)
            raise Ended(Say("utter_refused_cancel_part", {"order": order.number, "items": chosen}))
    return Say("utter_confirm_cancel", {"order": order.number, "items": words.items(order),
                                        "total": words.money(order.total, order.currency)})


async def read_delivery(ctx: Context) -> Say:
    if ctx.value("what") == "address":
        address = words.address(Address(**ctx.value("address")))
        return Say("utter_confirm_address", {"order": ctx.value("order"), "address": address})
    return Say("utter_confirm_slot", {"order": ctx.value("order"), "slot": words.slot(_slot(ctx))})


async def read_quantity(ctx: Context) -> Say:
    item = await ctx.item()
    return Say("utter_confirm_quantity", {"order": ctx.value("order"), "item": words.named(item), "now": item.quantity,
                                          "quantity": ctx.value("quantity")})


async def read_return(ctx: Context) -> Say:
    order = await ctx.order()
    chosen = words.listed(words.item(one, ctx.value("items")[one.line]) for one in order.items
                          if one.line in ctx.value("items"))
    return Say(f"utter_confirm_return_{ctx.value('reason')}", {"order": order.number, "items": chosen})


async def read_exchange(ctx: Context) -> Say:
    item = await ctx.item()
    facts = {"order": ctx.value("order"), "item": item.name, "variant": ctx.value("variant")}
    if not item.variant:
        return Say("utter_confirm_exchange_for", facts)
    return Say("utter_confirm_exchange", {**facts, "now": item.variant})


async def read_account(ctx: Context) -> Say:
    what = ctx.value("what")
    if what == "address":
        return Say("utter_confirm_account_address", {"address": words.address(Address(**ctx.value("address")))})
    told = _details(ctx)
    if len(told) > 1:
        facts = {name: words.plain(value) for name, value in told.items()}
        return Say(f"utter_confirm_account_{'_'.join(told)}", facts)
    return Say(f"utter_confirm_account_{what}", {"value": words.plain(ctx.value("value"))})


async def read_close(ctx: Context) -> Say:
    return Say("utter_confirm_close")


def _slot(ctx: Context) -> Slot:
    told = ctx.value("slot")
    return Slot(date.fromisoformat(told["day"]), told["window"])


async def refused(ctx: Context, error: Refused | BadValue) -> list[Say]:
    """What the shop's refusal of a change means for the customer."""
    if isinstance(error, BadValue):
        return [Say("utter_refused_value")]
    number = ctx.value("order")
    order = next((o for o in await ctx.orders() if o.number == number), None) if number else None
    if order is None:
        known = error.reason in ("email_taken", "not_a_member")
        return [Say(f"utter_refused_{error.reason}" if known else "utter_refused_unsupported")]
    task = {"cancel_order": "cancel", "change_delivery": "change", "change_order": "change", "get_invoice": "invoice"}
    return refusal(task.get(ctx.state.name, "return"), error.reason, order, ctx.shop.terms, error.facts)
