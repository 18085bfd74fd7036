"""How a visitor proves in the chat who they are: by order number and e-mail, or by a code mailed to them.

The site's signed token is the third way; the desk takes it (:mod:`bot.desk.identity`).

Nothing that these functions return or how long they take tells whether an order or an address exists: a wrong guess, an
order of somebody else and an order that is not there are the same to whoever asks. Guesses are limited for each
conversation and for each order and address, so that more conversations bring no more guesses.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actions.shop import once_a_loop, shop
from actions.shop.backend import Backend, GiftCard
from actions.shop.backend import Customer as Known
from actions.shop.errors import NotFound
from actions.shop.numbers import guessed
from bot.conversations import keys
from bot.conversations.customer import Customer
from bot.conversations.proofs import Codes
from bot.conversations.store import Conversations, connect
from bot.mail.outbox import Outbox
from bot.settings import Settings

#: How many in how many seconds: guesses in one conversation, at one order (however its number is typed), at one
#: address; codes sent to one address.
PER_CONVERSATION = (8, 900)
PER_ORDER = (8, 3600)
PER_ADDRESS = (12, 3600)
CODES_PER_ADDRESS = (4, 3600)
#: Mails that help to sign in, asked for with one e-mail or phone number.
SIGN_INS_PER_CONTACT = (4, 3600)
#: For so many seconds counts what these mails bring, as their templates say.
GOOD_FOR = {"sign_in_password": 3600}
#: PINs at one gift card. There are ten thousand.
PER_CARD = (6, 3600)
#: Every answer takes a multiple of this long, so that the work behind it does not show, with a slow backend either.
EVENLY = 0.25


class TooManyAttempts(Exception):
    """No more guesses for now; after `wait` seconds there are again."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"too many attempts; {wait} s to wait")
        self.wait = wait

    @property
    def minutes(self) -> int:
        """The wait as customers are told it."""
        return max(1, -(-self.wait // 60))


class Identity:
    """The proofs, over a backend, the store and the outbox. Raises ShopUnavailable, StoreUnavailable."""

    def __init__(self, shop: Backend, conversations: Conversations, outbox: Outbox, evenly: float = EVENLY) -> None:
        self._shop = shop
        self._conversations = conversations
        self._codes = Codes(conversations)
        self._outbox = outbox
        self._evenly = evenly

    async def by_order(self, conversation: str, number: str, email: str) -> Customer | None:
        """The customer whose order `number` is, if the e-mail is theirs; it opens that order only.

        Raises TooManyAttempts.
        """
        await self._limit(f"prove:conversation:{conversation}", *PER_CONVERSATION)
        await self._limit(f"prove:order:{_mark(guessed(number))}", *PER_ORDER)
        await self._limit(f"prove:address:{_mark(email)}", *PER_ADDRESS)
        async with self._unhurried():
            found = await self._shop.customer_of_order(number, email)
            if found is None:
                return None
            try:
                # As the shop writes it, which may not be as it was typed.
                number = (await self._shop.order(found.id, number)).number
            except NotFound:
                return None
        return _verified(found, "order", number)

    async def send_code(self, conversation: str, email: str, *, key: str) -> None:
        """Mails a code to this address if a customer has it. Raises TooManyAttempts."""
        await self._limit(f"prove:conversation:{conversation}", *PER_CONVERSATION)
        await self._limit(f"code:address:{_mark(email)}", *CODES_PER_ADDRESS)
        async with self._unhurried():
            found = await self._shop.customer_by_email(email)
            customer = _verified(found, "code") if found else None
            code = await self._codes.make(conversation, customer, key)
            if found:
                await self._outbox.send(found.email, "code", {"name": found.name, "code": code}, key=key,
                                        good_for=keys.CODE_SECONDS)

    async def check_code(self, conversation: str, code: str, *, key: str) -> Customer | None:
        """The customer whom the code was sent to; None for a wrong or old one. Five tries a code; the sixth finds none.

        `key` is that of the turn: the same turn done again has the same answer.
        """
        async with self._unhurried():
            return await self._codes.check(conversation, code, key)

    async def send_sign_in(self, conversation: str, trouble: str, contact: str, *, key: str) -> None:
        """Mails what helps to sign in to the account of this e-mail or phone number, if there is one.

        Raises TooManyAttempts, BadValue, Unsupported.
        """
        await self._limit(f"prove:conversation:{conversation}", *PER_CONVERSATION)
        await self._limit(f"signin:contact:{_mark(_dialled(contact))}", *SIGN_INS_PER_CONTACT)
        async with self._unhurried():
            mail = await self._shop.sign_in_mail(trouble, contact, key=key)
            if mail is not None:
                await self._outbox.send(mail.to, mail.template, mail.values, key=f"{key}:mail",
                                        good_for=GOOD_FOR.get(mail.template))

    async def gift_card(self, conversation: str, number: str, pin: str) -> GiftCard | None:
        """The gift card with this number, if the PIN is its own. Raises TooManyAttempts."""
        await self._limit(f"prove:conversation:{conversation}", *PER_CONVERSATION)
        await self._limit(f"prove:card:{_mark(number)}", *PER_CARD)
        async with self._unhurried():
            try:
                return await self._shop.gift_card(number, pin)
            except NotFound:
                return None

    async def _limit(self, name: str, allowed: int, window: int) -> None:
        if wait := await self._conversations.wait_seconds(name, allowed, window):
            raise TooManyAttempts(wait)

    @asynccontextmanager
    async def _unhurried(self) -> AsyncIterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            if self._evenly:
                await asyncio.sleep((began - time.monotonic()) % self._evenly)


def _verified(found: Known, by: str, order: str | None = None) -> Customer:
    return Customer(found.id, found.name, found.email, by, order)


def _dialled(contact: str) -> str:
    """An e-mail as it is; of a phone number its last digits, which are the same with and without the country's."""
    return contact if "@" in contact else "".join(char for char in contact if char.isdigit())[-9:]


def _mark(value: str) -> str:
    return hashlib.sha256("".join(value.split()).casefold().encode("utf-8", "replace")).hexdigest()[:32]


@once_a_loop
def mails(settings: Settings) -> Outbox:
    """The process's own way to the outbox."""
    return Outbox.open(settings)


@once_a_loop
def identity(settings: Settings) -> Identity:
    """The process's own proofs, made when they are first asked for."""
    return Identity(shop(), Conversations(connect(settings.redis, connections=4)), mails())
