"""Identity tokens over HTTP: what is taken, what is refused and why, and that nobody inherits a conversation."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from desk_harness import Answer, Desk, running

from bot.conversations.customer import Customer
from bot.settings import ROOT, Settings

SECRET = "a-secret-of-the-shop-and-the-desk-only-" * 2


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with running(replace(settings, identity_key=SECRET)) as desk:
        yield desk


def token(key: Any = SECRET, algorithm: str = "HS256", without: str = "", **claims: Any) -> str:
    told = {"sub": "C-1001", "name": "Amara Okafor", "email": "Amara.Okafor@example.com", "aud": "frontdesk",
            "exp": int(time.time()) + 300, "jti": base64.b64encode(str(time.perf_counter_ns()).encode()).decode(),
            **claims}
    told.pop(without, None)
    return jwt.encode(told, key, algorithm)


async def begun(desk: Desk, identity: str | None = None) -> Answer:
    return await desk.call("POST", "/api/widget/conversations", json={"identity": identity} if identity else {})


async def told(desk: Desk, conversation: Answer, identity: str) -> Answer:
    headers = {"Authorization": f"Bearer {conversation.json['token']}"}
    return await desk.call("POST", "/api/widget/identity", headers=headers, json={"identity": identity})


async def customer(desk: Desk, conversation: Answer) -> Customer | None:
    return (await desk.services.conversations.state(conversation.json["conversation"])).customer


async def test_a_conversation_begins_with_a_known_customer(desk: Desk) -> None:
    conversation = await begun(desk, token())
    assert conversation.status == 201
    assert await customer(desk, conversation) == Customer("C-1001", "Amara Okafor", "amara.okafor@example.com", "token")


async def test_signing_in_on_the_page_later(desk: Desk) -> None:
    conversation = await begun(desk)
    assert await customer(desk, conversation) is None
    assert (await told(desk, conversation, token())).status == 204
    known = await customer(desk, conversation)
    assert known is not None and known.id == "C-1001"


async def test_the_next_page_may_bring_the_same_token_or_another_of_the_same_person(desk: Desk) -> None:
    first = token()
    conversation = await begun(desk, first)
    for identity in (first, token(), first):
        assert (await told(desk, conversation, identity)).status == 204


async def test_a_token_is_not_taken_twice(desk: Desk) -> None:
    used = token()
    await begun(desk, used)
    for again in (await begun(desk, used), await told(desk, await begun(desk), used)):
        assert (again.status, again.code) == (401, "identity_refused") and "used before" in again.json["error"]["message"]


async def test_another_person_does_not_inherit_the_conversation(desk: Desk) -> None:
    conversation = await begun(desk, token())
    other = token(sub="C-1002", name="Tomasz", email="t@example.org")
    answer = await told(desk, conversation, other)
    assert (answer.status, answer.code) == (409, "other_customer")
    known = await customer(desk, conversation)
    assert known is not None and known.id == "C-1001"
    new = await begun(desk, other)
    known = await customer(desk, new)
    assert known is not None and known.id == "C-1002" and new.json["conversation"] != conversation.json["conversation"]


NOW = int(time.time())


@pytest.mark.parametrize(("made", "why"), [
    ({"exp": NOW - 100}, "expired"), ({"exp": NOW + 90_000}, "longer than"), ({"nbf": NOW + 20_000}, "not valid yet"),
    ({"aud": "another"}, "audience"), ({"key": "another-secret-of-at-least-32-bytes"}, "signature"),
    ({"without": "sub"}, "'sub'"), ({"without": "aud"}, "'aud'"), ({"without": "exp"}, "'exp'"),
    ({"without": "jti"}, "'jti'"), ({"sub": "  "}, "'sub'"), ({"sub": 7}, "'sub' has to be text"),
    ({"jti": 7}, "'jti' has to be text"), ({"jti": "\n"}, "'jti'"),
    ({"algorithm": "HS512"}, "algorithm"), ({"algorithm": "none", "key": None}, "algorithm"),
    ({"name": "x" * 5000}, "longer than"),
])
async def test_what_is_wrong_with_a_token_is_said(desk: Desk, made: dict[str, Any], why: str) -> None:
    for answer in (await begun(desk, token(**made)), await told(desk, await begun(desk), token(**made))):
        assert (answer.status, answer.code) == (401, "identity_refused")
        assert why in answer.json["error"]["message"], answer.json


@pytest.mark.parametrize("raw", ["", "a", "a.b.c", "é.ü.ß", "\ud800", "eyJhbGciOiJIUzI1NiJ9..", 7, None, {"a": 1}])
async def test_what_is_no_token_is_refused(desk: Desk, raw: Any) -> None:
    answer = await desk.call("POST", "/api/widget/conversations", json={"identity": raw})
    assert answer.status in (400, 401) and answer.code in ("bad_field", "identity_refused")


async def test_names_are_one_line_of_text(desk: Desk) -> None:
    for name, kept in ((" Bobby \u202e\n; drop ", ""), ("Zoë\u00a0M.\n de Vries ", "Zoë M. de Vries")):
        known = await customer(desk, await begun(desk, token(name=name, email="<b@x.example>")))
        assert known is not None and known.name == kept


async def test_without_a_key_no_token_is_taken(settings: Settings) -> None:
    async with running(settings) as desk:
        answer = await begun(desk, token())
        assert (answer.status, answer.code) == (401, "identity_refused")
        assert "no key" in answer.json["error"]["message"]
        assert (await begun(desk)).status == 201


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, Path]:
    """A private key, and the file of its public one."""
    private = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "site.pem"
    file.write_bytes(private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return pem.decode(), file


async def test_a_public_key_takes_what_the_private_one_signed_and_nothing_else(
    settings: Settings, keys: tuple[str, Path]
) -> None:
    private, file = keys
    async with running(replace(settings, identity_key=str(file))) as desk:
        assert (await begun(desk, token(private, "RS256"))).status == 201
        # The old confusion: the public key taken for a shared secret. PyJWT will not sign so, an attacker would.
        head, claims = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (
            {"alg": "HS256", "typ": "JWT"}, jwt.decode(token(), options={"verify_signature": False})))
        mac = hmac.new(file.read_bytes(), head + b"." + claims, hashlib.sha256).digest()
        forged = b".".join((head, claims, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()
        answer = await begun(desk, forged)
        assert (answer.status, answer.code) == (401, "identity_refused")


async def test_tokens_are_asked_for_in_bodies_only_and_not_too_often(desk: Desk) -> None:
    assert (await desk.call("POST", f"/api/widget/conversations?identity={token()}", json={})).status == 201
    conversation = await begun(desk)
    codes = {(await told(desk, conversation, "x")).status for _ in range(31)}
    assert codes == {401, 429}


def examples() -> dict[str, str]:
    """The examples of docs/identity.md by language."""
    text = (ROOT / "docs" / "identity.md").read_text()
    return dict(reversed(re.findall(r"^```(python|js|php)\n(.*?)^```$", text, re.M | re.S)))


async def test_the_python_example_makes_a_token_that_is_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_IDENTITY_KEY", SECRET)
    made: dict[str, Any] = {}
    exec(examples()["python"], made)  # noqa: S102
    conversation = await begun(desk, made["identity_token"]({"id": "C-1", "name": "Ann", "email": "ann@example.com"}))
    assert await customer(desk, conversation) == Customer("C-1", "Ann", "ann@example.com")


#: File, and the call that prints a token, of each example that another program runs.
CALLS = {
    "js": ("node", "identity.mjs", "console.log(identityToken({ id: 'C-1', name: 'Ann', email: 'ann@example.com' }));"),
    "php": ("php", "identity.php", "echo identity_token(['id' => 'C-1', 'name' => 'Ann', 'email' => 'ann@example.com']);"),
}


@pytest.mark.parametrize("language", CALLS)
async def test_the_example_makes_a_token_that_is_taken(desk: Desk, tmp_path: Path, language: str) -> None:
    program, name, call = CALLS[language]
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    file = tmp_path / name
    file.write_text(examples()[language] + call)
    run = await asyncio.create_subprocess_exec(program, str(file), stdout=asyncio.subprocess.PIPE,
                                               env={**os.environ, "FRONTDESK_IDENTITY_KEY": SECRET})
    out, _ = await run.communicate()
    conversation = await begun(desk, out.decode().strip())
    assert await customer(desk, conversation) == Customer("C-1", "Ann", "ann@example.com")


def test_the_examples_are_as_short_as_they_say() -> None:
    assert all(len(code.strip().splitlines()) <= 12 for code in examples().values())
