"""The mails of tasks on their whole way: said in a dialogue, put into the outbox, taken by a real mail server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from own_valkey import Valkey
from test_mail import Server, port

from actions.shop import sample, shop
from actions.shop.identity import mails
from actions.tasks import dialogue
from actions.tasks.catalogue import TASKS
from actions.tasks.task import Context, State
from bot.mail.postman import Postman, Smtp
from bot.settings import Settings

AMARA = {"id": "C-1001", "name": "Amara Okafor", "email": "amara.okafor@example.com", "by": "token"}


@pytest.fixture
def server() -> Iterator[tuple[Server, str]]:
    got = Server()
    controller = Controller(got, hostname="127.0.0.1", port=port())
    controller.start()
    yield got, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path))
    monkeypatch.setenv("FRONTDESK_REDIS_URL", valkey.url)
    sample.load(Settings(home=tmp_path))


async def say(state: State, text: str, who: dict[str, str] | None, turn: str) -> Context:
    """One message of a task, and its doing once nothing is missing, as the form does it."""
    ctx = Context(TASKS[state.name], state, shop(), "c1", turn, text, state.name, dict(who) if who else None)
    _, ready = await dialogue.step(ctx, dialogue.Judged())
    if ready and not state.ended:
        state.key = state.key or turn
        await dialogue.do(ctx)
    return ctx


async def test_an_invoice_comes_with_its_file_once(server: tuple[Server, str]) -> None:
    got, url = server
    for _ in range(2):  # the turn done again
        ctx = await say(State("get_invoice"), "send me the invoice for LM-102019", AMARA, "t1")
        assert [one.response for one in ctx.said] == ["utter_done_invoice"]
    assert await Postman(mails(), Smtp(url)).run() == 1
    [mail] = got.mails
    assert mail["To"] == AMARA["email"] and "LM-102019" in mail["Subject"]
    [file] = mail.iter_attachments()
    assert "LM-102019" in str(file.get_filename()) and "Burn trainers" in str(file.get_content())


async def test_a_code_that_came_by_mail_opens_the_account(server: tuple[Server, str]) -> None:
    got, url = server
    state = State("membership_status")
    await say(state, "how many points do i have", None, "t1")
    await say(state, "AMARA.okafor@EXAMPLE.com", None, "t2")
    await Postman(mails(), Smtp(url)).run()
    code = re.search(r"\b\d{6}\b", got.mails[0].get_content())
    assert code is not None
    ctx = await say(state, code[0], None, "t3")
    assert [one.response for one in ctx.said] == ["utter_verified", "utter_member", "utter_member_renews"]


@pytest.mark.parametrize(("intent", "text", "subject"), [
    ("reset_password", "i forgot my password", "password"), ("unlock_account", "my account is locked", "open"),
])
async def test_help_with_signing_in_comes_to_the_address_on_record(
    server: tuple[Server, str], intent: str, text: str, subject: str
) -> None:
    got, url = server
    state = State(intent)
    await say(state, text, None, "t1")
    ctx = await say(state, "yusuf.d@example.com", None, "t2")
    nobody = State(intent)
    await say(nobody, text, None, "t3")
    other = await say(nobody, "nobody@example.com", None, "t4")
    assert [one.response for one in ctx.said] == [one.response for one in other.said]
    assert await Postman(mails(), Smtp(url)).run() == 1
    assert got.mails[0]["To"] == "yusuf.d@example.com" and subject in got.mails[0].get_content().lower()
