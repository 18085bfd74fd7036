"""A sample shop of its own for each test, loaded on a fixed day, alone and behind the REST interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from serving import KEY, Checked, serving

from actions.shop import sample
from actions.shop.backend import Backend
from actions.shop.connection import Connection
from actions.shop.embedded import SampleShop
from actions.shop.rest import RestShop
from actions.shop.server import create_app
from bot.settings import Settings

TODAY = date(2026, 3, 2)  # a Monday


@pytest.fixture
def sample_shop(tmp_path: Path) -> SampleShop:
    settings = Settings(home=tmp_path / "shop-home")
    sample.load(settings, today=TODAY)
    return SampleShop(sample.path(settings), lambda: TODAY)


@pytest.fixture(params=["sample", "rest"])
async def shop(request: pytest.FixtureRequest, sample_shop: SampleShop) -> AsyncIterator[Backend]:
    """The same shop, called directly and through the REST interface."""
    if request.param == "sample":
        yield sample_shop
        return
    async with serving(create_app(sample_shop, KEY)) as url:
        rest = RestShop(Connection(url, 8.0, {"Authorization": f"Bearer {KEY}"}, transport=Checked()))
        yield rest
        await rest.close()
