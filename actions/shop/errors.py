"""Everything that a shop's backend can answer instead of doing what it was asked.

What customers read stands in ``domain.yml``; an error carries a code and the facts that such a text needs.
"""

from __future__ import annotations

from typing import Any


class ShopError(Exception):
    """Base of all errors of this package."""


class NotFound(ShopError):
    """There is no such thing, or it is not this customer's: which of the two is never told."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no such {what}")
        self.what = what


class Refused(ShopError):
    """The shop does not allow it. `reason` is a code of :data:`actions.shop.backend.REASONS`, `facts` go with it."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason
        self.facts = facts


class BadValue(ShopError):
    """A value that cannot be right, whatever the shop allows: a quantity of 0, a name of 300 characters.

    `field` names it; `reason` is ``empty``, ``too_long``, ``too_small``, ``too_large``, ``form`` or ``past``.
    """

    def __init__(self, field: str, reason: str, **facts: Any) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.facts = facts


class Unsupported(ShopError):
    """This backend's platform has no way to do it; a person can."""

    def __init__(self, task: str) -> None:
        super().__init__(f"this shop's platform cannot do {task!r} for us")
        self.task = task


class KeyReused(ShopError):
    """One idempotency key was used for two different changes; the second was not done."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key!r} was already used for another change")
        self.key = key


class ShopUnavailable(ShopError):
    """The backend cannot be reached, is too slow, or answers nonsense. A change may or may not have happened: the same
    call with the same key is safe."""
