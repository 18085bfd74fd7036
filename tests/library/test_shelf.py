"""What a ledger keeps in memory is what the database holds, whoever publishes in between."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bot.database import open_database
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import Plan, Publications
from kb_index.entry import Entry


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    return open_database(f"sqlite:///{tmp_path / 'kb.db'}")


@pytest.mark.parametrize("seed", range(4))
def test_a_ledger_that_stayed_plans_what_a_new_one_plans(engine: Any, seed: int) -> None:
    library, rng = Library(engine), random.Random(seed)
    library.prepare()
    stayed, snapshots, withdrawn = Publications(engine), [], 0
    for step in range(60):
        rows = library.page(limit=200)["entries"]
        what = rng.choice(["new", "new", "edit", "edit", "archive", "publish", "publish", "back", "late"])
        if what == "new" or not rows:
            name, until = f"e{step}", rng.choice(["", "", "2020-01-01"])
            library.create(Article(Entry(name, f"What is {step}?", "It is."), valid_until=until), "Ada", "review")
        elif what == "edit":
            kept = library.open(rng.choice(rows)["id"])
            fields = {**kept["fields"], "answer": f"At step {step}."}
            library.save(Article.parse(fields, "x"), kept["revision"], "Ada", rng.choice(["draft", "review"]))
        elif what == "archive":
            library.change([rng.choice(rows)["id"]], "Ada", status="archived")
        elif what == "back" and snapshots:
            Publications(engine).roll_back(rng.choice(snapshots), "Ada")
        else:
            ledger = rng.choice([stayed, Publications(engine)])
            plan = ledger.plan(rng.choice([None, [row["id"] for row in rng.sample(rows, min(5, len(rows)))]]))
            withdrawn += sum(change.version is None for change in plan.changes)
            seq = ledger.begin(plan, f"mark-{step}", "Ada", "publish")
            if what == "late":
                # It died before it was written down, and the next one settles it.
                snapshots.append(f"s{step}")
                ledger.recover(f"mark-{step}", f"s{step}")
            else:
                ledger.finish(seq, f"s{step}", plan)
                snapshots.append(f"s{step}")
        for ids in (None, (), [row["id"] for row in rows[::2]]):
            ours, theirs = stayed.plan(ids), Publications(engine).plan(ids)
            assert ours == theirs, (step, what)
    assert snapshots and withdrawn and stayed.plan(()) != Plan()
