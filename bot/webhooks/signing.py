"""Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body, with a secret of the endpoint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_PREFIX = "whsec_"


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(secret: str, delivery: str, now: float, body: bytes) -> dict[str, str]:
    """The three headers of a delivery that is sent `now`."""
    timestamp = str(int(now))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = b".".join((delivery.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": delivery, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}
