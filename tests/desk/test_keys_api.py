"""API keys: what each scope opens, that nothing else does, and that a key ends when it is revoked or over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from desk_harness import Agent, Answer, Customer, Desk

from bot.cli import main
from bot.database import open_database, reading, writing
from bot.desk import guards, integrations
from bot.desk.app import MODULES
from bot.desk.integrations import SCOPES, Integrations, Key, missing, scope_for
from bot.settings import as_environ

KEYS = "/api/console/settings/keys"
HandOff = Callable[..., Awaitable[None]]


@pytest.fixture
async def boss(desk: Desk) -> Agent:
    return await desk.agent("Grace", "supervisor")


async def make(boss: Agent, *scopes: str, **more: Any) -> tuple[dict[str, Any], str]:
    made = await boss.desk.call("POST", KEYS, headers=boss.headers, json={"name": "Warehouse", "scopes": [*scopes], **more})
    assert made.status == 201, made.body
    return made.json["key"], made.json["secret"]


async def use(desk: Desk, secret: str, method: str, path: str, body: Any = None) -> Answer:
    return await desk.call(method, f"/api/console/{path}", token=secret, json=body)


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(boss: Agent, desk: Desk) -> None:
    key, secret = await make(boss, "conversations:read", days=30)
    assert secret.startswith(f"fdk_{key['id']}_")
    assert key["created_by"] == "Grace" and abs(key["expires"] - key["created"] - 30 * 86400) < 1
    listed = await boss.get("settings/keys")
    assert listed.json["scopes"] == list(SCOPES)
    assert listed.json["keys"] == [key]
    with reading(open_database(desk.settings.database)) as connection:
        kept = repr(connection.execute(sa.text("SELECT * FROM api_key")).all())
    assert secret.rpartition("_")[2] not in kept and secret.split("_", 2)[2] not in kept


async def test_scopes_open_what_they_name_and_nothing_else(boss: Agent, desk: Desk, customer: Customer) -> None:
    await customer.say("m-1", "Hello")
    calls = {
        "conversations:read": [("GET", f"conversations/{customer.cid}"), ("GET", "conversations"), ("GET", "search?q=hello")],
        "conversations:write": [("POST", f"conversations/{customer.cid}/priority")],
        "desk:read": [("GET", "desk"), ("GET", "wall"), ("GET", "settings/teams")],
        "desk:write": [("POST", "settings/teams")],
        "webhooks": [("GET", "settings/webhooks")],
    }
    bodies = {"priority": {"priority": "high"}, "teams": {"name": "Tent experts"}}
    for scope in SCOPES:
        _, secret = await make(boss, scope)
        for wanted, paths in calls.items():
            for method, path in paths:
                body = bodies.get(path.rpartition("/")[2]) if method == "POST" else None
                answer = await use(desk, secret, method, path, body)
                opens = scope == wanted or scope == wanted.replace(":read", ":write")
                # Setting the priority of what is no agent's is a supervisor's act: there the scope lets the call through.
                allowed = answer.code in ("stale", "forbidden") and "role" not in str(answer.json) if answer.status >= 400 else True
                if opens:
                    assert answer.status < 300 or (answer.status == 409 and allowed), (scope, path, answer.body)
                else:
                    assert (answer.status, answer.code) == (403, "forbidden"), (scope, path)
                    assert wanted in answer.json["error"]["message"]


async def test_no_key_makes_keys_or_edits_entries(boss: Agent, desk: Desk) -> None:
    _, secret = await make(boss, *SCOPES)
    for method, path in (("GET", KEYS), ("POST", KEYS), ("GET", "/api/editor/entries")):
        answer = await desk.call(method, path, token=secret)
        assert (answer.status, answer.code) == (403, "forbidden"), path


async def test_an_integration_acts_under_its_name(boss: Agent, desk: Desk, customer: Customer, hand_off: HandOff) -> None:
    await customer.say("m-1", "A person please")
    await hand_off()
    key, secret = await make(boss, "conversations:write")
    claimed = await use(desk, secret, "POST", f"conversations/{customer.cid}/claim")
    assert claimed.status == 200, claimed.body
    assert claimed.json["conversation"]["agent"] == {"id": f"key:{key['id']}", "name": "Warehouse"}
    said = await use(desk, secret, "POST", f"conversations/{customer.cid}/messages", {"id": "k-1", "text": "On its way."})
    assert said.status == 200, said.body
    record = (await customer.get("conversation")).json["records"][-1]
    assert (record["text"], record["by"]["name"]) == ("On its way.", "Warehouse")
    # Supervisors see who holds it, as with anybody else.
    assert (await boss.get("wall")).status == 200 and (await boss.get("desk")).status == 200


async def test_wrong_revoked_and_expired_keys_open_nothing(boss: Agent, desk: Desk) -> None:
    key, secret = await make(boss, "desk:read")
    assert (await use(desk, secret, "GET", "desk")).status == 200
    last = "A" if secret[-1] != "A" else "B"
    for wrong in (secret[:-1] + last, secret[:-1], f"fdk_{'0' * 16}_{'A' * 43}", "fdk_", "fdk_é"):
        answer = await use(desk, wrong, "GET", "desk")
        assert (answer.status, answer.code) == (401, "unauthorised"), wrong
    # A session beside a wrong key does not make it good.
    both = await desk.call("GET", "/api/console/desk", headers={"Cookie": boss.cookie}, token="fdk_wrong")
    assert both.status == 401
    gone = await desk.call("DELETE", f"{KEYS}/{key['id']}", headers=boss.headers)
    assert gone.status == 204
    assert (await use(desk, secret, "GET", "desk")).status == 401
    [listed] = (await boss.get("settings/keys")).json["keys"]
    assert listed["revoked"] is not None and listed["used"] is not None

    key, secret = await make(boss, "desk:read", days=1)
    with writing(open_database(desk.settings.database)) as connection:
        connection.execute(sa.text("UPDATE api_key SET expires = :at WHERE id = :id"), {"at": time.time() - 1, "id": key["id"]})
    assert (await use(desk, secret, "GET", "desk")).status == 401


async def test_a_key_that_is_over_makes_room(boss: Agent, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrations, "MOST", 1)
    key, _ = await make(boss, "desk:read", days=1)
    full = await boss.desk.call("POST", KEYS, headers=boss.headers, json={"name": "Second", "scopes": ["desk:read"]})
    assert (full.status, full.code) == (409, "in_use")
    with writing(open_database(desk.settings.database)) as connection:
        connection.execute(sa.text("UPDATE api_key SET expires = :at WHERE id = :id"), {"at": time.time() - 1, "id": key["id"]})
    await make(boss, "desk:read")


async def test_a_key_is_limited_by_itself(boss: Agent, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "KEYS", (3, 60))
    _, first = await make(boss, "desk:read")
    _, second = await make(boss, "desk:read")
    answers = [await use(desk, first, "GET", "desk") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (await use(desk, second, "GET", "desk")).status == 200


@pytest.mark.parametrize(("body", "field"), [
    ({"scopes": ["desk:read"]}, "name"), ({"name": "x" * 61, "scopes": ["desk:read"]}, "name"),
    ({"name": "x", "scopes": []}, "scopes"), ({"name": "x", "scopes": ["root"]}, "scopes"),
    ({"name": "x", "scopes": ["desk:read"], "days": 0}, "days"), ({"name": "x", "scopes": ["desk:read"], "role": "admin"}, "role"),
])
async def test_what_cannot_be_taken_is_named(boss: Agent, body: dict[str, Any], field: str) -> None:
    answer = await boss.desk.call("POST", KEYS, headers=boss.headers, json=body)
    assert (answer.status, answer.code, answer.json["error"]["field"]) == (400, "bad_field", field)


async def test_only_supervisors_see_keys(desk: Desk, agent: Agent, boss: Agent) -> None:
    assert (await agent.get("settings/keys")).status == 403
    assert (await desk.call("POST", KEYS, headers={"Cookie": boss.cookie}, json={})).code == "forbidden"
    assert (await desk.call("DELETE", f"{KEYS}/nothing", headers=boss.headers)).code == "not_found"


def test_every_route_of_the_console_has_a_scope_or_is_for_people_only() -> None:
    for module in MODULES:
        for route in module.blueprint._future_routes:
            path = (module.blueprint.url_prefix or "") + route.uri
            if path.startswith("/api/console/"):
                for method in route.methods:
                    scope = scope_for(method, path.rstrip("/"))
                    assert scope in SCOPES or path.startswith(KEYS), (method, path)
    assert scope_for("GET", "/api/console/meow") is None and scope_for("GET", "/api/session") is None


def test_who_may_write_may_read() -> None:
    key = Key("1", "x", ("desk:write",), 0.0, "")
    assert not missing("desk:read", key) and missing("conversations:read", key)


async def test_the_command_makes_lists_and_revokes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in as_environ(desk.settings).items():
        if name in ("FRONTDESK_HOME", "FRONTDESK_REDIS_URL"):
            monkeypatch.setenv(name, value)

    async def run(*words: str) -> int:
        return await asyncio.to_thread(main, ["key", *words])

    assert await run("add", "Slack", "--scope", "desk:read", "--scope", "webhooks", "--days", "7") == 0
    secret = capsys.readouterr().out.splitlines()[-1]
    assert (await use(desk, secret, "GET", "desk")).status == 200
    assert await run("list") == 0
    shown = capsys.readouterr().out
    assert "Slack" in shown and "desk:read, webhooks" in shown and "until" in shown and secret not in shown
    [key] = await asyncio.to_thread(Integrations(open_database(desk.settings.database)).all)
    assert await run("revoke", key.id) == 0 and await run("revoke", "nobody") == 1
    desk.services.sessions.forget_keys()
    assert (await use(desk, secret, "GET", "desk")).status == 401
    assert await run("add", "x", "--scope", "everything") == 1
    assert "everything" in capsys.readouterr().err
