"""The set-up in SQL: first teams, revisions, what may not go, and what a part may point to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.database import open_database
from bot.roster.agent import Agent
from bot.roster.errors import BadItem, Edited, InUse, NoSuchItem
from bot.roster.roster import Roster
from bot.settings import Settings

STAFF = ["ada", "bea"]
TEAM: dict[str, Any] = {"name": "Tent experts", "tier": 2, "members": ["ada"], "first_response_minutes": 30}


@pytest.fixture
def roster(settings: Settings) -> Roster:
    roster = Roster(open_database(settings.database))
    roster.prepare()
    return roster


def test_the_first_teams_are_those_that_the_bot_names(roster: Roster) -> None:
    # Also before anybody has put them in, so that no conversation is without a team.
    assert set(roster.setup().teams) == {"service", "support"}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: roster.seed(), range(8)))
    assert [(team["id"], team["assignment"], team["revision"]) for team in roster.all("teams")] == [
        ("service", "pull", 1), ("support", "pull", 1)]


def test_a_team_is_kept_changed_and_removed(roster: Roster) -> None:
    roster.seed()
    kept = roster.add("teams", TEAM, "Sue", STAFF)
    assert (kept["id"], kept["revision"], kept["tier"], kept["assignment"]) == ("tent-experts", 1, 2, "pull")
    again = roster.add("teams", TEAM, "Sue", STAFF)
    assert again["id"] == "tent-experts-2"
    changed = roster.save("teams", kept["id"], 1, {**TEAM, "assignment": "auto"}, "Sue", STAFF)
    assert (changed["revision"], roster.setup().teams["tent-experts"].assignment) == (2, "auto")
    roster.remove("teams", "tent-experts-2", 1)
    assert {team["id"] for team in roster.all("teams")} == {"service", "support", "tent-experts"}
    with pytest.raises(NoSuchItem):
        roster.save("teams", "tent-experts-2", 1, TEAM, "Sue", STAFF)


def test_of_two_who_edit_one_team_the_slower_learns_of_it(roster: Roster) -> None:
    kept = roster.add("teams", TEAM, "Sue", STAFF)
    roster.save("teams", kept["id"], 1, {**TEAM, "name": "Sue's"}, "Sue", STAFF)
    with pytest.raises(Edited) as caught:
        roster.save("teams", kept["id"], 1, {**TEAM, "name": "Tom's"}, "Tom", STAFF)
    assert caught.value.now is not None and caught.value.now["name"] == "Sue's" and "Sue has changed" in str(caught.value)
    with pytest.raises(Edited):
        roster.remove("teams", kept["id"], 1)
    assert roster.get("teams", kept["id"])["name"] == "Sue's"


def test_of_many_saves_at_once_one_counts(roster: Roster) -> None:
    kept = roster.add("teams", TEAM, "Sue", STAFF)

    def save(number: int) -> bool:
        try:
            roster.save("teams", kept["id"], 1, {**TEAM, "name": f"Team {number}"}, "Sue", STAFF)
        except Edited:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(8))) == 1
    assert roster.get("teams", kept["id"])["revision"] == 2


def test_what_others_need_stays(roster: Roster) -> None:
    roster.seed()
    office = roster.add("hours", {"name": "Office"}, "Sue", STAFF)
    kept = roster.add("teams", {**TEAM, "hours": office["id"]}, "Sue", STAFF)
    with pytest.raises(InUse, match="Tent experts"):
        roster.remove("hours", office["id"], 1)
    assert roster.setup().hours_of(roster.setup().teams[kept["id"]]) is not None
    for team in ("service", "support"):
        roster.remove("teams", team, 1)
    with pytest.raises(InUse, match="last team"):
        roster.remove("teams", kept["id"], 1)


@pytest.mark.parametrize(("change", "field", "told"), [
    ({"members": ["zoe"]}, "members", "zoe"), ({"hours": "office"}, "hours", "one of"), ({"tier": 4}, "tier", "1 to 3"),
    ({"topics": ["a,b"]}, "topics", "commas"), ({"topics": "a"}, "topics", "list"), ({"name": " "}, "name", "1 to 60"),
    ({"first_response_minutes": 0}, "first_response_minutes", "whole number"), ({"assignment": "x"}, "assignment", "auto"),
    ({"answer_minutes": 1.5}, "answer_minutes", "whole"), ({"skills": ["x" * 41]}, "skills", "40"),
    ({"color": "red"}, "color", "not known"), ({"tier": True}, "tier", "whole"), ({"name": "a\x00b"}, "name", "text"),
])
def test_what_cannot_be_a_team_is_named(roster: Roster, change: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(BadItem) as caught:
        roster.add("teams", {**TEAM, **change}, "Sue", STAFF)
    assert caught.value.field == field and told in str(caught.value)
    assert roster.all("teams") == []


def test_an_agent_joins_and_leaves_teams(roster: Roster) -> None:
    roster.seed()
    kept = roster.add("teams", {**TEAM, "members": ["ada", "bea"]}, "Sue", STAFF)
    roster.save_agent("ada", {"capacity": 3, "skills": ["knots"], "teams": ["service"]}, "Sue")
    setup = roster.setup()
    assert setup.agent("ada") == Agent("ada", 3, ("knots",)) and setup.teams_of("ada") == ["service"]
    assert setup.teams["tent-experts"].members == ("bea",)
    # Who edits the team meanwhile is told.
    with pytest.raises(Edited):
        roster.save("teams", kept["id"], 1, TEAM, "Tom", STAFF)
    roster.save_agent("ada", {"capacity": 0}, "Sue")
    assert roster.setup().teams_of("ada") == ["service"] and roster.setup().agent("ada").capacity == 0
    # A team without members is everybody's, which nobody meant who only left it.
    with pytest.raises(BadItem, match="without anybody"):
        roster.save_agent("ada", {"teams": []}, "Sue")
    with pytest.raises(BadItem, match="nowhere"):
        roster.save_agent("ada", {"teams": ["nowhere"]}, "Sue")
