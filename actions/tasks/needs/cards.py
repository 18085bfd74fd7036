"""A gift card's number and PIN."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.tasks import finding
from actions.tasks.task import ALONE, NOTHING, Context, Say


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
