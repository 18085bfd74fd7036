"""Signing in and out, and the people who do."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import pytest
from desk_harness import PASSWORD, Agent, Customer, Desk

from bot.conversations import keys
from bot.database import open_database
from bot.desk import staff
from bot.desk.staff import Staff, StaffError
from bot.roster.routing import Candidate
from bot.settings import Settings

HandOff = Callable[..., Awaitable[None]]
HEADERS = {"X-Frontdesk": "1"}


async def test_signing_in_and_out(desk: Desk) -> None:
    member = await desk.hire("Ada")
    signed = await desk.call("POST", "/api/session", headers=HEADERS,
                             json={"email": " ADA@example.org ", "password": PASSWORD})
    assert signed.status == 200
    user = {"id": member.id, "name": "Ada", "email": "ada@example.org", "role": "agent"}
    assert signed.json == {"user": user}
    cookie = signed.headers["Set-Cookie"]
    assert cookie.startswith("frontdesk=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert "Secure" not in cookie and len(cookie.split(";")[0]) > 45
    sent = {"Cookie": f"other=1; {cookie.split(';')[0]}"}
    assert (await desk.call("GET", "/api/session", headers=sent)).json == {"user": user}
    assert (await desk.call("DELETE", "/api/session", headers=sent)).code == "forbidden"
    out = await desk.call("DELETE", "/api/session", headers={**sent, **HEADERS})
    assert out.status == 204 and "Max-Age=0" in out.headers["Set-Cookie"]
    assert (await desk.call("GET", "/api/session", headers=sent)).code == "unauthorised"


async def test_the_cookie_itself_is_not_kept(desk: Desk, agent: Agent) -> None:
    secret = agent.cookie.partition("=")[2]
    client = desk.services.conversations.client
    found = await client.keys("fd:session:*")
    assert len(found) == 1 and secret not in found[0]
    assert secret not in (await client.get(found[0]))


async def test_using_a_session_keeps_it_alive(desk: Desk, agent: Agent) -> None:
    client = desk.services.conversations.client
    [key] = await client.keys("fd:session:*")
    await client.expire(key, 5)
    await desk.call("GET", "/api/session", headers={"Cookie": agent.cookie})
    assert await client.ttl(key) > keys.SESSION_SECONDS - 10


async def test_what_a_console_reads_by_itself_does_not(desk: Desk, agent: Agent) -> None:
    client = desk.services.conversations.client
    [key] = await client.keys("fd:session:*")
    await client.expire(key, 50)
    read = await desk.call("GET", "/api/console/desk", headers={"Cookie": agent.cookie, "X-Frontdesk-Unattended": "1"})
    assert read.status == 200 and await client.ttl(key) <= 50


async def test_signing_in_anew_ends_the_session_before(desk: Desk, agent: Agent) -> None:
    body = {"email": agent.member.email, "password": PASSWORD}
    again = await desk.call("POST", "/api/session", headers=agent.headers, json=body)
    assert again.headers["Set-Cookie"].split(";")[0] != agent.cookie
    assert (await desk.call("GET", "/api/session", headers={"Cookie": agent.cookie})).status == 401


@pytest.mark.parametrize(("email", "password"), [
    ("ada@example.org", "wrong password"), ("nobody@example.org", PASSWORD), ("", ""), ("ada@example.org", ""),
    ("' OR 1=1 --", "' OR 1=1 --"), ("\ud800@x", "\ud800"), ("a\x00b@c", "x\x00y"),
])
async def test_refused(desk: Desk, email: str, password: str) -> None:
    await desk.hire("Ada")
    answer = await desk.call("POST", "/api/session", headers=HEADERS, json={"email": email, "password": password})
    assert (answer.status, answer.code) == (401, "sign_in_failed")
    assert "Set-Cookie" not in answer.headers


async def test_signing_in_needs_the_header_and_both_fields(desk: Desk) -> None:
    body = {"email": "a@b", "password": "x"}
    assert (await desk.call("POST", "/api/session", json=body)).code == "forbidden"
    assert (await desk.call("POST", "/api/session", headers=HEADERS, json={"email": "a@b"})).code == "missing_field"
    long = {"email": "a@b", "password": "x" * 2000}
    assert (await desk.call("POST", "/api/session", headers=HEADERS, json=long)).code == "bad_field"


@pytest.mark.parametrize("cookie", ["frontdesk=", "frontdesk=x", "frontdesk=" + "a" * 4000, "frontdesk=\u00e9", "x=y; =;;"])
async def test_made_up_cookies(desk: Desk, cookie: str) -> None:
    assert (await desk.call("GET", "/api/session", headers={"Cookie": cookie})).code == "unauthorised"


async def test_ten_wrong_attempts_on_one_account_are_too_many(desk: Desk) -> None:
    await desk.hire("Ada")
    body = {"email": "ada@example.org", "password": "wrong password"}
    answers = [await desk.call("POST", "/api/session", headers=HEADERS, json=body) for _ in range(11)]
    assert [answer.status for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 1
    # Another account is not kept out by it.
    assert await desk.agent("Bea")


async def test_an_unknown_e_mail_takes_as_long_as_a_wrong_password(settings: Settings) -> None:
    people = Staff(open_database(settings.database))
    people.prepare()
    people.add("Ada", "ada@example.org", "agent", PASSWORD)
    times: dict[str, list[float]] = {"ada@example.org": [], "nobody@example.org": []}
    people.check("nobody@example.org", "x")
    for _ in range(5):
        for email, taken in times.items():
            begun = time.perf_counter()
            assert people.check(email, "wrong password") is None
            taken.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.4 < unknown / known < 2.5


async def test_another_password_ends_sessions(desk: Desk, agent: Agent) -> None:
    desk.services.sessions._known.clear()
    await asyncio.to_thread(desk.services.staff.set_password, "ADA@example.org", "another password")
    assert (await desk.call("GET", "/api/session", headers={"Cookie": agent.cookie})).status == 401
    body = {"email": "ada@example.org", "password": "another password"}
    signed = await desk.call("POST", "/api/session", headers=HEADERS, json=body)
    cookie = {"Cookie": signed.headers["Set-Cookie"].split(";")[0]}
    assert (await desk.call("GET", "/api/session", headers=cookie)).status == 200


def test_the_first_admin_is_made_once(settings: Settings) -> None:
    made = staff.first_admin(settings)
    assert made is not None
    email, password = made
    assert email == "admin@localhost" and len(password) >= 12
    assert staff.first_admin(settings) is None
    [member] = staff.list_staff(settings)
    assert (member.email, member.role) == (email, "admin")


def test_staff_by_command(settings: Settings) -> None:
    staff.add_staff(settings, name="Ada", email="Ada@example.org", role="editor", password=PASSWORD)
    with pytest.raises(StaffError, match=r"ada@EXAMPLE\.org"):
        staff.add_staff(settings, name="Ada", email="ada@EXAMPLE.org", role="agent", password=PASSWORD)
    for field, value in (("role", "boss"), ("email", "no address"), ("password", "short"), ("name", " ")):
        good = {"name": "Bea", "email": "bea@example.org", "role": "agent", "password": PASSWORD}
        with pytest.raises(StaffError):
            staff.add_staff(settings, **{**good, field: value})
    with pytest.raises(StaffError, match="nobody"):
        staff.set_password(settings, email="nobody@example.org", password=PASSWORD)
    staff.set_password(settings, email="ada@example.org", password="another password")
    people = Staff(open_database(settings.database))
    assert people.check("ada@example.org", PASSWORD) is None
    assert people.check("ada@example.org", "another password") is not None
    assert [member.name for member in staff.list_staff(settings)] == ["Ada"]


async def test_who_leaves_is_signed_out_and_their_conversation_goes_on(
    desk: Desk, agent: Agent, customer: Customer, hand_off: HandOff
) -> None:
    await customer.say("m-1", "A person please")
    await hand_off()
    await agent.act(customer.cid, "claim")
    boss, settings = await desk.agent("Grace", "supervisor"), desk.services.settings
    await asyncio.to_thread(staff.remove_staff, settings, "ADA@example.org")
    desk.services.sessions._known.clear()
    desk.services.rota.changed()
    assert (await desk.call("GET", "/api/session", headers={"Cookie": agent.cookie})).status == 401
    # The console lists them no more, and nothing new is given to them by what was looked up before.
    assert [one["name"] for one in (await boss.get("wall")).json["agents"]] == ["Grace"]
    gone = Candidate(agent.member.id, "online", 0)
    await desk.services.dispatch.assign(await desk.services.dispatch.route(), [gone])
    await desk.services.conversations.call("ZREM", keys.AGENTS, agent.member.id)
    await desk.services.dispatch.give_back_abandoned()
    state = await desk.services.conversations.state(customer.cid)
    assert (state.owner, state.agent) == ("queue", "")
    said = (await boss.act(customer.cid, "claim")).json["conversation"]["agent"]["name"]
    assert said == "Grace"


async def test_another_role_counts_in_an_open_session(desk: Desk, agent: Agent) -> None:
    settings, sessions = desk.services.settings, desk.services.sessions
    assert (await agent.get("desk")).status == 200
    await asyncio.to_thread(staff.set_role, settings, agent.member.email, "editor")
    sessions._known.clear()
    assert (await agent.get("desk")).status == 403
    with pytest.raises(StaffError, match="boss"):
        staff.set_role(settings, agent.member.email, "boss")


async def test_the_only_one_in_a_team_stays_until_somebody_else_is_in_it(desk: Desk, agent: Agent) -> None:
    boss, settings, roster = await desk.agent("Grace", "supervisor"), desk.services.settings, desk.services.roster
    sent = {"name": "Support", "members": [agent.member.id], "revision": 1}
    assert (await boss.send("PUT", "settings/teams/support", sent)).status == 200
    for leave in (staff.remove_staff, lambda at, email: staff.set_role(at, email, "editor")):
        with pytest.raises(StaffError, match="'Support' without anybody"):
            await asyncio.to_thread(leave, settings, agent.member.email)
    assert (await agent.get("desk")).status == 200
    sent = {**sent, "members": [agent.member.id, boss.member.id], "revision": 2}
    assert (await boss.send("PUT", "settings/teams/support", sent)).status == 200
    await asyncio.to_thread(staff.remove_staff, settings, agent.member.email)
    [team] = [team for team in await asyncio.to_thread(roster.all, "teams") if team["id"] == "support"]
    assert team["members"] == [boss.member.id]
    with pytest.raises(StaffError, match="nobody"):
        await asyncio.to_thread(staff.remove_staff, settings, agent.member.email)


def test_passwords_are_hashed_with_argon2id(settings: Settings) -> None:
    staff.add_staff(settings, name="Ada", email="ada@example.org", role="agent", password=PASSWORD)
    raw = b"".join(path.read_bytes() for path in settings.home.glob("frontdesk.db*"))
    assert b"$argon2id$" in raw and PASSWORD.encode() not in raw
