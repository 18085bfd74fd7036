"""WooCommerce as a backend, against the emulator of its documented interface."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from serving import serving
from woo import KEY, SECRET, Woo, customer, order

from actions.shop import open_shop
from actions.shop.backend import REASONS, TASKS, Address, Slot
from actions.shop.errors import BadValue, KeyReused, NotFound, Refused, ShopUnavailable, Unsupported
from actions.shop.woocommerce import WooCommerceShop
from bot.settings import Settings

ADDRESS = Address("3 Heron Street", "York", "YO1 7AA", "United Kingdom")
AMARA, TOMASZ = "amara@example.com", "tomasz@example.org"


@pytest.fixture
def woo() -> Woo:
    orders = [
        order(1041, 7, "on-hold", "2026-03-01", AMARA, (1, "Rill jacket", 2, "119.00"), (2, "Pika", 1, "39.00")),
        order(1040, 7, "processing", "2026-02-27", AMARA, (3, "Kettle", 1, "54.00")),
        order(1039, 7, "completed", "2026-02-20", AMARA, (4, "Duvet", 1, "79.00")),
        order(1038, 8, "pending", "2026-02-19", TOMASZ, (5, "Rug", 1, "129.00")),
        order(1037, 0, "pending", "2026-02-18", "guest@example.net", (6, "Lamp", 1, "45.00")),
        order(1036, 7, "refunded", "2026-01-18", AMARA, (7, "Jeans", 1, "64.00")),
        order(1034, 7, "partially-shipped", "2026-01-18", AMARA, (9, "Vase", 1, "29.00")),
        order(1033, 7, "failed", "2026-01-18", AMARA),
        order(1035, 7, "trash", "2026-01-17", AMARA, (8, "Boots", 1, "139.00")),
    ]
    orders[5]["refunds"] = [{"id": 77, "reason": "", "total": "-64.00"}]
    orders[2]["meta_data"] = [{"id": 5, "key": "_wc_shipment_tracking_items", "value": [
        {"tracking_provider": "Quillpost", "custom_tracking_provider": "", "custom_tracking_link": "",
         "tracking_number": "QP1", "date_shipped": "1771545600"}]}]
    return Woo(orders={one["id"]: one for one in orders},
               customers={7: customer(7, "Amara", "Okafor", AMARA), 8: customer(8, "Tomasz", "W", TOMASZ)})


@pytest.fixture
async def shop(woo: Woo) -> AsyncIterator[WooCommerceShop]:
    async with serving(woo.app()) as url:
        shop = open_shop(Settings(home=None, shop="woocommerce", shop_url=url, shop_key=f"{KEY}:{SECRET}"))  # type: ignore[arg-type]
        assert isinstance(shop, WooCommerceShop)
        yield shop
        await shop.close()


async def test_orders_come_newest_first_in_our_form(shop: WooCommerceShop) -> None:
    orders = await shop.orders("7")
    assert [(one.number, one.state) for one in orders] == [
        ("1041", "received"), ("1040", "being_packed"), ("1039", "with_carrier"), ("1036", "returned"),
        ("1034", "partially-shipped"), ("1033", "failed")]
    first = orders[0]
    assert (first.total, first.currency, first.payment) == (Decimal("277.00"), "GBP", "Visa")
    item = first.items[0]
    assert (item.line, item.name, item.variant, item.quantity, item.price) == (
        "1", "Rill jacket", "M, navy", 2, Decimal("119.00"))
    assert first.delivery.address == Address("5 Mill Lane", "York", "YO1 7AA", "United Kingdom (UK)")
    assert (orders[2].delivery.carrier, orders[2].delivery.tracking) == ("Quillpost", "QP1")
    assert [one.unpaid for one in orders] == [True, False, False, False, False, False]
    assert orders[2].delivery.sent == date(2026, 2, 20) and orders[4].refused["cancel"] == "by_person"
    assert orders[3].refunds[0].amount == 64
    for one in orders:
        assert set(one.refused) <= set(TASKS) and set(one.refused.values()) <= set(REASONS)
    assert set(TASKS) - set(first.refused) == {"change_address", "change_quantity", "cancel"}
    assert orders[1].refused["cancel"] == "being_packed" and orders[0].refused["return"] == "by_person"


async def test_texts_are_told_as_they_are_read(shop: WooCommerceShop, woo: Woo) -> None:
    line = woo.orders[1041]["line_items"][0]
    line |= {"parent_name": "Salt &amp; Pepper", "quantity": 0}
    woo.orders[1041]["meta_data"] = [{"id": 5, "key": "_wc_shipment_tracking_items", "value": [
        {"tracking_provider": "royal-mail", "tracking_number": "RM1"}, {"tracking_provider": "dhl-de", "tracking_number": "D2"}]}]
    told = await shop.order("7", "1041")
    assert told.items[0].name == "Salt & Pepper"
    assert (told.delivery.carrier, told.delivery.tracking) == ("Royal Mail and DHL DE", "RM1 and D2")


async def test_all_pages_are_read(shop: WooCommerceShop, woo: Woo) -> None:
    for number in range(2000, 2230):
        woo.orders[number] = {**copy.deepcopy(woo.orders[1041]), "id": number}
    assert len(await shop.orders("7")) == 236


async def test_somebody_elses_order_is_not_there(shop: WooCommerceShop, woo: Woo) -> None:
    calls: list[Awaitable[object]] = [
        shop.order("7", "1038"), shop.order("7", "1037"), shop.order("7", "1035"), shop.order("7", "999"),
        shop.order("7", "x"), shop.order("7", "../customers/8"), shop.cancel("7", "1038", key="k"),
        shop.slots("7", "1038"), shop.change_address("7", "1038", ADDRESS, key="k"),
        shop.change_quantity("7", "1038", "5", 2, key="k"), shop.order("guest-1041", "1041"),
        shop.order("guest-1037", "1038"), shop.customer("99"), shop.customer("7; drop"),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            await call
    assert woo.puts == []


async def test_order_and_email_lead_to_the_customer(shop: WooCommerceShop) -> None:
    found = await shop.customer_of_order("#1041", " AMARA@example.com ")
    assert found is not None and (found.id, found.name, found.phone) == ("7", "Amara Okafor", "07700 900142")
    guest = await shop.customer_of_order("1037", "guest@example.net")
    assert guest is not None and guest.id == "guest-1037"
    assert [one.number for one in await shop.orders(guest.id)] == ["1037"]
    for number, email in (("1041", TOMASZ), ("999", AMARA), ("1037", AMARA), ("1041", "")):
        assert await shop.customer_of_order(number, email) is None
    by_email = await shop.customer_by_email("Amara@Example.com")
    assert by_email == found
    assert await shop.customer_by_email("nobody@example.com") is None
    assert await shop.customer_by_email("no address") is None


async def test_a_guest_is_known_by_email_with_all_orders_of_that_address(shop: WooCommerceShop, woo: Woo) -> None:
    for number, email in ((1032, "Guest@Example.net"), (1031, "my-guest@example.net"), (1030, "guest@example.net")):
        woo.orders[number] = order(number, 0, "processing", "2026-02-01", email, (number, "Mug", 1, "9.00"))
    woo.orders[1030]["status"] = "trash"
    guest = await shop.customer_by_email("GUEST@example.net")
    assert guest is not None and guest.id == "guest-1032"
    assert await shop.customer_of_order("1037", "guest@example.net") == guest == await shop.customer_of_order(
        "1032", "guest@example.net")
    woo.orders[1050] = order(1050, 0, "processing", "2026-03-09", "guest@example.net", (10, "Mug", 1, "9.00"))
    assert await shop.customer_by_email("guest@example.net") == guest
    del woo.orders[1050]
    assert [one.number for one in await shop.orders(guest.id)] == ["1037", "1032"]
    assert (await shop.order(guest.id, "1032")).items[0].name == "Mug"
    for number in ("1031", "1030", "1041"):
        with pytest.raises(NotFound):
            await shop.order(guest.id, number)
    account = await shop.customer_by_email(AMARA)
    assert account is not None and account.id == "7"


async def test_what_can_be_changed_is_changed(shop: WooCommerceShop, woo: Woo) -> None:
    woo.orders[1041]["shipping"] |= {"state": "CA", "company": "Heron Ltd"}
    changed = await shop.change_address("7", "1041", ADDRESS, key="1")
    assert woo.orders[1041]["shipping"]["state"] == woo.orders[1041]["shipping"]["company"] == "", "half of the old address"
    assert changed.delivery.address == replace(ADDRESS, country="United Kingdom (UK)")
    assert woo.orders[1041]["shipping"]["country"] == "GB" and woo.orders[1041]["shipping"]["first_name"] == "A"
    changed = await shop.change_quantity("7", "1041", "1", 3, key="2")
    assert changed.items[0].quantity == 3 and changed.total == Decimal("396.00")
    # Net of tax a piece costs 4.1625 here, which is told as 8.33 for two.
    woo.orders[1041]["line_items"][0] |= {"quantity": 2, "subtotal": "8.325", "total": "8.325"}
    changed = await shop.change_quantity("7", "1041", "1", 20, key="2b")
    assert Decimal(woo.orders[1041]["line_items"][0]["total"]) == Decimal("83.25") and changed.total == Decimal("122.25")
    cancelled = await shop.cancel("7", "1041", key="3")
    assert cancelled.state == "cancelled" and woo.orders[1041]["status"] == "cancelled"
    with pytest.raises(Refused) as refusal:
        await shop.cancel("7", "1041", key="4")
    assert refusal.value.reason == "cancelled"
    with pytest.raises(Refused) as refusal:
        await shop.cancel("7", "1040", key="5")
    assert refusal.value.reason == "being_packed" and woo.orders[1040]["status"] == "processing"


async def test_the_same_change_twice_is_one(shop: WooCommerceShop, woo: Woo) -> None:
    first = await shop.cancel("7", "1041", key="turn-1")
    assert await shop.cancel("7", "1041", key="turn-1") == first and woo.puts == ["orders/1041"]
    # Somebody at the shop took it back since: the turn done again does not cancel it anew.
    woo.orders[1041]["status"] = "on-hold"
    assert (await shop.cancel("7", "1041", key="turn-1")).state == "received" and len(woo.puts) == 1
    with pytest.raises(KeyReused):
        await shop.change_address("7", "1041", ADDRESS, key="turn-1")
    await shop.edit_customer("7", phone="07700 900999", key="turn-2")
    await shop.edit_customer("7", phone="07700 900999", key="turn-2")
    assert woo.puts == ["orders/1041", "customers/7"]


async def test_the_account_is_edited(shop: WooCommerceShop, woo: Woo) -> None:
    edited = await shop.edit_customer("7", name="Amara Grace Okafor", email="New@Example.com", key="1")
    assert (edited.name, edited.email) == ("Amara Grace Okafor", "new@example.com")
    assert (woo.customers[7]["first_name"], woo.customers[7]["last_name"]) == ("Amara", "Grace Okafor")
    edited = await shop.save_address("7", replace(ADDRESS, country="Ireland"), key="2")
    assert edited.addresses[0].country == "Ireland" and edited.addresses[1].town == "Leeds"
    with pytest.raises(Refused) as refusal:
        await shop.edit_customer("7", email=TOMASZ, key="3")
    assert refusal.value.reason == "email_taken"
    for call in (shop.edit_customer("7", name="x" * 300, key="4"), shop.edit_customer("7", email="x", key="5"),
                 shop.save_address("7", replace(ADDRESS, country="Atlantis"), key="6"),
                 shop.change_quantity("7", "1041", "1", 0, key="7")):
        with pytest.raises(BadValue):
            await call


async def test_sign_in_mails_link_to_the_shops_own_page(shop: WooCommerceShop) -> None:
    mail = await shop.sign_in_mail("password", AMARA, key="1")
    assert mail is not None and mail.to == AMARA and mail.values["link"].endswith("/my-account/lost-password/")
    mail = await shop.sign_in_mail("user_name", AMARA, key="2")
    assert mail is not None and mail.values["user_name"] == "amara"
    assert await shop.sign_in_mail("password", "nobody@example.com", key="3") is None
    assert await shop.sign_in_mail("password", "07700 900142", key="4") is None


async def test_what_the_platform_cannot_do_is_said_to_be_so(shop: WooCommerceShop, woo: Woo) -> None:
    calls: list[Awaitable[object]] = [
        shop.invoice("7", "1039"), shop.change_slot("7", "1041", Slot(date(2026, 3, 9)), key="k"),
        shop.request_return("7", "1039", {"4": 1}, "other", key="k"), shop.exchange("7", "1039", "4", "L", key="k"),
        shop.variants("7", "1039", "4"), shop.newsletter("7", True, key="k"), shop.close_account("7", key="k"),
        shop.membership("7"), shop.gift_card("1", "2"), shop.feedback("praise", "staff", "Lovely", key="k"),
        shop.sign_in_mail("unlock", AMARA, key="k"), shop.edit_customer("guest-1037", name="Me", key="k"),
    ]
    for call in calls:
        with pytest.raises(Unsupported):
            await call
    assert woo.puts == [] and await shop.slots("7", "1041") == []


async def test_a_wrong_key_or_one_that_may_only_read_names_the_setting(woo: Woo) -> None:
    async with serving(woo.app()) as url:
        wrong = WooCommerceShop.open(url, "ck_x:cs_y", 3.0)
        with pytest.raises(ShopUnavailable, match="FRONTDESK_SHOP_KEY"):
            await wrong.check()
        woo.permission = "read"
        reading = WooCommerceShop.open(url, f"{KEY}:{SECRET}", 3.0)
        assert await reading.check()
        with pytest.raises(ShopUnavailable, match="Read/Write"):
            await reading.cancel("7", "1041", key="k")
        await wrong.close()
        await reading.close()


async def test_what_extensions_leave_empty_hides_no_order(shop: WooCommerceShop, woo: Woo) -> None:
    woo.orders[1041]["shipping_lines"][0]["method_title"] = None
    woo.orders[1039]["meta_data"][0]["value"] = None
    woo.orders[1041]["line_items"][0]["quantity"] = 0
    orders = {one.number: one for one in await shop.orders("7")}
    assert orders["1041"].delivery.method == "" and orders["1039"].delivery.tracking == ""
    with pytest.raises(Refused, match="by_person"):
        await shop.change_quantity("7", "1041", "1", 2, key="k")


async def test_an_answer_that_cannot_be_read_is_a_shop_that_is_unavailable(shop: WooCommerceShop, woo: Woo) -> None:
    del woo.orders[1041]["shipping"], woo.orders[1037]["billing"]["first_name"], woo.customers[7]["first_name"]
    woo.orders[1038]["line_items"][0]["total"] = woo.orders[1038]["line_items"][0]["subtotal"] = "much"
    for asked in (shop.orders("7"), shop.customer_of_order("1037", "guest@example.net"), shop.customer_by_email(AMARA),
                  shop.sign_in_mail("password", AMARA, key="k"),
                  shop.change_quantity("8", "1038", "5", 2, key="k")):
        with pytest.raises(ShopUnavailable):
            await asked


async def test_a_shop_that_answers_otherwise_is_unavailable(shop: WooCommerceShop, woo: Woo) -> None:
    del woo.orders[1041]["line_items"][0]["total"]
    with pytest.raises(ShopUnavailable):
        await shop.order("7", "1041")
    elsewhere = WooCommerceShop.open(f"{shop._connection.url}/blog", f"{KEY}:{SECRET}", 3.0)
    with pytest.raises(ShopUnavailable, match="rest_no_route"):
        await elsewhere.check()
    await elsewhere.close()
