"""Details of an account, and the address or number of one that cannot be signed in to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.shop.checks import checked_email, checked_name, checked_phone
from actions.shop.errors import BadValue
from actions.tasks import finding
from actions.tasks.assent import Assent, assent, begins_with_no
from actions.tasks.task import ALONE, NOTHING, WITHIN, Context, Say

#: What each detail of an account is called.
_DETAILS = {"name": r"\bname\b", "email": r"\be?-?mail\b", "phone": r"\b(?:phone|mobile|number|cell|tel)\b"}


@dataclass(frozen=True)
class NewValue:
    """What a detail of the account is to be: name, e-mail or phone number."""

    name: str = "value"

    def hear(self, ctx: Context, asked: bool) -> int:
        what, text = ctx.value("what"), ctx.text
        if what not in ("name", "email", "phone") or ctx.state.asked in ("who", "again"):
            return NOTHING
        found: str | None = None
        if what == "email":
            found = finding.email(text)
        elif what == "phone":
            found = finding.phone(text)
        else:
            found = _name(text, asked or (ctx.state.asked == "confirm" and _gives_another(text)))
            if found and _NO_NAME.search(found):
                found = None
                ctx.state.values["bad"] = asked
                return ALONE if asked else NOTHING
        if found and not (what == "email" and ctx.customer and found == ctx.customer.get("email")):
            ctx.state.set("value", found)
            self._others(ctx)
            return ALONE if what != "name" else (ALONE if asked else WITHIN)
        if asked and ("@" in text or _has_digits(text) or (what == "name" and _NO_NAME.search(text))):
            ctx.state.values["bad"] = True
            return ALONE
        return NOTHING

    @staticmethod
    def _others(ctx: Context) -> None:
        """Other details in the same message: "my phone to 07700 900777 and my e-mail to …"."""
        what, text = ctx.value("what"), ctx.text
        told = {"name": _name(text, False), "email": finding.email(text), "phone": finding.phone(text)}
        told = {name: value for name, value in told.items() if re.search(_DETAILS[name], text, re.I)}
        more = {name: value for name, value in told.items() if value and name != what}
        if ctx.customer and more.get("email") == ctx.customer.get("email"):
            more.pop("email")
        if more:
            ctx.state.set("more", {**(ctx.value("more") or {}), **more})

    async def settle(self, ctx: Context) -> Say | None:
        what, bad = ctx.value("what"), ctx.state.values.pop("bad", False)
        if what not in ("name", "email", "phone"):
            return None
        value = ctx.value("value")
        if not value:
            return Say(f"utter_ask_{what}_again" if bad else f"utter_ask_new_{what}")
        checks = {"name": checked_name, "email": checked_email, "phone": checked_phone}
        try:
            ctx.state.values["value"] = checks[what](value)
            for name, one in (ctx.value("more") or {}).items():
                ctx.state.values["more"][name] = checks[name](one)
        except BadValue as error:
            ctx.state.drop("value", "more")
            if error.reason == "too_long":
                return Say("utter_ask_shorter", {"most": error.facts.get("most", 120)})
            return Say(f"utter_ask_{what}_again")
        return None


def _has_digits(text: str) -> bool:
    """Whether there is something of a phone number in a message, however it is divided."""
    return len(re.sub(r"\D", "", text)) >= 5


#: No person is called so: code, another detail, or what somebody says of how a name is spelt.
_NO_NAME = re.compile(r"[<>{}\[\]()$=|\\/*^%#]|\b(?:e-?mail|(?:phone|mobile) number|phone|address)\b|"
                      r"\A(?:me|my|wrong|incorrect|bad|mis\w+|not|different\w*|something)\b", re.I)


def _name(text: str, asked: bool) -> str | None:
    """A person's name: what follows "to" or "is", or the whole of an answer."""
    # "I'm divorced now, so put my name back to …": only where a name was asked for is what follows "I'm" one.
    leads = [r"name\s+(?:back\s+)?(?:to|is|should be|into|as)", r"changed? (?:it )?(?:back )?to|called|spelled|spelt"]
    if not asked and re.search(r"\bname|\bspel", text, re.I):
        leads.append(r"(?:it'?s|it is|should be)")
    if asked:
        leads.append(r"(?:it'?s|its|it is|make it|i'?m|now) (?!mrs?\b|miss\b)")
    hits = (re.search(rf"\b(?:{lead})\s*:?\s*(?P<name>[^\d@?!,;:]{{2,400}})", text, re.I) for lead in leads)
    hit = next((one for one in hits if one and not _NO_NAME.search(one["name"].strip())), None)
    if hit is None and asked:
        hit = re.fullmatch(r"(?:no,?\s+)?(?P<name>[^?!;:@]{2,400}?)\W*", text, re.I | re.S)
    if hit is None:
        return None
    told = re.sub(r"^(?:now|to|please|my name is|it'?s|be)\s+|\s+(?:please|thanks|now|instead|not|since|because|with|"
                  r"as i|and (?:my|the|also|e-?mail|phone|mobile|number))\b.*$", "",
                  " ".join(hit["name"].split()), flags=re.I)
    return told.strip(" .'\"") or None


def _gives_another(text: str) -> bool:
    """Whether the answer to a name that was read back may be another name: "yes, but with two t" is none."""
    return assent(text) is not Assent.MORE or begins_with_no(text)


@dataclass(frozen=True)
class Contact:
    """The e-mail or phone number of an account that cannot be signed in to."""

    name: str = "contact"

    def hear(self, ctx: Context, asked: bool) -> int:
        found = finding.email(ctx.text) or finding.phone(ctx.text)
        if found:
            ctx.state.set("contact", found)
            return ALONE
        if asked and ctx.value("trouble") == "user_name" and _has_digits(ctx.text):
            ctx.state.values["bad"] = True
            return ALONE
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        bad = ctx.state.values.pop("bad", False)
        if not ctx.value("contact") and ctx.customer and ctx.customer.get("email"):
            ctx.state.values["contact"] = ctx.customer["email"]
        if ctx.value("contact"):
            return None
        if bad:
            return Say("utter_ask_phone_again")
        phone = ctx.value("trouble") == "user_name"
        return Say("utter_ask_contact_any" if phone else "utter_ask_contact")
