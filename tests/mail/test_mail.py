"""Mails: written from templates, put in once, and handed to a real mail server on this machine, or to a folder."""

from __future__ import annotations

import asyncio
import email.policy
import socket
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from string import Template
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from bot.database import open_database
from bot.mail import letter, outbox
from bot.mail.letter import Attachment, BadMail, compose
from bot.mail.outbox import Outbox
from bot.mail.postman import Folder, NotTaken, Postman, Smtp, way
from bot.settings import Settings

SENDER = "Larkmoor <help@larkmoor.example>"
VALUES = {"name": "Siobhán", "code": "123456"}


class Server:
    """What the mail server got; `say` is what it answers to a mail, where it does not take it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.say = ""
        self.say_to = ""
        self.say_from = ""
        self.say_bye = ""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        return self.say_from or "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        return self.say_bye or "221 Bye"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.say_to:
            return self.say_to
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.say:
            return self.say
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server() -> Iterator[tuple[Server, str]]:
    got = Server()
    controller = Controller(got, hostname="127.0.0.1", port=port(), auth_require_tls=False,
                            auth_exclude_mechanism=["LOGIN"],
                            authenticator=lambda *a: AuthResult(success=a[4].password == b"hush", handled=False))
    controller.start()
    yield got, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return Outbox(open_database(f"sqlite:///{tmp_path / 'box.db'}"), SENDER)


def due_now(box: Outbox) -> None:
    with box._engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET due = 0"))


async def test_a_mail_arrives_as_it_was_written(server: tuple[Server, str], box: Outbox) -> None:
    got, url = server
    assert await box.send("siobhan@example.com", "code", VALUES, key="turn-1")
    assert await Postman(box, Smtp(url)).run() == 1
    mail = got.mails[0]
    assert (mail["To"], mail["From"], mail["Subject"]) == ("siobhan@example.com", SENDER, "Your code for the chat")
    assert mail["Message-ID"].endswith("@larkmoor.example>") and mail["Auto-Submitted"] == "auto-generated"
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 60
    text = mail.get_content()
    assert "Hello Siobhán," in text and "123456" in text and "$" not in text
    assert box.counts() == {"sent": 1}


async def test_one_key_is_one_mail(server: tuple[Server, str], box: Outbox) -> None:
    got, url = server
    sent = [await box.send("a@b.example", "code", VALUES, key="turn-1") for _ in range(3)]
    assert sent == [True, False, False]
    postmen = [Postman(box, Smtp(url)) for _ in range(2)]
    assert sum([await postman.run() for postman in postmen]) == 1
    assert not await box.send("a@b.example", "code", VALUES, key="turn-1")
    assert await postmen[0].run() == 0 and len(got.mails) == 1


async def test_an_attachment_goes_along(server: tuple[Server, str], box: Outbox) -> None:
    got, url = server
    file = Attachment("invoice-LM-1.html", "text/html", b"<p>Total</p>")
    await box.send("a@b.example", "invoice", {"name": "A", "order": "LM-1"}, key="1", attachments=(file,))
    await Postman(box, Smtp(url)).run()
    part = next(iter(got.mails[0].iter_attachments()))
    assert part.get_filename() == file.filename and "Total" in part.get_content()


async def test_without_a_server_mails_lie_in_a_folder(tmp_path: Path, box: Outbox) -> None:
    settings = Settings(home=tmp_path)
    assert way(settings) == Folder(tmp_path / "outbox")
    await box.send("a@b.example", "code", VALUES, key="1")
    assert await Postman(box, way(settings)).run() == 1
    (file,) = settings.outbox.iterdir()
    assert file.suffix == ".eml" and b"123456" in file.read_bytes()


async def test_a_server_that_is_away_is_tried_again(server: tuple[Server, str], box: Outbox) -> None:
    got, url = server
    await box.send("a@b.example", "code", VALUES, key="1")
    away = Postman(box, Smtp(f"smtp://127.0.0.1:{port()}"))
    assert await away.run() == 0 and box.counts() == {"waiting": 1}
    assert box.take() is None  # not yet
    due_now(box)
    assert await Postman(box, Smtp(url)).run() == 1 and len(got.mails) == 1


async def test_a_clock_set_back_keeps_no_mail_waiting(server: tuple[Server, str], box: Outbox) -> None:
    """That it is set back by a day is the same as all that is noted being a day ahead."""
    got, url = server
    await box.send("a@b.example", "code", VALUES, key="1")
    assert await Postman(box, Smtp(f"smtp://127.0.0.1:{port()}")).run() == 0 and box.take() is None
    with box._engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET due = due + 86400"))
    assert await Postman(box, Smtp(url)).run() == 1 and len(got.mails) == 1


async def test_who_was_held_up_after_a_look_at_the_clock_sends_no_mail_early(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.send("a@b.example", "code", VALUES, key="1")
    for _ in outbox.RETRIES:
        due_now(box)
        mail = box.take()
        assert mail is not None
        box.failed(mail, "busy")
    now = time.time()
    for held_up in (0.01, 30.0):
        monkeypatch.setattr("bot.mail.outbox.time.time", lambda held_up=held_up: now - held_up)
        assert box.take() is None


async def test_a_mail_that_is_never_taken_is_given_up(box: Outbox) -> None:
    await box.send("a@b.example", "code", VALUES, key="1")
    away = Postman(box, Smtp(f"smtp://127.0.0.1:{port()}"))
    for _ in range(len(outbox.RETRIES) + 1):
        due_now(box)
        await away.run()
    assert box.counts() == {"given_up": 1}


async def test_what_is_over_is_mailed_no_more_and_what_soon_will_be_goes_first(box: Outbox) -> None:
    await box.send("a@b.example", "code", VALUES, key="any time")
    await box.send("a@b.example", "code", VALUES, key="over", good_for=900)
    with box._engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET good_until = good_until - 900 WHERE key = 'over'"))
    await box.send("a@b.example", "code", VALUES, key="soon over", good_for=900)
    taken = [box.take(), box.take(), box.take()]
    assert [mail.key if mail else None for mail in taken] == ["soon over", "any time", None]
    assert box.counts() == {"given_up": 1, "waiting": 2}
    with box._engine.connect() as connection:
        assert connection.execute(sa.text("SELECT body FROM outbox WHERE key = 'over'")).scalar() == b""


async def test_who_is_slower_than_the_lease_has_no_say_any_more(box: Outbox) -> None:
    await box.send("a@b.example", "code", VALUES, key="1")
    slow = box.take()
    due_now(box)
    other = box.take()
    assert slow is not None and other is not None
    assert box.failed(slow, "554 never", for_good=True) == box.failed(slow, "451 later") == ""
    assert box.counts() == {"waiting": 1}
    box.sent(slow)
    assert box.failed(other, "554 never", for_good=True) == ""
    assert box.counts() == {"sent": 1} and not box.lost("1"), "it went, so it is not refused"


def test_an_outbox_of_before_learns_what_is_over(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'before.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text(
            "CREATE TABLE outbox (key VARCHAR(200) PRIMARY KEY, put_at FLOAT NOT NULL, state VARCHAR(16) NOT NULL, "
            "due FLOAT NOT NULL, tries INTEGER NOT NULL, recipient VARCHAR(320) NOT NULL, body BLOB NOT NULL, "
            "said TEXT NOT NULL)"))
        connection.execute(sa.text("INSERT INTO outbox VALUES ('1', 0, 'waiting', 0, 0, 'a@b.example', X'78', '')"))
    mail = Outbox(engine, SENDER).take()
    assert mail is not None and mail.key == "1"


@pytest.mark.parametrize(("say", "state"), [("451 try later", "waiting"), ("554 never", "refused")])
async def test_what_a_server_refuses_for_good_is_not_tried_again(
    server: tuple[Server, str], box: Outbox, say: str, state: str
) -> None:
    got, url = server
    for n, field in enumerate(("say", "say_to")):
        setattr(got, field, say)
        await box.send("a@b.example", "code", VALUES, key=str(n))
        await Postman(box, Smtp(url)).run()
        setattr(got, field, "")
    assert box.counts() == {state: 2}


async def test_a_mail_that_is_too_large_is_not_tried_again(server: tuple[Server, str], box: Outbox) -> None:
    """Servers that take a size say so before they ask to whom it goes."""
    got, url = server
    got.say_from = "552 5.3.4 Message size exceeds fixed limit"
    await box.send("a@b.example", "code", VALUES, key="1")
    await Postman(box, Smtp(url)).run()
    assert box.counts() == {"refused": 1}


@pytest.mark.parametrize(("field", "say"), [
    ("say_from", "530 5.7.0 Authentication required"), ("say_from", "550 this sender is not allowed"),
    ("say_to", "530 sign in first"), ("say_to", "554 5.7.1 Relay access denied"), ("say", "550 5.7.1 not authorized"),
])
async def test_what_is_wrong_with_us_costs_no_mail(
    server: tuple[Server, str], box: Outbox, field: str, say: str
) -> None:
    got, url = server
    await box.send("a@b.example", "code", VALUES, key="1")
    setattr(got, field, say)
    assert await Postman(box, Smtp(url)).run() == 0 and box.counts() == {"waiting": 1}
    setattr(got, field, "")
    due_now(box)
    assert await Postman(box, Smtp(url)).run() == 1 and len(got.mails) == 1


async def test_a_server_that_takes_nobody_costs_no_mail(box: Outbox) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service here\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as refusing:
        await box.send("a@b.example", "code", VALUES, key="1")
        url = f"smtp://127.0.0.1:{refusing.sockets[0].getsockname()[1]}"
        assert await Postman(box, Smtp(url)).run() == 0 and box.counts() == {"waiting": 1}


@pytest.mark.parametrize("say", ["421 closing", "500 what", "250 OK"])
async def test_however_a_server_takes_its_leave_the_mail_went(server: tuple[Server, str], box: Outbox, say: str) -> None:
    got, url = server
    got.say_bye = say
    await box.send("a@b.example", "code", VALUES, key="1")
    assert await Postman(box, Smtp(url)).run() == 1
    assert box.counts() == {"sent": 1} and len(got.mails) == 1


async def test_a_mail_of_a_process_that_died_is_sent_by_another(server: tuple[Server, str], box: Outbox) -> None:
    got, url = server
    await box.send("a@b.example", "code", VALUES, key="1")
    assert box.take() is not None  # and then it died
    postman = Postman(box, Smtp(url))
    assert await postman.run() == 0
    due_now(box)
    assert await postman.run() == 1 and len(got.mails) == 1


async def test_a_sent_mail_leaves_no_code_behind(server: tuple[Server, str], box: Outbox, tmp_path: Path) -> None:
    await box.send("a@b.example", "code", VALUES, key="1")
    await Postman(box, Smtp(server[1])).run()
    with box._engine.connect() as connection:
        assert connection.execute(sa.text("SELECT body FROM outbox")).scalar() == b""


async def test_whom_mails_went_to_is_forgotten_after_a_while_but_none_that_waits(
    server: tuple[Server, str], box: Outbox
) -> None:
    got, url = server
    for key in ("sent", "refused", "waits", "new"):
        await box.send("a@b.example", "code", VALUES, key=key)
        got.say = {"refused": "554 never", "waits": "451 try later"}.get(key, "")
        await Postman(box, Smtp(url)).run()
    with box._engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET put_at = put_at - 61 * 86400 WHERE key <> 'new'"))
    assert box.forget(time.time() - outbox.KEPT_SECONDS) == 2 and box.counts() == {"sent": 1, "waiting": 1}
    assert not await box.send("a@b.example", "code", VALUES, key="waits")


def test_signing_in(server: tuple[Server, str]) -> None:
    host = server[1].removeprefix("smtp://")
    assert Smtp(f"smtp://shop:hush@{host}").check() == "127.0.0.1"
    with pytest.raises(NotTaken) as refused:
        Smtp(f"smtp://shop:wrong@{host}").check()
    assert "wrong" not in str(refused.value)


async def test_a_wrong_password_keeps_the_mails(server: tuple[Server, str], box: Outbox) -> None:
    await box.send("a@b.example", "code", VALUES, key="1")
    await Postman(box, Smtp(server[1].replace("//", "//shop:wrong@"))).run()
    assert box.counts() == {"waiting": 1}


@pytest.mark.parametrize("to", ["", "nobody", "a@b.example\r\nBcc: c@d.example", "a b@c.de", "@x.de"])
def test_what_is_no_address_gets_no_mail(to: str) -> None:
    with pytest.raises(BadMail):
        compose(to, "code", VALUES, SENDER)


def test_values_are_text_and_never_headers_or_placeholders() -> None:
    name = "$code ${link} {0} {{7*7}}\r\nBcc: c@d.example"
    mail = compose("a@b.example", "code", {**VALUES, "name": name}, SENDER)
    assert mail.get_all("Bcc") is None and "$code ${link} {0} {{7*7}}" in mail.get_content()
    order = compose("a@b.example", "invoice", {"name": "A", "order": "1\r\nBcc: c@d.example"}, SENDER)
    assert order["Subject"] == "Your invoice for order 1 Bcc: c@d.example" and order.get_all("Bcc") is None


def test_a_missing_template_or_value_is_named() -> None:
    with pytest.raises(BadMail, match="no mail template 'nothing'"):
        compose("a@b.example", "nothing", {}, SENDER)
    with pytest.raises(BadMail, match="'link'"):
        compose("a@b.example", "sign_in_password", {"name": "A"}, SENDER)


@pytest.mark.parametrize("path", sorted(letter.TEMPLATES.glob("*.txt")), ids=lambda path: path.stem)
def test_every_template_can_be_written(path: Path) -> None:
    names = {found["named"] or found["braced"] for found in Template.pattern.finditer(path.read_text())}
    mail = compose("a@b.example", path.stem, {name: "x" for name in names}, SENDER)
    assert path.read_text().startswith("Subject: ") and 3 < len(mail["Subject"]) < 60
    assert mail.get_content().endswith("team\n")
