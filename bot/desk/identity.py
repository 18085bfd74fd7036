"""Who a site says its visitor is: the identity token (JWT), checked.

The site signs it with a secret that it shares with the desk (HS256), or with a private key whose public one the desk
has (RS256). Which of the two is settled by the setting, never by the token (RFC 8725, 3.1). docs/identity.md has
examples.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import jwt

from bot.conversations.customer import Customer, Identity
from bot.desk.errors import ApiError
from bot.settings import Settings

#: Seconds by which the site's clock may be wrong, and the longest that a token may live.
LEEWAY = 30
LONGEST = 3600
_LONGEST_TOKEN = 4096
_WANTED = ["sub", "aud", "exp", "jti"]
_WORDS = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is not valid yet",
    jwt.InvalidAudienceError: "it is for another audience",
    jwt.InvalidSignatureError: "its signature does not fit",
    jwt.InvalidAlgorithmError: "it is signed by another algorithm than is set here",
    jwt.exceptions.InvalidSubjectError: "the claim 'sub' has to be text, also where it is a number: \"42\"",
    jwt.exceptions.InvalidJTIError: "the claim 'jti' has to be text, also where it is a number: \"42\"",
}


class Tokens:
    """Checks identity tokens by the key of the settings."""

    def __init__(self, settings: Settings) -> None:
        key = settings.identity_key
        public = key is not None and key.endswith(".pem")
        self._key = Path(key).read_text(encoding="ascii") if key and public else key
        self._algorithm = "RS256" if public else "HS256"
        self._audience = settings.identity_audience

    def identity(self, token: str) -> Identity:
        """What the token says. Raises ApiError ``identity_refused`` with what is wrong with it."""
        if self._key is None:
            raise refused("no key for identity tokens is set here")
        if len(token) > _LONGEST_TOKEN:
            raise refused(f"it is longer than {_LONGEST_TOKEN} characters")
        if not token.isascii():
            raise refused("it is no such token")
        try:
            claims = jwt.decode(token, self._key, algorithms=[self._algorithm], audience=self._audience,
                                leeway=LEEWAY, options={"require": _WANTED})
        except jwt.MissingRequiredClaimError as error:
            raise refused(f"the claim {error.claim!r} is missing") from None
        except jwt.InvalidTokenError as error:
            words = next((words for kind, words in _WORDS.items() if isinstance(error, kind)), "it is no such token")
            raise refused(words) from None
        left = int(claims["exp"]) - int(time.time())
        if left > LONGEST + LEEWAY:
            raise refused(f"it lives longer than {LONGEST} seconds")
        customer = Customer(id=_line(claims, "sub", 128), name=_line(claims, "name", 120),
                            email=_line(claims, "email", 254).lower())
        if not customer.id:
            raise refused("the claim 'sub' is empty")
        if not _line(claims, "jti", 256):
            raise refused("the claim 'jti' is empty")
        digest = hashlib.sha256(str(claims["jti"]).encode("utf-8", "replace")).hexdigest()
        # Remembered until it would be refused as expired.
        return Identity(customer, digest, max(1, left + LEEWAY + 1))


def refused(why: str) -> ApiError:
    return ApiError(401, "identity_refused", f"This identity token is not taken: {why}.")


def _line(claims: dict[str, Any], name: str, longest: int) -> str:
    """A claim as one line of text, cut to `longest` characters; what is no text is nothing."""
    value = claims.get(name)
    line = " ".join(value.split())[:longest] if isinstance(value, str) else ""
    return line if line.isprintable() else ""
