"""The menu by topic: what stands in it, and in which order."""

from __future__ import annotations

from kb_index.entry import Entry
from kb_index.topics import QUESTIONS, TOPICS, Topic, questions, title, topics


def entry(name: str, category: str, task: str = "") -> Entry:
    return Entry(name, f"{name}?", "So.", category, task=task)


def test_topics_with_tasks_come_first_then_the_largest() -> None:
    entries = [entry("a", "about"), entry("b", "about"), entry("c", "gift-cards", "gift_card_balance"), entry("d", ""),
               entry("e", "small")]
    assert topics(entries) == [Topic("gift-cards", "Gift cards"), Topic("about", "About"), Topic("small", "Small")]
    assert topics([]) == []
    assert len(topics([entry(f"e{n}", f"c{n}") for n in range(20)])) == TOPICS


def test_a_topic_stands_for_one_question_of_each_task_then_the_others() -> None:
    entries = [entry("first", "x"), entry("how", "x", "cancel_order"), entry("late", "x", "cancel_order"),
               entry("send", "x", "return_item"), entry("else", "y", "newsletter"), *(entry(f"n{n}", "x") for n in range(9))]
    assert [one.id for one in questions(entries, "x")] == ["how", "send", "first", "late"][:QUESTIONS]
    assert questions(entries, "nothing") == []


def test_titles_are_words() -> None:
    assert (title("gift-cards"), title("my_account"), title("")) == ("Gift cards", "My account", "General")
    for name in ("Lieferung und Versand", "Apple Pay", "VAT & Tax", "T-Shirts", "FAQ"):
        assert title(name) == name
    assert (title("lieferung & Versand"), title("über-uns")) == ("Lieferung & Versand", "Über uns")
