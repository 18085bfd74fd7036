"""The postman: takes mails from the outbox and hands them to an SMTP server, or lays them into a folder."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from bot.database import DatabaseUnavailable
from bot.mail.outbox import Outbox, Waiting
from bot.settings import Settings

log = logging.getLogger(__name__)

_EVERY_SECONDS = 1.0
_PATIENCE = 15.0


class NotTaken(Exception):
    """The mail was not taken; `for_good` where another attempt would be refused as well."""

    def __init__(self, why: str, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


class Way(Protocol):
    """How mails leave."""

    def deliver(self, mail: Waiting) -> None:
        """Raises NotTaken."""


@dataclass(frozen=True)
class Folder:
    """Lays each mail into a folder as an ``.eml`` file, which mail programs open."""

    path: Path

    def deliver(self, mail: Waiting) -> None:
        file = self._file(mail.key)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            scratch = file.with_suffix(".new")
            scratch.write_bytes(mail.body)
            scratch.replace(file)
        except OSError as error:
            raise NotTaken(f"{self.path} cannot be written ({error.strerror})") from error

    def remove(self, key: str) -> None:
        """Takes the mail with this key out again, where it is there."""
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self.path / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.eml"


@dataclass(frozen=True)
class Smtp:
    """Hands mails to an SMTP server: ``smtp://`` (with STARTTLS where the server has it) or ``smtps://``.

    A password is never sent without TLS, except to this machine.
    """

    url: str

    def deliver(self, mail: Waiting) -> None:
        try:
            with self._connected() as server:
                server.send_message(message_from_bytes(mail.body, policy=policy.SMTPUTF8), to_addrs=[mail.to])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise NotTaken(f"{code} {_text(said)}", for_good=_for_good(code, _text(said))) from error
        except smtplib.SMTPResponseException as error:
            # Before the recipient it is not the mail that is refused: a password, our sender or our host is wrong. But
            # where the server wants to know its size at once, one that is too large (552) is.
            about = isinstance(error, smtplib.SMTPDataError) or error.smtp_code == 552
            refused = about and _for_good(error.smtp_code, _text(error.smtp_error))
            raise NotTaken(f"{error.smtp_code} {_text(error.smtp_error)}", for_good=refused) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotTaken(f"{type(error).__name__}: {error}") from error

    def check(self) -> str:
        """Connects and signs in; returns what was reached. Raises NotTaken."""
        try:
            with self._connected() as server:
                server.noop()
        except (smtplib.SMTPException, OSError) as error:
            raise NotTaken(f"{type(error).__name__}: {error}") from error
        return urlsplit(self.url).hostname or ""

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._connect()
        try:
            yield server
        finally:
            # However it takes its leave: what it took before is sent.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, secure = parts.hostname or "", parts.scheme == "smtps"
        context = ssl.create_default_context()
        if secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_PATIENCE, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=_PATIENCE)
        try:
            server.ehlo()
            if not secure and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                secure = True
            if parts.username:
                if not secure and host not in ("localhost", "127.0.0.1", "::1"):
                    raise smtplib.SMTPNotSupportedError(f"{host} offers no TLS, and a password is not sent without it")
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def way(settings: Settings) -> Way:
    """The way that the settings name: the SMTP server, or the outbox folder."""
    return Smtp(settings.smtp_url) if settings.smtp_url else Folder(settings.outbox)


class Postman:
    """Sends what is due, once a second. Several may do so over one outbox."""

    def __init__(self, outbox: Outbox, way: Way) -> None:
        self._outbox = outbox
        self._way = way
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def run(self) -> int:
        """Sends all that is due; returns how many were taken. Raises DatabaseUnavailable."""
        count = 0
        while (mail := await asyncio.to_thread(self._outbox.take)) is not None:
            # Carried out as a whole: a stop in between would leave a mail that was sent as one that was not.
            count += await asyncio.shield(asyncio.to_thread(self._deliver, mail))
        return count

    def _deliver(self, mail: Waiting) -> bool:
        """Returns whether it was taken."""
        mark = hashlib.sha256(mail.key.encode()).hexdigest()[:12]
        try:
            self._way.deliver(mail)
        except NotTaken as error:
            becomes = self._outbox.failed(mail, str(error), error.for_good)
            log.warning("mail %s was not taken (attempt %d, now %s): %s", mark, mail.tries,
                        becomes or "elsewhere", error)
            return False
        self._outbox.sent(mail)
        log.info("mail %s was sent", mark)
        return True

    async def _repeat(self) -> None:
        while True:
            try:
                await self.run()
            except DatabaseUnavailable as error:
                log.warning("mails wait: %s", error)
            except Exception:
                log.exception("sending mails failed")
            await asyncio.sleep(_EVERY_SECONDS)


def _for_good(code: int, said: str) -> bool:
    """Whether a reply to recipient or data is about this mail. Many servers only say there what they have against us:
    that we did not sign in (530), or may not send (5.7, RFC 3463)."""
    return 500 <= code < 600 and code != 530 and not said.startswith("5.7.")


def _text(said: object) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
