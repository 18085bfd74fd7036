"""Proving who one is in the chat: what works, what does not, and that a wrong guess tells nothing."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from actions.shop.embedded import SampleShop
from actions.shop.identity import (
    CODES_PER_ADDRESS,
    PER_CARD,
    PER_CONVERSATION,
    PER_ORDER,
    SIGN_INS_PER_CONTACT,
    Identity,
    TooManyAttempts,
)
from bot.conversations.proofs import TRIES
from bot.conversations.store import Conversations
from bot.database import open_database
from bot.mail.outbox import Outbox

AMARA = "amara.okafor@example.com"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(open_database(f"sqlite:///{tmp_path / 'mails.db'}"), "Shop <help@shop.example>")


@pytest.fixture
def identity(sample_shop: SampleShop, conversations: Conversations, outbox: Outbox) -> Identity:
    return Identity(sample_shop, conversations, outbox, evenly=0.0)


def mailed(outbox: Outbox) -> tuple[str, str]:
    """To whom the next mail goes, and the code in it."""
    mail = outbox.take()
    assert mail is not None
    found = re.search(r"is (\d{6})", mail.body.decode())
    assert found is not None
    return mail.to, found[1]


async def test_order_number_and_email_open_that_order(identity: Identity) -> None:
    proved = await identity.by_order("c1", "LM-104233", "Amara.Okafor@EXAMPLE.com")
    assert proved is not None
    assert (proved.id, proved.name, proved.scope, proved.order) == ("C-1001", "Amara Okafor", "order", "LM-104233")


@pytest.mark.parametrize(("number", "email"), [
    ("LM-104233", "dot.pemberton@example.com"),  # somebody else's order
    ("LM-104233", "nobody@example.com"), ("LM-999999", AMARA), ("LM-999999", "nobody@example.com"), ("", ""),
    ("LM-104233' or '1'='1", AMARA), ("{{7*7}}", "%00"),
])
async def test_every_wrong_guess_has_the_same_answer(identity: Identity, number: str, email: str) -> None:
    assert await identity.by_order("c1", number, email) is None


async def test_answers_take_as_long_whatever_is_there(
    sample_shop: SampleShop, conversations: Conversations, outbox: Outbox
) -> None:
    identity = Identity(sample_shop, conversations, outbox, evenly=0.2)
    for number, email in (("LM-104233", AMARA), ("LM-104233", "x@y.example"), ("LM-000000", "x@y.example")):
        began = time.monotonic()
        await identity.by_order("c1", number, email)
        await identity.send_code("c2", email, key=f"{number}{email}")
        assert time.monotonic() - began >= 0.4


async def test_guesses_are_limited_for_a_conversation(identity: Identity) -> None:
    for n in range(PER_CONVERSATION[0]):
        await identity.by_order("c1", f"LM-{n:06}", f"{n}@example.com")
    with pytest.raises(TooManyAttempts) as refused:
        await identity.by_order("c1", "LM-104233", AMARA)
    assert 0 < refused.value.wait <= PER_CONVERSATION[1]
    assert await identity.by_order("c2", "LM-104233", AMARA) is not None


async def test_pins_of_a_gift_card_are_limited_over_all_conversations(identity: Identity) -> None:
    for n in range(PER_CARD[0]):
        assert await identity.gift_card(f"c{n}", "6035 7100 4881 2204", f"{n:04}") is None
    with pytest.raises(TooManyAttempts):
        await identity.gift_card("another", "6035710048812204", "4417")


async def test_a_gift_card_opens_to_its_own_pin(identity: Identity) -> None:
    card = await identity.gift_card("c1", "6035710048812204", "4417")
    assert card is not None and card.number == "2204"


async def test_guesses_are_limited_for_an_order_over_all_conversations(identity: Identity) -> None:
    for n in range(PER_ORDER[0]):
        await identity.by_order(f"c{n}", "lm-104233 " if n % 2 else "LM-104233", f"{n}@example.com")
    with pytest.raises(TooManyAttempts):
        await identity.by_order("another", "LM-104233", AMARA)


async def test_a_number_is_known_however_it_is_typed_and_no_spelling_brings_more_guesses(identity: Identity) -> None:
    proved = await identity.by_order("c1", "lm104233", AMARA)
    assert proved is not None and proved.order == "LM-104233"
    for n, typed in zip(range(PER_ORDER[0] - 1), ["104233", "LM104233", "0104233", "#104233"] * 2, strict=False):
        await identity.by_order(f"c{n}", typed, f"{n}@example.com")
    with pytest.raises(TooManyAttempts):
        await identity.by_order("another", "LM-104233", AMARA)


async def test_a_code_goes_to_the_address_on_record_and_opens_the_account(identity: Identity, outbox: Outbox) -> None:
    await identity.send_code("c1", AMARA.upper(), key="t1")
    to, code = mailed(outbox)
    assert to == AMARA
    proved = await identity.check_code("c1", code, key="t2")
    assert proved is not None and (proved.id, proved.scope) == ("C-1001", "account")
    assert await identity.check_code("c1", code, key="t2") == proved  # the turn done again
    assert await identity.check_code("c1", code, key="t3") is None


async def test_to_an_unknown_address_nothing_is_mailed_and_nothing_is_told(identity: Identity, outbox: Outbox) -> None:
    await identity.send_code("c1", "nobody@example.com", key="t1")
    assert outbox.take() is None
    assert await identity.check_code("c1", "000000", key="t2") is None


async def test_the_same_turn_mails_once(identity: Identity, outbox: Outbox) -> None:
    for _ in range(3):
        await identity.send_code("c1", AMARA, key="t1")
    _, code = mailed(outbox)
    assert outbox.take() is None
    assert await identity.check_code("c1", code, key="t2") is not None


@pytest.mark.parametrize(("contact", "same"), [
    (AMARA, AMARA.upper()), ("+44 7700 900101", "07700 900101"), ("nobody@example.com", "nobody@example.com"),
])
async def test_mails_that_help_to_sign_in_are_limited_whether_there_is_an_account_or_not(
    identity: Identity, contact: str, same: str
) -> None:
    for n in range(SIGN_INS_PER_CONTACT[0]):
        await identity.send_sign_in(f"c{n}", "password", contact, key=f"t{n}")
    with pytest.raises(TooManyAttempts):
        await identity.send_sign_in("c9", "unlock", same, key="t9")


async def test_a_mail_that_helps_to_sign_in_goes_to_the_address_on_record_once_a_turn(
    identity: Identity, outbox: Outbox
) -> None:
    for _ in range(2):
        await identity.send_sign_in("c1", "password", AMARA.upper(), key="t1")
    letter = outbox.take()
    assert letter is not None and letter.to == AMARA and outbox.take() is None


async def test_what_a_mail_says_of_its_time_it_is_not_sent_after(
    identity: Identity, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.send_code("c1", AMARA, key="t1")
    await identity.send_sign_in("c1", "password", AMARA, key="t2")
    await identity.send_sign_in("c1", "user_name", AMARA, key="t3")
    later = time.time() + 3601
    monkeypatch.setattr("bot.mail.outbox.time.time", lambda: later)
    letter = outbox.take()
    assert letter is not None and letter.key == "t3:mail"
    assert outbox.counts() == {"given_up": 2, "waiting": 1}


async def test_a_code_has_five_tries_and_an_address_few_codes(identity: Identity, outbox: Outbox) -> None:
    await identity.send_code("c1", AMARA, key="t0")
    _, code = mailed(outbox)
    for n in range(TRIES):
        assert await identity.check_code("c1", f"{(int(code) + 1 + n) % 10**6:06}", key=f"t{n + 1}") is None
    assert await identity.check_code("c1", code, key="t9") is None
    for n in range(CODES_PER_ADDRESS[0] - 1):
        await identity.send_code(f"d{n}", AMARA, key=f"u{n}")
    with pytest.raises(TooManyAttempts):
        await identity.send_code("d9", AMARA, key="u9")
