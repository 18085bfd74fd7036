"""What the actions say, hand over and remember, run by the SDK's own executor."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

from actions.shop import sample
from actions.tasks.task import State
from bot.judgement.knowledge import Knowledge
from bot.settings import Settings
from kb_index import snapshot


@pytest.fixture(scope="module")
def executor() -> ActionExecutor:
    executor = ActionExecutor()
    executor.register_package("actions")
    return executor


@pytest.fixture
def live(at_home: Settings) -> snapshot.Snapshot:
    return Knowledge.shared(at_home.index).current().snapshot


async def run(executor: ActionExecutor, name: str, failed: int | None = None, **judgement: Any) -> dict[str, Any]:
    tracker = {"sender_id": "c", "slots": {"failed": failed}, "latest_message": {"text": "x", "judgement": judgement},
               "events": [], "paused": False, "followup_action": None, "active_loop": {}, "latest_action_name": None}
    told = await executor.run({"next_action": name, "sender_id": "c", "tracker": tracker})
    assert told is not None
    return told


def remembered(told: dict[str, Any]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in told["events"]}


async def test_an_answer_is_the_entry_word_for_word_with_its_grounds(
    executor: ActionExecutor, live: snapshot.Snapshot
) -> None:
    entry = next(entry for entry in live.entries if len(entry.related) > 2)
    told = await run(executor, "action_answer", 1, route="service", decision="answer", entry=entry.id, confidence=0.9)
    (response,) = told["responses"]
    assert response["text"] == entry.answer
    assert response["custom"]["html"] == live.html[live.position[entry.id]]
    assert response["custom"]["evidence"] == {
        "route": "service", "decision": "answer", "entry": entry.id, "confidence": 0.9, "version": entry.version,
        "snapshot": live.name, "question": entry.question}
    assert [button["payload"] for button in response["buttons"]] == [f"entry:{other}" for other in entry.related[:2]]
    assert remembered(told) == {"failed": 0}


async def test_no_task_is_offered_that_the_shop_cannot_do(
    executor: ActionExecutor, live: snapshot.Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(entry for entry in live.entries if entry.task == "newsletter")
    told = await run(executor, "action_answer", route="service", entry=entry.id)
    assert told["responses"][0]["response"] == "utter_offer_newsletter"
    for name, value in (("", "woocommerce"), ("_URL", "https://shop.example"), ("_KEY", "ck_1:cs_2")):
        monkeypatch.setenv(f"FRONTDESK_SHOP{name}", value)
    told = await run(executor, "action_answer", route="service", entry=entry.id)
    assert told["responses"][0]["response"] is None


async def test_who_wants_to_buy_is_offered_a_person_too(executor: ActionExecutor, live: snapshot.Snapshot) -> None:
    told = await run(executor, "action_answer", route="sales", entry=live.entries[0].id)
    assert [response["response"] for response in told["responses"]] == [None, "utter_sales_offer"]


@pytest.mark.parametrize("entry", ["no-such-entry", None, ""])
async def test_an_entry_that_went_away_brings_people(
    executor: ActionExecutor, live: snapshot.Snapshot, entry: str | None
) -> None:
    told = await run(executor, "action_answer", route="service", entry=entry)
    (response,) = told["responses"]
    assert response["response"] == "utter_handoff_unsure"
    assert response["custom"]["handoff"]["reason"] == "the entry is no longer published"


async def test_the_three_nearest_entries_are_offered_without_those_that_went_away(
    executor: ActionExecutor, live: snapshot.Snapshot
) -> None:
    near = [live.entries[0].id, "gone", live.entries[1].id, live.entries[2].id]
    told = await run(executor, "action_clarify", 1, candidates=[{"entry": entry, "score": 0.5} for entry in near])
    (response,) = told["responses"]
    assert [b["payload"] for b in response["buttons"]] == [f"entry:{near[0]}", f"entry:{near[2]}"]
    assert [b["title"] for b in response["buttons"]] == [live.entries[0].question, live.entries[1].question]
    assert response["response"] == "utter_clarify" and remembered(told) == {"failed": 2}


async def test_beyond_the_bot_is_said_and_counted(executor: ActionExecutor, live: snapshot.Snapshot) -> None:
    told = await run(executor, "action_abstain")
    assert told["responses"][0]["response"] == "utter_abstain" and remembered(told) == {"failed": 1}


@pytest.mark.parametrize(("route", "intent", "said", "team"), [
    ("support", "report_defect", "utter_handoff_support", "support"),
    ("support", "site_fault", "utter_handoff_site", "support"),
    ("support", "product_question", "utter_handoff_question", "support"),
    ("human", "ask_human", "utter_handoff_human", "service"),
    ("service", "track_order", "utter_handoff_unsure", "service"),
    ("", "", "utter_handoff_unsure", "service"),
])
async def test_a_handoff_says_what_fits_and_names_the_team(
    executor: ActionExecutor, route: str, intent: str, said: str, team: str
) -> None:
    told = await run(executor, "action_handoff", 1, route=route, intent=intent, why="because")
    (response,) = told["responses"]
    handoff = response["custom"]["handoff"]
    assert response["response"] == said and (handoff["team"], handoff["reason"]) == (team, "because")
    assert handoff["judgement"]["route"] == route and remembered(told) == {"failed": 0}


def test_the_domain_has_every_response_that_is_said() -> None:
    import re

    import yaml

    from bot.settings import ROOT

    said = {name for file in [*(ROOT / "actions").rglob("*.py"), *(ROOT / "bot" / "assistant").rglob("*.py"),
                              *(ROOT / "data" / "rules").glob("*.yml")]
            for name in re.findall(r"utter_(?!message|action)[a-z_]+", file.read_text())}
    responses = yaml.safe_load((ROOT / "domain.yml").read_text())["responses"]
    # A name that ends in "_" is made up with a value.
    assert {name for name in said if name not in responses
            and not (name.endswith("_") and any(one.startswith(name) for one in responses))} == set()


def test_the_sample_shop_loads_with_dates_counted_from_today(tmp_path: Path) -> None:
    import json
    import sqlite3

    settings = Settings(home=tmp_path / "home")
    assert not sample.is_current(settings)
    sample.load(settings, today=date(2026, 3, 1))
    sample.load(settings, today=date(2026, 3, 2))
    assert sample.is_current(settings) and not list(settings.home.glob("*.new"))
    with sqlite3.connect(sample.path(settings)) as db:
        placed = [row[0] for row in db.execute("select placed_at from orders")]
        bodies = [json.loads(row[0]) for row in db.execute("select body from orders")]
    db.close()
    assert placed and all(date.fromisoformat(day) <= date(2026, 3, 2) for day in placed)
    source = json.loads((sample.SOURCE / "orders.json").read_text())
    assert [body["number"] for body in bodies] == [order["number"] for order in source]


def test_a_broken_shop_file_is_not_current(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    sample.path(settings).write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    assert not sample.is_current(settings)
    sample.load(settings)
    assert sample.is_current(settings)


@pytest.mark.parametrize(("said", "loop", "order"), [
    (["where is LM-104233?", "my toaster from order LM-104299 is broken"], "", "LM-104299"),
    (["where is LM-104233?", "my toaster from order LM-104299 is broken"], "task_form", "LM-104299"),
    (["is LM-104299 paid?", "and where is the other one?", "it is broken"], "task_form", "LM-104233"),
    (["where is it?", "it is broken"], "", "LM-104233"),
])
async def test_the_order_that_people_are_wanted_for_is_the_one_at_hand(
    executor: ActionExecutor, said: list[str], loop: str, order: str
) -> None:
    task = State("track_order", {"order": "LM-104233"}, ended="" if loop else "done")
    tracker = {"sender_id": "c", "slots": {"task": task.as_slot()}, "paused": False, "followup_action": None,
               "latest_message": {"text": said[-1], "judgement": {"route": "support"}}, "latest_action_name": None,
               "events": [{"event": "user", "text": text} for text in said], "active_loop": {"name": loop} if loop else {}}
    told = await executor.run({"next_action": "action_handoff", "sender_id": "c", "tracker": tracker})
    assert told is not None and told["responses"][0]["custom"]["handoff"]["what"]["order"] == order
