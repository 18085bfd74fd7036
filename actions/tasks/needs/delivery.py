"""Where to and when."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import timedelta

from actions.shop.backend import Address
from actions.shop.checks import checked_address
from actions.shop.errors import BadValue
from actions.tasks import finding, words
from actions.tasks.needs.answers import CHOICES, strength
from actions.tasks.task import ALONE, NOTHING, Context, Ended, Say

#: Hours of a day, or what may be some.
_HOURS = re.compile(r"morning|afternoon|evening|\d", re.I)
#: Hours and no date
_WINDOWED = re.compile(r"morning|afternoon|evening|lunch|noon|\d\s*(?:am|pm)\b|\d:\d\d|"
                       r"\d\s*(?:-|–|to|and|until)\s*\d", re.I)
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
            found = finding.address(ctx.numbers.out_of(ctx.text, hashes=False), "")
            if found:
                ctx.state.set("address", asdict(found))
                return ALONE
            if asked and finding.has_postcode(ctx.numbers.out_of(ctx.text)):
                return ALONE
        if ctx.state.asked == "confirm" and _STREET.search(ctx.text):
            # "Right street, but number 21": a part of it is wrong, and only the whole can be taken.
            ctx.state.drop("address")
            ctx.state.values["part"] = True
            return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        if not self._applies(ctx):
            return None
        if ctx.state.values.pop("part", False):
            return Say("utter_ask_address_whole")
        customer = await ctx.shop.customer(ctx.who)
        if not ctx.value("address"):
            saved = [*customer.addresses] if ctx.account else []
            for text in ctx.state.heard[:1] if ctx.state.asked == self.name else ctx.state.heard:
                if found := finding.address(ctx.numbers.out_of(text, hashes=False), "", saved):
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
            address["country"] = now.country if now else ctx.shop.terms.country
        if not address["country"]:
            ctx.state.drop("address")
            return Say("utter_ask_address_country")
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
        found = finding.day(ctx.numbers.out_of(ctx.text), "future", ctx.today)
        told = ctx.value("slot") if ctx.state.asked == "confirm" else None
        if found and told and found.isoformat() == told["day"] and not _WINDOWED.search(ctx.text):
            return NOTHING  # what was read back, said again
        if found and (asked or ctx.state.asked == "confirm"):
            ctx.state.drop("slot")
            return strength(ctx.text)
        if ctx.state.asked == "confirm" and ctx.value("slot") and _HOURS.search(ctx.text):
            ctx.state.values["hours"] = True
            return ALONE
        return ALONE if asked and _HOURS.search(ctx.text) else NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        if self.only and ctx.value("what") != self.only:
            return None
        hours = ctx.state.values.pop("hours", False)
        if ctx.value("slot") and not hours:
            return None
        offered = await ctx.shop.slots(ctx.who, ctx.value("order"))
        if ctx.value("slot") and offered:
            # "Can it be in the morning?": on the day that was read back.
            day = ctx.value("slot")["day"]
            ctx.state.drop("slot")
            offered = [one for one in offered if one.day.isoformat() == day] or offered
        if not offered:
            raise Ended(Say("utter_no_slots", {"order": ctx.value("order")}))
        for text in map(ctx.numbers.out_of, ctx.state.heard[:1] if ctx.state.asked == self.name else ctx.state.heard):
            found = finding.slots(text, offered, ctx.today)
            if len(found) == 1:
                ctx.state.set("slot", {"day": found[0].day.isoformat(), "window": found[0].window})
                return None
            if found:
                windows = [words.slot(one) for one in found[:CHOICES]]
                return Say("utter_ask_window", {"day": words.on(found[0].day)}, windows)
            named = finding.day(text, "future", ctx.today)
            if named:
                past = named < ctx.today + timedelta(days=1)
                return Say("utter_ask_slot_past" if past else "utter_ask_slot_other", {"day": words.on(named)},
                           [words.slot(one) for one in offered[:4]])
        return Say("utter_ask_slot", {}, [words.slot(one) for one in offered[:4]])
