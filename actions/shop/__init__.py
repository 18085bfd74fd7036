"""The seam to the shop's backend: one Protocol (:mod:`actions.shop.backend`) and its implementations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from bot.settings import Settings, read

if TYPE_CHECKING:
    from actions.shop.backend import Backend

T = TypeVar("T")


def open_shop(settings: Settings) -> Backend:
    """The backend that the settings name."""
    # Only the one in use is imported: an HTTP client with its retries takes a second of each start.
    if settings.shop == "rest":
        from actions.shop.rest import RestShop

        return RestShop.open(settings.shop_url or "", settings.shop_key or "", settings.shop_timeout)
    if settings.shop == "woocommerce":
        from actions.shop.woocommerce import WooCommerceShop

        return WooCommerceShop.open(settings.shop_url or "", settings.shop_key or "", settings.shop_timeout)
    from actions.shop import sample
    from actions.shop.embedded import SampleShop

    return SampleShop(sample.path(settings))


def once_a_loop(make: Callable[[Settings], T]) -> Callable[[], T]:
    """Keeps what `make` makes for the settings of the environment, for as long as the event loop that is running:
    connections belong to a loop."""
    made: WeakKeyDictionary[Any, dict[Settings, T]] = WeakKeyDictionary()

    @wraps(make)
    def get() -> T:
        settings = read()
        kept = made.setdefault(asyncio.get_running_loop(), {})
        if settings not in kept:
            kept[settings] = make(settings)
        return kept[settings]

    return get


@once_a_loop
def shop(settings: Settings) -> Backend:
    """The process's own backend, opened when it is first asked for."""
    return open_shop(settings)
