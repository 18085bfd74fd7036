"""Who is asking, proved."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.shop.identity import TooManyAttempts, identity
from actions.shop.numbers import is_same
from actions.tasks import finding, words
from actions.tasks.needs.answers import order_numbers, strength
from actions.tasks.task import ALONE, NOTHING, WITHIN, Context, Ended, Say


@dataclass(frozen=True)
class Who:
    """Who is asking, proved. `account` for what concerns more than one order: that takes a code by mail."""

    account: bool = False
    name: str = "who"

    def hear(self, ctx: Context, asked: bool) -> int:
        text, found = ctx.text, NOTHING
        if self._satisfied(ctx):
            return NOTHING
        # An order's number may have as many digits as a code: what is called an order is none.
        told = text if re.search(r"\bcode\b", text, re.I) else ctx.numbers.out_of(text)
        if ctx.state.values.get("code_sent") and (code := finding.digits(told, 6, 6)) and not finding.email(text):
            ctx.state.values["code"] = code
            return ALONE
        if asked or not ctx.task.takes_email:
            mail = finding.email(text)
            if mail:
                if mail != ctx.value("email"):
                    ctx.state.values.pop("code_sent", None)
                ctx.state.values["email"] = mail
                found = ALONE
        numbers = order_numbers(ctx, asked)
        if numbers and not self.account:
            if not is_same(numbers[-1], ctx.value("order") or ""):
                ctx.state.set("order", numbers[-1])
            found = max(found, ALONE if asked else strength(text))
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
        return not self.account and (wanted is None or is_same(wanted, ctx.customer["order"]))

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
            raise Ended(Say("utter_verify_limit", {"minutes": error.minutes})) from None

    async def _prove(self, ctx: Context) -> Say | None:
        values, ident = ctx.state.values, identity()
        if values.get("order") and not values.get("email") and values.get("tried"):
            values["email"] = values.pop("tried")
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
            # "Oops, meant 104281": the address goes with the next number, unless another one is given.
            values["tried"] = values.pop("email")
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
        if ctx.whose and slot["id"] != ctx.whose:
            # What was said to one customer is not passed on to another.
            raise Ended(Say("utter_verify_other"))
        ctx.customer, ctx.proved = dict(slot), True
        ctx.state.values.pop("email", None)
        ctx.state.values.pop("code_sent", None)
        ctx.state.values.pop("wants_code", None)
        if name := words.plain(str(slot.get("name") or "").split(" ")[0]):
            ctx.say("utter_verified", name=name)
        else:
            ctx.say("utter_verified_nameless")
