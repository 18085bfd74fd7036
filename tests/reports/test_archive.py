"""Closed conversations reach SQL whole, once, and only then leave the live store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.conversations import keys
from bot.conversations.errors import Missing
from bot.conversations.letters import Letters
from bot.conversations.store import Conversations
from bot.conversations.turn import Commit, Handoff
from bot.database import DatabaseUnavailable, migrate, open_database, reading, writing
from bot.desk.dispatch import Dispatch
from bot.desk.rota import Rota
from bot.desk.staff import Staff
from bot.desk.upkeep import Upkeep
from bot.reports.archive import Archive, keep
from bot.roster.roster import Roster
from bot.settings import Settings


@pytest.fixture
def archive(settings: Settings) -> Archive:
    archive = Archive(open_database(settings.database))
    archive.prepare()
    return archive


async def closed(conversations: Conversations, text: str = "help") -> str:
    cid, _ = await conversations.create(page="https://larkmoor.example/")
    await conversations.post(cid, "m1", text)
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit(handoff=Handoff("support", "defect", {"at": 1.5})))
    await conversations.claim(cid, "a1", "Ada")
    await conversations.say(cid, "a1", "Ada", "s1", f"about {text}")
    await conversations.close(cid, "a1", "Ada", "product_fault", "zip")
    return cid


async def test_a_closed_conversation_is_copied_whole(conversations: Conversations, archive: Archive) -> None:
    cid = await closed(conversations)
    live = await conversations.state(cid), await conversations.packet(cid), await conversations.records(cid)
    assert await keep(conversations, archive, keep_days=7) == 0
    assert archive.find(cid) == live
    state, packet, records = archive.find(cid, after=4) or (None, None, [])
    assert state == live[0] and packet == {"at": 1.5} and [record["seq"] for record in records] == [5, 6]
    # It is still live, so the archive alone does not have it yet.
    assert archive.count() == 0 and archive.states(10) == []
    assert (await conversations.state(cid)).owner == "closed"


async def test_copying_again_changes_nothing(conversations: Conversations, archive: Archive) -> None:
    cid = await closed(conversations)
    for _ in range(3):
        await keep(conversations, archive, keep_days=7)
    state = await conversations.state(cid)
    for _ in range(3):
        archive.copy(state, await conversations.packet(cid), await conversations.records(cid))
    found = archive.find(cid)
    assert found is not None
    assert [record["seq"] for record in found[2]] == list(range(1, state.seq + 1))


async def test_after_the_days_only_the_archive_has_it(conversations: Conversations, archive: Archive) -> None:
    cid = await closed(conversations)
    before = await conversations.state(cid), await conversations.packet(cid), await conversations.records(cid)
    assert await keep(conversations, archive, keep_days=0) == 1
    with pytest.raises(Missing):
        await conversations.state(cid)
    assert archive.find(cid) == before
    assert archive.count() == 1 and [state.id for state in archive.states(10)] == [cid]
    assert archive.last_messages([cid])[cid]["text"] == "about help"
    assert await keep(conversations, archive, keep_days=0) == 0


async def test_a_preview_shows_messages_as_they_were_left(conversations: Conversations, archive: Archive) -> None:
    edited, deleted = [await conversations.create() for _ in range(2)]
    for cid, _ in (edited, deleted):
        await conversations.post(cid, "m1", "help")
        await conversations.claim(cid, "a1", "Ada", owner="bot")
        await conversations.say(cid, "a1", "Ada", "s1", "first")
        seq = (await conversations.say(cid, "a1", "Ada", "s2", "my password is …")).seq
        await (conversations.edit(cid, "a1", "Ada", seq, "it is done") if cid == edited[0] else
               conversations.delete(cid, "a1", "Ada", seq))
        await conversations.close(cid, "a1", "Ada", "solved", "")
    assert await keep(conversations, archive, keep_days=0) == 2
    last = archive.last_messages([edited[0], deleted[0], "nobody's"])
    assert {cid: record["text"] for cid, record in last.items()} == {edited[0]: "it is done", deleted[0]: "first"}


async def test_what_goes_on_is_not_forgotten(conversations: Conversations, archive: Archive) -> None:
    cid = await closed(conversations)
    await keep(conversations, archive, keep_days=7)
    await conversations.post(cid, "m2", "it broke again")
    assert await keep(conversations, archive, keep_days=0) == 0
    assert (await conversations.state(cid)).owner == "bot"
    await conversations.close_idle(0)
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit())
    await conversations.close_idle(await conversations.now() + 1)
    assert await keep(conversations, archive, keep_days=0) == 1
    found = archive.find(cid)
    assert found is not None
    state, _, records = found
    assert [record["seq"] for record in records] == list(range(1, state.seq + 1))
    assert [record.get("event") for record in records][-3:] == ["reopened", None, "closed"]


async def test_an_answer_that_is_still_to_be_mailed_is_not_forgotten(
    conversations: Conversations, archive: Archive
) -> None:
    cid, _ = await conversations.create()
    await conversations.post(cid, "m1", "help")
    await conversations.claim(cid, "a1", "Ada", owner="bot")
    letters = Letters(conversations)
    await letters.write_to(cid, "ada@example.org", "")
    seq = (await conversations.say(cid, "a1", "Ada", "s1", "A new one is on its way.")).seq
    await conversations.close(cid, "a1", "Ada", "solved", "")
    assert await keep(conversations, archive, keep_days=0) == 0
    assert archive.seq(cid) == (await conversations.state(cid)).seq and archive.count() == 0
    await letters.done(cid, seq)
    assert await keep(conversations, archive, keep_days=0) == 1


async def test_a_note_after_closing_is_kept_too(conversations: Conversations, archive: Archive) -> None:
    cid = await closed(conversations)
    await keep(conversations, archive, keep_days=7)
    await conversations.note(cid, "a2", "Bea", "n1", "called back")
    assert await keep(conversations, archive, keep_days=0) == 1
    found = archive.find(cid)
    assert found is not None and found[2][-1]["text"] == "called back"


async def test_a_message_between_copying_and_dropping_saves_it(
    conversations: Conversations, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid = await closed(conversations)
    drop = Conversations.drop

    async def late(self: Conversations, cid: str, archived: int) -> bool:
        await self.post(cid, "late", "wait!")
        return await drop(self, cid, archived)

    monkeypatch.setattr(Conversations, "drop", late)
    assert await keep(conversations, archive, keep_days=0) == 0
    assert (await conversations.records(cid))[-1]["text"] == "wait!"
    assert archive.count() == 0


async def test_more_than_a_page_and_older_than_the_newest(
    conversations: Conversations, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reports.archive._PAGE", 3)
    cids = [await closed(conversations, f"help {number}") for number in range(8)]
    await keep(conversations, archive, keep_days=7)
    assert all(archive.seq(cid) for cid in cids)
    # One whose closing lies before what is archived, as after a change of the clock, is not passed over for ever.
    old = await closed(conversations)
    await conversations.call("ZADD", keys.owned("closed"), 5, old)
    await keep(conversations, archive, keep_days=7)
    assert archive.find(old) is not None
    assert await keep(conversations, archive, keep_days=0) == 8


async def test_copies_by_two_processes_at_once(conversations: Conversations, archive: Archive, settings: Settings) -> None:
    cids = [await closed(conversations, f"help {number}") for number in range(6)]
    other = Archive(open_database(settings.database))
    forgotten = await asyncio.gather(keep(conversations, archive, 0), keep(conversations, other, 0))
    assert sum(forgotten) == 6
    assert archive.count() == 6
    for cid in cids:
        found = archive.find(cid)
        assert found is not None and len(found[2]) == found[0].seq == 6


async def test_records_of_any_text(conversations: Conversations, archive: Archive) -> None:
    cid = await closed(conversations, "😀 ' ; DROP TABLE archived_record; -- \u2028 مرحبا")
    await keep(conversations, archive, keep_days=0)
    found = archive.find(cid)
    assert found is not None and found[2][0]["text"] == "😀 ' ; DROP TABLE archived_record; -- \u2028 مرحبا"


async def test_upkeep(conversations: Conversations, archive: Archive, settings: Settings) -> None:
    cid, _ = await conversations.create()
    upkeep = Upkeep(replace(settings, idle_hours=0.0, keep_days=0.0), conversations, archive)
    await asyncio.sleep(0.01)
    await upkeep.run()
    assert upkeep.archived == 1
    assert archive.find(cid) is not None


async def test_an_agent_who_vanishes_gives_back_what_they_hold(
    conversations: Conversations, archive: Archive, settings: Settings
) -> None:
    cids = []
    for agent in ("gone", "here"):
        cid, _ = await conversations.create()
        await conversations.claim(cid, agent, agent.title(), owner="bot")
        await conversations.saw([agent])
        cids.append(cid)
    engine = open_database(settings.database)
    staff, roster = Staff(engine), Roster(engine)
    for part in (staff, roster):
        part.prepare()
    dispatch = Dispatch(settings, conversations, Rota(roster, staff, conversations))
    await dispatch.give_back_abandoned()
    assert {(await conversations.state(cid)).owner for cid in cids} == {"agent"}
    await conversations.call("ZINCRBY", keys.AGENTS, -keys.AWAY_SECONDS - 1, "gone")
    # A desk that has just started cannot know: nobody had a chance to show up.
    await dispatch.run()
    assert (await conversations.state(cids[0])).owner == "agent"
    await dispatch.give_back_abandoned()
    assert [(await conversations.state(cid)).owner for cid in cids] == ["queue", "agent"]
    assert (await conversations.records(cids[0]))[-1]["event"] == "released"


# -- the database --------------------------------------------------------------------------------------------------


def test_tables_change_by_numbered_steps(settings: Settings) -> None:
    engine = open_database(settings.database)
    done: list[str] = []
    steps = [lambda _: done.append("one"), lambda _: done.append("two")]
    migrate(engine, "part", steps[:1])
    migrate(engine, "part", steps[:1])
    migrate(engine, "part", steps)
    migrate(engine, "other", steps[:1])
    assert done == ["one", "two", "one"]


def test_a_step_that_fails_leaves_nothing(settings: Settings) -> None:
    engine = open_database(settings.database)

    def good(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE half (a INTEGER)")  # type: ignore[attr-defined]

    def bad(_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        migrate(engine, "part", [good, bad])
    migrate(engine, "part", [good])


def test_reading_does_not_wait_for_a_writer(settings: Settings, archive: Archive) -> None:
    engine = open_database(settings.database)
    with writing(engine), reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM archived_record").scalar() == 0
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_database_that_is_away() -> None:
    with pytest.raises((DatabaseUnavailable, OSError)):
        migrate(open_database("sqlite:////dev/null/x.db"), "part", [])
