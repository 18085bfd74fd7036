"""What the people bar is computed from, where a message told plainly looks like a task."""

from __future__ import annotations

import numpy as np

from bot.judgement.bars import Asked, calibrate
from bot.judgement.judgement import Reading
from kb_index.retriever import Candidate


def asked(text: str, people: float, plain: str = "", plain_people: float = 0.0, intent: str = "cancel_order") -> Asked:
    def reading(text: str, people: float, intent: str, plainly: Reading | None = None) -> Reading:
        return Reading(text, {"support": people, "service": 1 - people}, intent, 0.9, plainly=plainly)

    again = reading(plain, plain_people, intent) if plain else None
    return Asked(reading(text, people, "report_defect", again), "", "support")


def test_a_fault_is_let_through_by_the_bar_that_it_reaches() -> None:
    one = asked("my kettle leaks", 0.7)
    assert one.let_through == one.people == 0.7 and not one.acted


def test_told_plainly_it_may_be_let_through_by_a_lower_one() -> None:
    one = asked("the kettle of LM-104281 leaks", 0.7, "the item of my order leaks", 0.1)
    assert one.let_through == 0.1 and one.acted
    # What is no task then changes nothing. One that is then for people more surely counts as it did, but it counts.
    fault = asked("the kettle leaks", 0.7, "the item leaks", 0.1, "report_defect")
    assert fault.let_through == 0.7 and not fault.acted
    surer = asked("the kettle leaks", 0.2, "the item leaks", 0.4)
    assert surer.let_through == 0.2 and surer.acted


def test_the_form_of_a_request_is_let_through_by_any_bar() -> None:
    one = asked("one more lamp to LM-104281", 0.9, "one more item to my order", 0.9, "report_defect")
    assert one.let_through == 0.0 and one.acted


def test_what_is_published_word_for_word_is_let_through_by_any_bar() -> None:
    worded = [Candidate("guarantee", 0.9, 1.0, 1.0, same=True)]
    one = Asked(Reading("warranty", {"support": 0.9}, "report_defect", 0.9, worded), "", "support")
    assert one.held_back == one.let_through == 0.0 and one.people == 0.9
    person = Asked(Reading("helpline", {"human": 0.9}, "ask_human", 0.9, worded), "", "human")
    assert person.held_back == person.let_through == 0.9


def test_what_stands_word_for_word_in_its_entry_says_nothing_of_the_bar() -> None:
    rng = np.random.default_rng(3)

    def question(number: int, same: bool = False) -> Asked:
        score = 1.0 if same else float(rng.uniform(0.3, 0.9))
        found = [Candidate("hours", score, score, score, same=same), Candidate("returns", 0.25, 0.25, 0.0)]
        right = same or rng.uniform() < score + 0.05
        return Asked(Reading(f"question {number}", {"service": 1.0}, "ask_company", 0.9, found), "hours" if right else "returns",
                     "service")

    fresh = [question(n) for n in range(400)]
    known = [question(n, same=True) for n in range(400, 1000)]
    alone, both = calibrate(fresh, 0.05, 0.02), calibrate([*fresh, *known], 0.05, 0.02)
    assert both["answer"]["value"] == alone["answer"]["value"] and both["search"]["value"] == alone["search"]["value"]
    # All of them are answered, so they count where it is told how much is.
    assert both["asked"]["answerable"] == 1000 and both["asked"]["first"] == alone["asked"]["first"] + 600
    assert alone["answer"]["coverage"] < 0.5 < both["answer"]["coverage"]
    # What is answered wrongly by its very words is no reason to trust the bar either.
    wrong = [Asked(one.reading, "returns", "service") for one in known]
    assert not any(one.foregone for one in wrong) and all(one.foregone for one in known)


def test_what_is_clearly_out_of_scope_counts_for_no_answer() -> None:
    near = [Candidate("hours", 0.9, 1.0, 1.0)]
    one = Asked(Reading("does the moon open on sundays", {"out_of_scope": 0.96}, "oos", 0.9, near), "", "out_of_scope")
    assert one.held_back == float("inf")
