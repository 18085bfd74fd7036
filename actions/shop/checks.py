"""Values that no shop can take, whatever its state: each check returns the value as it is kept, or raises BadValue.

A value is text and stays text: it goes to backends as a parameter or a JSON string, never into a query or template.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace

from actions.shop.backend import Address
from actions.shop.errors import BadValue

_EMAIL = re.compile(r"[^@\s<>\"'(),:;\[\]\\]+@[^@\s<>\"'(),:;\[\]\\.]+(\.[^@\s<>\"'(),:;\[\]\\.]+)+")
_PHONE = re.compile(r"\+?[\d\s().\-/]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST = {"name": 120, "email": 254, "phone": 40, "line1": 120, "line2": 120, "town": 80, "postcode": 16,
            "country": 60, "label": 40, "key": 200}


def checked_text(field: str, value: str, longest: int | None = None, optional: bool = False) -> str:
    """A line of text without control characters, trimmed."""
    value = " ".join(_CONTROL.sub(" ", value).split())
    most = longest or _LONGEST[field]
    if not value and not optional:
        raise BadValue(field, "empty")
    if len(value) > most:
        raise BadValue(field, "too_long", most=most)
    return value


def checked_name(value: str) -> str:
    name = checked_text("name", value)
    if not any(char.isalpha() for char in name):
        raise BadValue("name", "form")
    return name


def checked_email(value: str) -> str:
    """An address of the usual form, in small letters: shops compare them so."""
    email = checked_text("email", value).lower()
    if not _EMAIL.fullmatch(email):
        raise BadValue("email", "form")
    return email


def checked_phone(value: str) -> str:
    phone = checked_text("phone", value)
    if not _PHONE.fullmatch(phone) or not 7 <= sum(char.isdigit() for char in phone) <= 15:
        raise BadValue("phone", "form")
    return phone


def checked_address(address: Address) -> Address:
    optional = ("line2", "label")
    cleaned = {f.name: checked_text(f.name, getattr(address, f.name), optional=f.name in optional)
               for f in fields(address)}
    return replace(address, **cleaned)


def checked_key(key: str) -> str:
    """An idempotency key. Raises ValueError: a wrong one is our own fault."""
    if not key or len(key) > _LONGEST["key"] or not key.isascii() or not key.isprintable():
        raise ValueError(f"an idempotency key is 1 to 200 printable ASCII characters, not {key!r}")
    return key
