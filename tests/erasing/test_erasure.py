"""What is erased is nowhere any more, in SQLite and Postgres; nobody writes it down again, and a kill costs nothing."""

from __future__ import annotations

import asyncio
import base64
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import cli
from bot.attachments.attachments import Attachments
from bot.backups import tables
from bot.backups.moment import Moment
from bot.conversations.customer import Customer, Identity
from bot.conversations.errors import Missing
from bot.conversations.feedback import Feedback, Rating
from bot.conversations.letters import Letters
from bot.conversations.store import Conversations, connect
from bot.conversations.turn import Commit, Handoff
from bot.database import open_database, reading, writing
from bot.erasing import erasure as erasing
from bot.erasing.erased import Erased, remaining
from bot.erasing.erasure import Erasure
from bot.library.library import Library
from bot.library.publications import Plan, Publications
from bot.mail.outbox import Outbox
from bot.mail.postman import Folder, Postman
from bot.reports.archive import Archive, keep
from bot.reports.customers import Customers
from bot.search.index import Index
from bot.settings import Settings
from bot.webhooks.hooks import Hooks
from bot.webhooks.ledger import Ledger, Told
from bot.workshop import gate

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from servers import DATABASES, database_url

ADA, BEN = "ada@shop.example", "ben@shop.example"
BARS = {"answer": dict.fromkeys(("value", "alpha", "coverage", "errors", "answered"), 0)}


@pytest.fixture(scope="module", params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with database_url(request.param, tmp_path_factory.mktemp("erasing")) as found:
        yield found


@pytest.fixture
def engine(url: str) -> Iterator[Any]:
    engine = open_database(url)
    tables.prepare(engine)
    with writing(engine) as connection:
        for table in tables.tables(connection):
            if table.name != tables.VERSIONS:
                connection.execute(table.delete())
        tables.forget_all(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def erasure(settings: Settings, conversations: Conversations, engine: Any) -> Erasure:
    return Erasure(settings, conversations, engine)


def publish(engine: Any, text: str) -> None:
    """Something that the gate sees to change what is done with a question, as it was asked and as an editor kept it."""
    asked = gate.questions([], [], [{"text": text, "entry": "", "protected": True}], [f"{text} please"])
    was, now = gate.Outcome("handoff", "", "e1", 0.1, ""), gate.Outcome("answer", "e1", "e1", 0.9, "")
    found = [one for one in (gate.compare(question, was, now, {"e1"}) for question in asked) if one]
    publications, plan = Publications(engine), Plan()
    seq = publications.begin(plan, "mark", "Edith", "publish")
    publications.finish(seq, "s1", plan, gate.report(found, 2, None, BARS, [], []))
    told = publications.report(seq)
    assert told and [told["report"]["counts"][kind] for kind in ("gained", "lost")] == [1, 1]


async def closed(
    settings: Settings, conversations: Conversations, engine: Any, email: str, text: str, number: int = 0
) -> str:
    """A conversation that has left something in every place there is: closed, and only copied to the archive yet."""
    who = f"{email.partition('@')[0]}-{number}"
    customer = Customer(f"id-of-{email.partition('@')[0]}", email.title(), email)
    cid, _ = await conversations.create(identity=Identity(customer, who, 600))
    index, ledger, outbox = Index(engine), Ledger(engine), Outbox(engine, settings.mail_from)
    paper = f"%PDF-1.4 {text} %%EOF".encode()
    file = Attachments(engine, settings.attachments).add(cid, "customer", "", f"{who}.pdf", paper)
    await conversations.post(cid, "m1", text, attachments=[file.shown()])
    turn = await conversations.take()
    assert turn is not None
    await conversations.commit(turn, Commit(handoff=Handoff("support", "defect", {"text": text})))
    await conversations.claim(cid, "a1", "Grace")
    await Letters(conversations).write_to(cid, email.upper(), who)
    await Letters(conversations).done(cid, (await conversations.say(cid, "a1", "Grace", "s1", f"You wrote {text}")).seq)
    await conversations.close(cid, "a1", "Grace", "solved", text)
    await Feedback(conversations).rate(cid, Rating(5, None, text))
    state, records = await conversations.state(cid), await conversations.records(cid)
    index.take({cid: records})
    Customers(engine).note([state])
    ledger.write({cid: records}, {cid: Told(state.summary(None))})
    await keep(conversations, Archive(engine), keep_days=7)
    outbox.put(email, "answer", {"shop": "Larkmoor", "name": who, "messages": text, "link": cid}, f"answer:{cid}:6")
    await Postman(outbox, Folder(settings.outbox)).run()
    outbox.put(email, "answer", {"shop": "Larkmoor", "name": who, "messages": text, "link": cid}, f"{cid}-1:code")
    Library(engine).remember_question(text, "", True, "Edith")
    publish(engine, text)
    return cid


async def left(settings: Settings, conversations: Conversations, engine: Any, *words: str) -> set[str]:
    """Where any of these words stands: tables, keys of the store, files."""
    found = set()

    def look(place: str, held: object) -> None:
        told = repr(held).lower()
        if any(word.lower() in told or base64.b64encode(word.encode()).decode()[:-4].lower() in told for word in words):
            found.add(place)

    with reading(engine) as connection:
        for name in sa.inspect(connection).get_table_names():
            if name.startswith("said_words_"):
                continue  # how SQLite keeps said_words
            for row in connection.execute(sa.text(f"SELECT * FROM {name}")):  # noqa: S608
                look(name, [bytes(value) if isinstance(value, memoryview) else value for value in row])
        if engine.dialect.name == "sqlite":
            look("said_words", connection.execute(sa.text("SELECT * FROM said_words")).all())
    for key in await conversations.call("KEYS", "*"):
        kind = await conversations.call("TYPE", key)
        read = {"hash": ("HGETALL", key), "list": ("LRANGE", key, 0, -1), "zset": ("ZRANGE", key, 0, -1),
                "set": ("SMEMBERS", key), "string": ("GET", key)}
        look(key, (key, await conversations.call(*read[kind])))
    for path in settings.home.rglob("*"):
        if path.is_file():
            look(str(path.relative_to(settings.home).parts[0]), (path.name, path.read_bytes()))
    return found


@pytest.mark.parametrize("alone", [False, True], ids=["still in the store", "only in the archive"])
async def test_nothing_is_left_anywhere_and_others_keep_what_is_theirs(
    settings: Settings, conversations: Conversations, engine: Any, erasure: Erasure, alone: bool,
) -> None:
    Hooks(engine).add({"url": "https://93.184.216.34/hooks", "events": ["conversation.message"]}, "Grace", 0.0)
    mine = await closed(settings, conversations, engine, ADA, "Where does my violet kayak stay?")
    other = await closed(settings, conversations, engine, BEN, "How is the green lantern filled?")
    (settings.cache).mkdir()
    (settings.cache / "asked").write_bytes(b"Where does my violet kayak stay?")
    if alone:
        await keep(conversations, Archive(engine), keep_days=0)
    there = await left(settings, conversations, engine, "lantern", BEN, "id-of-ben", other)
    assert {"archived_conversation", "archived_record", "attachment", "conversation_customer", "kb_question", "outbox",
            "said", "said_upto", "webhook_delivery", "webhook_upto", "attachments"} <= there
    found = await erasure.find(ADA)
    assert [state.id for state in found.closed] == [mine] and not found.open and not found.naming
    assert [question["text"] for question in found.questions] == ["Where does my violet kayak stay?"] and found.mails == 2
    assert await erasure.erase(ADA, found) == Counter(conversations=1, files=1, mails=2, deliveries=2, questions=1)
    # The list of what is erased keeps the id for a day, and the store whose identity token that was until it ends.
    assert await left(settings, conversations, engine, "kayak", ADA, "id-of-ada", mine) <= {"erased_conversation", "fd:jti:ada-0"}
    assert await left(settings, conversations, engine, "lantern", BEN, "id-of-ben", other) >= there - {"cache"}
    assert not (await erasure.find(ADA)).closed and not await erasure.finish()


async def test_a_customer_is_found_by_address_by_id_and_by_where_answers_go(
    settings: Settings, conversations: Conversations, engine: Any, erasure: Erasure,
) -> None:
    mine = [await closed(settings, conversations, engine, ADA, f"number {n}", n) for n in range(2)]
    await keep(conversations, Archive(engine), keep_days=0)
    mine.append(await closed(settings, conversations, engine, ADA, "number 2", 2))
    other = await closed(settings, conversations, engine, BEN, f"My sister is {ADA}")
    Customers(engine).drop(mine[0])  # so that only the address for answers says whose it was
    stranger, _ = await conversations.create()
    await conversations.create(identity=Identity(Customer("somebody"), "somebody", 600))
    Customers(engine).note(await conversations.states(await conversations.ids()))
    for who in (ADA, ADA.upper()):
        found = await erasure.find(who)
        assert {state.id for state in found.closed} == set(mine) and list(found.naming) == [other]
    assert {state.id for state in (await erasure.find("id-of-ada")).closed} == set(mine[1:])
    assert [state.id for state in (await erasure.find(mine[0])).closed] == mine[:1]
    assert [state.id for state in (await erasure.find(mine[2])).closed] == mine[2:]
    for nobody in ("", "%", "_", "ad", "shop.example", "nobody@shop.example", "a@b/%", "A" * 16):
        found = await erasure.find(nobody)
        assert not (found.closed or found.open), nobody
    assert [state.id for state in (await erasure.find(stranger)).open] == [stranger]


async def test_what_is_open_stays_whole(
    settings: Settings, conversations: Conversations, engine: Any, erasure: Erasure,
) -> None:
    cid = await closed(settings, conversations, engine, ADA, "violet kayak")
    found = await erasure.find(ADA)
    # The customer writes between the look and the deed.
    await conversations.post(cid, "m2", "and another thing")
    assert (await erasure.erase(cid, found))["conversations"] == 0
    assert [state.id for state in (await erasure.find(cid)).open] == [cid]
    assert Archive(engine).find(cid) is not None and not Erased(engine).begun()
    records = await conversations.records(cid)
    assert len(records) > 8
    Index(engine).take({cid: records})
    assert Index(engine).upto([cid]) == {cid: len(records)}


@pytest.mark.parametrize("step", [
    "_conversations.drop", "_attachments.drop", "_attachments.remove", "_folder.remove", "_outbox.drop",
    "_deliveries.drop", "_index.drop", "_archive.drop", "_customers.drop", "_erased.done",
])
async def test_a_kill_between_any_two_steps_is_made_good_by_the_next_run(
    settings: Settings, conversations: Conversations, engine: Any, erasure: Erasure, step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    cid = await closed(settings, conversations, engine, ADA, "violet kayak")
    found = await erasure.find(cid)
    part, name = step.split(".")
    with monkeypatch.context() as patched:
        patched.setattr(type(getattr(erasure, part)), name, die)
        with pytest.raises(Killed):
            await erasure.erase(cid, found)
    again = Erasure(settings, conversations, engine)
    assert (await again.finish())["conversations"] == 1
    assert await left(settings, conversations, engine, "kayak", ADA, cid) <= {"erased_conversation", "fd:jti:ada-0"}


async def test_a_file_that_cannot_be_removed_keeps_up_nobody_else(
    settings: Settings, conversations: Conversations, engine: Any, erasure: Erasure, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A restore by root has made its folder, or the share that it lies on is read-only."""
    cids = [await closed(settings, conversations, engine, ADA, f"number {n}", n) for n in range(2)]
    found = await erasure.find(ADA)
    assert [state.id for state in found.closed] == cids
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.is_file() and b"number 0" in path.read_bytes():
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        Erased(engine).begin(cids)
        assert (await erasure.finish())["conversations"] == 1
    # Also where neither archive nor index had it yet, so that it is found nowhere any more.
    assert [state.id for state in await erasure.left(found.closed)] == cids[:1]
    assert Erased(engine).begun() == cids[:1] and [state.id for state in (await erasure.find(ADA)).closed] == cids[:1]
    assert (await erasure.finish())["conversations"] == 1
    assert not (await erasure.find(ADA)).closed


async def test_whoever_had_it_in_hand_writes_nothing_down_again(
    settings: Settings, conversations: Conversations, engine: Any, erasure: Erasure,
) -> None:
    Hooks(engine).add({"url": "https://93.184.216.34/hooks", "events": ["conversation.message"]}, "Grace", 0.0)
    cid = await closed(settings, conversations, engine, ADA, "violet kayak")
    state, packet, records = await conversations.state(cid), await conversations.packet(cid), \
        await conversations.records(cid)
    await erasure.erase(cid, await erasure.find(cid))
    with pytest.raises(Missing):
        await conversations.state(cid)
    Archive(engine).copy(state, packet, records)
    Customers(engine).note([state])
    Index(engine).take({cid: records})
    Ledger(engine).write({cid: records}, {cid: Told(state.summary(None))})
    assert await left(settings, conversations, engine, "kayak", ADA, cid) <= {"erased_conversation", "fd:jti:ada-0"}
    # Long after that nobody has it, and the id goes too.
    Erased(engine).forget(10**12)
    assert "erased_conversation" not in await left(settings, conversations, engine, cid)


def test_erasing_waits_for_who_is_writing(engine: Any) -> None:
    erased, begun = Erased(engine), threading.Event()

    def begin() -> None:
        erased.begin(["c1"])
        begun.set()

    thread = threading.Thread(target=begin)
    with writing(engine) as connection:
        assert remaining(connection, ["c1", "c2"]) == {"c1", "c2"}
        thread.start()
        assert not begun.wait(0.3)
    thread.join(5)
    assert begun.is_set() and erased.begun() == ["c1"]
    with writing(engine) as connection:
        assert remaining(connection, ["c1", "c2"]) == {"c2"}


async def test_what_is_old_goes_in_portions_from_several_desks(
    settings: Settings, conversations: Conversations, engine: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = Archive(engine)
    cids = [await closed(settings, conversations, engine, ADA, f"number {n}", n) for n in range(5)]
    await keep(conversations, archive, keep_days=0)
    live = await closed(settings, conversations, engine, BEN, "green lantern")
    with writing(engine) as connection:
        for age, cid in enumerate(cids):
            connection.execute(sa.text("UPDATE archived_conversation SET closed = closed - :by WHERE id = :cid"),
                               {"by": (30 + age) * 86400, "cid": cid})

    def desk(days: float) -> Erasure:
        return Erasure(replace(settings, archive_days=days), conversations, engine)

    assert not await desk(0).sweep()
    assert (await desk(33.5).sweep())["conversations"] == 1 and archive.find(cids[4]) is None
    monkeypatch.setattr(erasing, "PORTION", 2)
    await asyncio.gather(desk(31.5).sweep(), desk(31.5).sweep())
    assert [cid for cid in cids if archive.find(cid)] == cids[:2]
    await desk(10).sweep()
    assert not archive.states(10) and archive.find(live) is not None
    # What an editor has made of customers' words is the knowledge base's, as long as nobody asks to be erased.
    assert len(Library(engine).questions()) == 6
    assert await left(settings, conversations, engine, "number 1") == {"kb_question"}


def test_a_restored_backup_is_looked_through_again() -> None:
    rows = Moment({}).rows("erased_conversation", iter([["id", "at", "done"], ["c1", 1.0, True]]))
    assert list(rows) == [["id", "at", "done"], ["c1", 1.0, False]]


def at_store(settings: Settings, do: Callable[[Conversations], Awaitable[Any]]) -> Any:
    """What comes of that in a loop of its own. Its connection is closed: the loop that Sanic sets for the process would
    wait for that for ever."""
    async def main() -> Any:
        conversations = Conversations(connect(settings.redis))
        try:
            return await do(conversations)
        finally:
            await conversations.client.connection_pool.disconnect()

    return asyncio.run(main())


@pytest.fixture
def told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A conversation as the command finds it, in the SQLite file of the settings."""
    monkeypatch.setenv("FRONTDESK_HOME", str(settings.home))
    monkeypatch.setenv("FRONTDESK_REDIS_URL", str(settings.redis_url))
    engine = open_database(settings.database)
    tables.prepare(engine)

    made: str = at_store(settings, lambda found: closed(settings, found, engine, ADA, "violet kayak"))
    return made


def test_the_command_shows_asks_and_says_what_it_took_out(
    told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["erase", ADA, "--check"]) == 0
    shown = capsys.readouterr().out
    assert f"  {told}  closed 2" in shown and "'violet kayak'" in shown and f"2 mails to {ADA}" in shown
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert cli.main(["erase", ADA]) == 1
    assert "nothing was erased" in capsys.readouterr().err
    assert cli.main(["erase", ADA, "--yes"]) == 0
    assert "Erased: 1 conversation, 1 file, 2 mails, 1 judged question." in capsys.readouterr().out
    assert cli.main(["erase", ADA, "--yes"]) == 0
    assert capsys.readouterr().out == f"Nothing is kept of {ADA}.\n"


def test_the_command_leaves_what_is_open(
    settings: Settings, told: str, capsys: pytest.CaptureFixture[str],
) -> None:
    at_store(settings, lambda found: found.post(told, "m2", "and another thing"))
    assert cli.main(["erase", told, "--yes"]) == 1
    assert capsys.readouterr().err == (f"frontdesk: {told} is still open (with the bot), so it stays; close it, then say "
                                       "this again\n")


def test_the_command_names_what_was_opened_while_it_asked(
    settings: Settings, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    def agree(question: str) -> str:
        with ThreadPoolExecutor() as pool:
            pool.submit(at_store, settings, lambda found: found.post(told, "m2", "and another thing")).result()
        return "y"

    monkeypatch.setattr("builtins.input", agree)
    assert cli.main(["erase", told]) == 1
    out, err = capsys.readouterr()
    assert "Erased: 1 judged question." in out and f"{told} is still open (with the bot)" in err


def test_the_command_names_what_could_not_be_removed(
    told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Attachments, "drop", lambda *_: Path("/").read_bytes())
        assert cli.main(["erase", told, "--yes"]) == 1
    out, err = capsys.readouterr()
    assert "1 conversation" not in out.partition("Erased")[2] and err.startswith(f"frontdesk: {told} could not be taken out whole")
    assert f"{told} is not erased yet: [Errno" in caplog.text
    assert cli.main(["erase", told, "--yes"]) == 0
    assert capsys.readouterr().out.startswith("Finished what an earlier run had begun: 1 conversation, 1 file")
