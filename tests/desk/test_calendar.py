"""The calendar looks at what a day brings and takes once, and anew where somebody goes back."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.database import open_database
from bot.desk.calendar import Calendar
from bot.library import publications
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import Publications
from kb_index.entry import Entry


class Workshop:
    """Publishes what a day brings, and measures nothing."""

    def __init__(self, ledger: Publications, name: str = "day") -> None:
        self.ledger = ledger
        self.name = name
        self.serving = ""
        self.turned = 0

    async def call(self, call: str) -> dict[str, Any]:
        assert call == "turn_day"
        self.turned += 1
        self.serving = publish(self.ledger, f"{self.name}-{self.turned}", ())
        return {"snapshot": self.serving, "stopped": []}


def publish(ledger: Publications, snapshot: str, ids: Any = None) -> str:
    plan = ledger.plan(ids)
    ledger.finish(ledger.begin(plan, snapshot, "Ada", "publish"), snapshot, plan)
    return snapshot


async def test_it_looks_anew_where_somebody_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'kb.db'}")
    library, ledger = Library(engine), Publications(engine)
    library.prepare()
    for name, until in (("always", ""), ("offer", "2999-03-03")):
        library.create(Article(Entry(name, f"{name}?", "Yes."), valid_until=until), "Ada", status="review")
    publish(ledger, "first")
    workshop = Workshop(ledger)
    one = Calendar(ledger, workshop, lambda: ledger.history(1)[0]["snapshot"])  # type: ignore[arg-type]
    assert [await one.run(), await one.run(), workshop.turned] == [False, False, 0]
    noon = datetime.fromisoformat("2999-03-04T12:00:00+00:00").timestamp()
    clock = SimpleNamespace(time=lambda: noon, strftime=time.strftime, gmtime=time.gmtime)
    monkeypatch.setattr(publications, "time", clock)
    monkeypatch.setattr(publications, "today", lambda: "2999-03-04")
    assert [await one.run(), await one.run(), workshop.turned] == [True, False, 1]
    publish(ledger, "by hand")
    assert not await one.run() and workshop.turned == 1
    ledger.roll_back("first", "Ben")
    assert [await one.run(), await one.run(), workshop.turned] == [True, False, 2]
    # Begun before midnight, and done after the day was looked at.
    plan = ledger.plan(())
    plan.at = noon - 86_400
    ledger.finish(ledger.begin(plan, "late", "Ada", "publish"), "late", plan)
    assert [await one.run(), await one.run(), workshop.turned] == [True, False, 3]
    engine.dispose()


async def test_each_home_turns_the_day_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines with one database have an index each, and all of them would give what is over."""
    engine = open_database(f"sqlite:///{tmp_path / 'kb.db'}")
    library, ledger = Library(engine), Publications(engine)
    library.prepare()
    library.create(Article(Entry("always", "Always?", "Yes.")), "Ada", status="review")
    library.create(Article(Entry("offer", "Offer?", "Yes."), valid_until="2999-03-03"), "Ada", status="review")
    workshops = [Workshop(ledger, f"{home}-day") for home in ("here", "there")]
    for workshop in workshops:
        workshop.serving = publish(ledger, workshop.name)
    here, there = (Calendar(ledger, one, lambda one=one: one.serving) for one in workshops)  # type: ignore[arg-type, misc]
    assert not await here.run() and not await there.run()
    noon = datetime.fromisoformat("2999-03-04T12:00:00+00:00").timestamp()
    monkeypatch.setattr(publications, "time", SimpleNamespace(time=lambda: noon, strftime=time.strftime, gmtime=time.gmtime))
    monkeypatch.setattr(publications, "today", lambda: "2999-03-04")
    assert [await here.run(), await there.run(), await here.run(), await there.run()] == [True, True, False, False]
    engine.dispose()
