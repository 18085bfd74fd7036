"""Which team and which agent, and by when: pure rules, so every case is a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.roster.agent import Agent
from bot.roster.hours import DAYS, Hours
from bot.roster.routing import Candidate, Matter, choose, fits, skill_for, team_for
from bot.roster.setup import Setup
from bot.roster.sla import FACTORS, due
from bot.roster.team import Team

SERVICE = Team("service", "Service")
TENTS = Team("tents", "Tents", topics=("defect",), skills=("fell", "de"), members=("ada", "bea"))
EXPERTS = Team("experts", "Experts", tier=2, topics=("defect", "support"))
SETUP = Setup({team.id: team for team in (SERVICE, TENTS, EXPERTS)},
              {"ada": Agent("ada", 2, ("fell",)), "bea": Agent("bea", 4), "cleo": Agent("cleo", 0)})


@pytest.mark.parametrize(("matter", "team"), [
    (Matter("service", "support", "defect"), "tents"),  # by the intent; of two teams the frontline one
    (Matter("service", "support", "site_fault"), "experts"),  # by the route
    (Matter("service", "service", "refund"), "service"),  # as the bot named it
    (Matter("gone", "human", "person"), "service"),  # that team is no more: the first of the frontline
    (Matter(), "service"),
])
def test_the_team(matter: Matter, team: str) -> None:
    assert team_for(SETUP, matter).id == team


@pytest.mark.parametrize(("matter", "skill"), [
    (Matter(product="The Fell Two, green"), "fell"), (Matter(product="Stove", locale="de-AT"), "de"), (Matter(), ""),
])
def test_the_skill(matter: Matter, skill: str) -> None:
    assert skill_for(TENTS, matter) == skill


def test_a_matter_is_read_from_the_packet() -> None:
    packet = {"why": {"route": "support", "intent": None}, "what": {"product": "Fell Two"}}
    assert Matter.of("support", "en-GB", packet) == Matter("support", "support", "", "Fell Two", "en-GB")
    assert Matter.of("", "", None) == Matter()
    assert Matter.of("", "", {"why": {"urgent": True}}).urgent


def agents(**loads: int) -> list[Candidate]:
    return [Candidate(agent, "online", load) for agent, load in loads.items()]


@pytest.mark.parametrize(("skill", "there", "last", "without", "chosen"), [
    ("", agents(ada=0, bea=1), "", (), "ada"),  # the least loaded
    ("", agents(ada=1, bea=1), "", (), "bea"),  # of equals the one with more room
    ("", agents(ada=1, bea=0), "ada", (), "ada"),  # who knew the customer first
    ("", agents(ada=2, bea=3), "ada", (), "bea"),  # but not beyond what they may have
    ("fell", agents(ada=1, bea=0), "", (), "ada"),  # who has the skill
    ("fell", agents(ada=2, bea=0), "", (), None),  # the skilled one is full: it is waited for
    ("knots", agents(ada=1, bea=0), "", (), "bea"),  # nobody has it: it is not waited for
    ("", agents(ada=0, bea=0), "", ("ada",), "bea"),  # not who left the customer waiting
    ("", agents(cleo=0, dan=0), "", (), None),  # nobody of the team
    ("", [Candidate("ada", "away", 0), Candidate("bea", "offline", 0)], "ada", (), None),
])
def test_the_agent(skill: str, there: list[Candidate], last: str, without: tuple[str, ...], chosen: str | None) -> None:
    assert choose(SETUP, TENTS, skill, there, last, without) == chosen


@given(st.lists(st.builds(Candidate, st.sampled_from(["ada", "bea", "cleo", "dan"]),
                          st.sampled_from(["online", "away", "offline"]), st.integers(0, 6)),
                unique_by=lambda agent: agent.id),
       st.sampled_from(["", "ada", "dan"]), st.sampled_from(["", "fell", "knots"]), st.sampled_from([SERVICE, TENTS]))
def test_whoever_is_chosen_is_there_has_room_and_belongs(there: list[Candidate], last: str, skill: str, team: Team) -> None:
    chosen = choose(SETUP, team, skill, there, last)
    can = [agent for agent in there if agent.status == "online" and agent.load < SETUP.agent(agent.id).capacity
           and fits(SETUP, team, "", agent.id)]
    if chosen is None:
        skilled = any(fits(SETUP, team, skill, agent.id) for agent in there)
        assert not can or skilled
    else:
        [agent] = [agent for agent in can if agent.id == chosen]
        assert chosen == last or all(agent.load <= other.load for other in can
                                     if fits(SETUP, team, skill, other.id) or not fits(SETUP, team, skill, chosen))


def test_targets_in_business_hours() -> None:
    week = {day: (("09:00", "17:00"),) for day in DAYS[:5]}
    office = Hours("o", "Office", "UTC", week)
    team = Team("t", "T", first_response_minutes=60, resolution_minutes=480)
    friday = 1_767_974_400.0  # 2026-01-09 16:00 UTC
    assert due(team, office, "normal", friday) == (friday + 3600, friday + 3 * 86400)
    assert due(team, office, "low", friday)[0] == friday + 3 * 86400 - 6 * 3600
    assert due(team, None, "high", friday) == (friday + 1800, friday + 4 * 3600)
    assert due(SERVICE, office, "urgent", friday) == (None, None)
    assert due(team, Hours("x", "Never"), "normal", friday) == (None, None)


@given(st.integers(1, 5000), st.floats(1.7e9, 1.9e9), st.sets(st.sampled_from(DAYS), min_size=1))
def test_the_more_pressing_is_due_no_later_and_only_while_open(minutes: int, since: float, days: set[Any]) -> None:
    hours = Hours("h", "H", "America/New_York", {day: (("08:00", "12:00"), ("13:00", "18:00")) for day in days})
    team = Team("t", "T", first_response_minutes=minutes)
    times = [due(team, hours, priority, since)[0] for priority in sorted(FACTORS, key=lambda name: FACTORS[name])]
    found = [at for at in times if at is not None]
    assert len(found) == 4 and found == sorted(found) and found[0] > since
    # Counted from the moment that it came in and nothing else: a clock that jumps later moves no target.
    assert all(hours.open_at(at - 0.001) for at in found)
