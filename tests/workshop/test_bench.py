"""The bench: what it says before a publish, and that a publish is whole or not at all."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from bot.database import open_database
from bot.judgement import publishing
from bot.library import publications
from bot.library.article import Article
from bot.library.library import Library
from bot.library.publications import publications_of
from bot.settings import Settings
from bot.workshop import bench as workbench
from bot.workshop import gate
from bot.workshop.bench import Bench
from bot.workshop.errors import Moved, Stopped
from kb_index import directions, nearest, snapshot
from kb_index.errors import BadEntry
from tests.workshop.edits import edit, restarted, same

# Each works on the real encoder and classifiers; a busy machine needs its time.
pytestmark = pytest.mark.timeout(400)


def change(library: Library, name: str, **fields: Any) -> None:
    kept = library.open(name)
    library.save(Article.parse({**kept["fields"], **fields}, name), kept["revision"], "Ada", status="review")


@pytest.mark.parametrize("few", [snapshot.SMALL, 60])
def test_what_stays_loaded_says_what_a_new_bench_would_say(
    bench: Bench, library: Library, home: Settings, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Also where so few vectors count as many, so that edits stand in a part of their own and are published as one."""
    monkeypatch.setattr(nearest, "EXACT_UP_TO", few)
    monkeypatch.setattr(snapshot, "SMALL", few)
    monkeypatch.setattr(snapshot, "_SHARE", 0.5)
    rng = random.Random(5)
    bench.check()
    for round_ in range(2):
        for _ in range(8):
            edit(library, rng)
        same(bench, home)
        if round_ == 0:
            bench.publish(None, "Ada", override="the test goes on from here")
            live = snapshot.load_current(home.index)
            assert bool(live.changed.entries) == (few == 60)


def test_what_begins_anew_with_notes_says_what_it_would_say_without(
    bench: Bench, library: Library, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where directions are not learnt, which are of all entries together."""
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 60)
    monkeypatch.setattr(snapshot, "SMALL", 60)
    monkeypatch.setattr(snapshot, "_SHARE", 0)
    monkeypatch.setattr(directions, "_LARGEST", 0)
    rng = random.Random(6)
    notes = home.cache / "asked"
    notes.unlink(missing_ok=True)
    change(library, library.page()["entries"][0]["id"], answer="By post.")
    bench.publish(None, "Ada", override="a ground is laid, without directions")
    monkeypatch.setattr(snapshot, "_SHARE", 0.9)
    bench = Bench(home)
    made = []
    for round_ in range(4):
        edit(library, rng)
        same(bench, home)
        made.append(sum(asker.made for asker in bench._remember()._askers.values()))
        if round_ == 1:
            bench.publish(None, "Ada", override="the test goes on from here")
        bench = restarted(bench, home)
    bench.close()
    assert notes.exists() and min(made[1:]) < 0.8 * made[0], f"nothing was spared: {made}"
    notes.unlink()


def test_a_good_edit_gains_and_goes_live(bench: Bench, library: Library, home: Settings) -> None:
    name = "workshop-tours"
    fields = {"id": name, "question": "Can I visit your workshop?", "answer": "Yes, on **Fridays** at two.",
              "phrasings": ["workshop tour", "do you give tours of the workshop", "can we come and see your workshop"],
              "tests": ["can I come and see the workshop", "do you do workshop tours", "visiting your workshop"]}
    library.create(Article.parse(fields, name), "Ada", "review")
    report = bench.check()
    assert report["changes"] == [{"id": name, "question": fields["question"], "change": "new"}] and report["counts"]["stops"] == 0
    # A question near the bar may come along: directions are learnt from all entries together.
    assert {one["text"] for one in report["gained"]} & set(fields["tests"])
    published = bench.publish(None, "Ada", digest=report["digest"])
    assert snapshot.current_name(home.index) == published["snapshot"] and library.open(name)["status"] == "published"
    assert publishing.is_current(home), "the next start would publish again"
    before = publications_of(home).history()[1]["snapshot"]
    bench.roll_back(before, "Ada")
    assert snapshot.current_name(home.index) == before and library.open(name)["live"] is None
    assert publishing.is_current(home), "the next start would undo the way back"


BAD = {
    "another topic": lambda f: {"question": "How do I brew coffee?", "phrasings": ["espresso"], "answer": "Grind it."},
    "no phrasings and another question": lambda f: {"phrasings": [], "question": "General information"},
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_edit_is_stopped_until_an_administrator_answers_for_it(bench: Bench, library: Library, home: Settings, victim: str, kind: str) -> None:
    live = snapshot.current_name(home.index)
    change(library, victim, **BAD[kind](None))
    with pytest.raises(Stopped) as caught:
        bench.publish(None, "Ada")
    lost = [one for one in caught.value.report["lost"] if one["stops"]]
    assert lost and all(one["entries"] for one in lost) and snapshot.current_name(home.index) == live
    assert publications_of(home).begun() == 0
    bench.publish(None, "Root", override="the shop is closing")
    assert publications_of(home).history()[0]["override"] == "the shop is closing"


@pytest.mark.parametrize(("before", "after", "kind", "stops"), [
    ("a", "b", "changed", False), ("b", "c", "lost", True), ("c", "b", "gained", False), ("a", "", "lost", False),
    ("a", "a", "", False),
])
def test_of_two_entries_with_the_same_test_each_is_right(before: str, after: str, kind: str, stops: bool) -> None:
    def answered(entry: str) -> gate.Outcome:
        return gate.Outcome("answer" if entry else "clarify", entry, entry or "b", 0.9, "")

    [question] = gate.questions([("How much?", "a")], [("How much?", "a"), ("How much?", "b")], [], [])
    found = gate.compare(question, answered(before), answered(after), {"b", "c"})
    assert (found.kind, found.stops, found.as_dict()["entries"]) == (kind, stops, ["a", "b"]) if found else not kind


def test_a_publish_of_nothing_new_pushes_no_way_back_out(bench: Bench, library: Library, home: Settings) -> None:
    first = snapshot.current_name(home.index)
    change(library, "how-to-return", answer="See the label. It is easy.")
    second = bench.publish(None, "Ada", override="a test")["snapshot"]
    there = snapshot.names(home.index)
    told = bench.publish(None, "Ada")
    assert (told["snapshot"], told["seq"]) == (second, None) and snapshot.names(home.index) == there
    assert len(publications_of(home).history()) == 2
    bench.roll_back(str(first), "Ada")
    assert Bench(home).publish((), "Ada")["snapshot"] == first, "what somebody went back to is live"
    library.remember_question("can i bring it back to a store", "how-to-return", True, "Ada")
    third = bench.publish((), "Ada", override="a judged question moves the bars")["snapshot"]
    assert third not in there
    file = home.index / third / "calibration.json"
    file.write_text(file.read_text() + " ")
    assert bench.publish((), "Ada")["snapshot"] != third, "what is damaged is published again"


def test_a_first_publish_looks_for_what_is_alike_and_what_contradicts(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = replace(home, home=home.home / "new", kb=home.home / "none")
    for name in ("encoder", "reranker", "judgement", "cache"):
        (empty.home / name).parent.mkdir(exist_ok=True)
        (empty.home / name).symlink_to((home.home / name).resolve())
    empty.kb.mkdir()
    library = Library(open_database(empty.database))
    library.prepare()
    for name, question, days in (("back", "How long can I send things back?", 60), ("late", "How long can I send things back?", 14),
                                 ("hours", "When are you open?", 7)):
        fields = {"id": name, "question": question, "answer": f"You can send everything back within {days} days of delivery."}
        library.create(Article.parse(fields, name), "Ada", "review")
    bench = Bench(empty)
    report = bench.check()
    assert next({one["entry"], one["other"]} for one in report["alike"]) == {"back", "late"}
    assert {"back", "late"} in [{one["entry"], one["other"]} for one in report["against"]]
    for kind in ("alike", "against"):
        pairs = [frozenset((one["entry"], one["other"])) for one in report[kind]]
        assert len(pairs) == len(set(pairs)), f"{kind} tells a pair from both sides"
    assert (report["counts"]["compared"], report["counts"]["comparable"]) == (3, 3)
    monkeypatch.setattr(workbench, "_COMPARED", 2)
    other = Bench(empty)
    assert other.check()["counts"]["compared"] == 2
    bench.close()
    other.close()


def test_what_was_looked_at_is_what_goes_live(bench: Bench, library: Library) -> None:
    change(library, "how-to-return", answer="See the label. It is easy.")
    digest = bench.check()["digest"]
    change(library, "how-to-return", answer="Something else.")
    with pytest.raises(Moved):
        bench.publish(None, "Ada", digest=digest)


def test_trying_tells_published_and_draft_apart(bench: Bench) -> None:
    fields = {"id": "soles", "question": "Can I have my shoes resoled?", "answer": "Yes, for **£30**.", "phrasings": ["new soles for my shoes"], "tests": []}
    told = bench.attempt("new soles for my shoes please", fields)
    assert "soles" not in {one["entry"] for one in told["published"]["candidates"]}
    assert told["draft"]["candidates"][0]["entry"] == "soles"


def test_trying_reads_no_files(bench: Bench, home: Settings) -> None:
    (home.kb / "broken.md").write_text("---\nquestion: a: b\n---\nc")
    assert bench.attempt("where is my refund")["draft"]["candidates"]
    with pytest.raises(BadEntry, match=r"broken\.md"):
        bench.check()


def test_an_agent_is_offered_what_is_published_and_nearest(bench: Bench) -> None:
    live = bench.live()
    assert live is not None
    entry = live.entries[0]
    found = bench.suggest(entry.question)
    assert len(found) == 5 and found[0]["entry"] == entry.id
    assert found == sorted(found, key=lambda one: -one["score"])
    assert found[0]["html"].startswith("<p>") and found[0]["answer"] == live.entries[live.position[found[0]["entry"]]].answer
    assert bench.suggest("\ud800 🏕 !?") is not None and bench.suggest("") == []


def test_a_day_brings_what_was_made_ready_for_it(bench: Bench, library: Library, home: Settings, victim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody clicks: what is over goes, what was ready before its day comes, and what the gate stops stays ready."""
    def on(day: str) -> dict[str, Any]:
        monkeypatch.setattr(publications, "today", lambda: day)
        return bench.turn_day()

    library.create(Article.parse({"id": "sale", "question": "Is there a winter sale?", "answer": "Yes.", "valid_until": "2998-12-31"}, "sale"), "Ada", "review")
    bench.publish(None, "Ada")
    old = library.open("how-to-return")["published"]["answer"]
    change(library, "how-to-return", answer=f"{old}\n\nFrom March on it is free.", valid_from="2999-03-01")
    assert bench.check()["waiting"] == ["how-to-return"] and bench.check()["changes"] == []
    assert on("2998-12-31") == {"snapshot": "", "stopped": []}
    (home.kb / "returns" / "of-the-folder.md").write_text("---\nquestion: Written in the folder?\n---\nYes.\n")
    gone = on("2999-01-01")
    live = snapshot.load_current(home.index)
    assert live.name == gone["snapshot"] and not {"sale", "of-the-folder"} & set(live.position)
    assert "March" not in live.entries[live.position["how-to-return"]].answer
    assert on("2999-03-01")["snapshot"] == snapshot.current_name(home.index) and "March" in library.open("how-to-return")["published"]["answer"]
    change(library, victim, **BAD["another topic"](None), valid_from="2999-04-01")
    # Publications bear the real date, so that the sale's end is due again here; what is stopped does not hold it up.
    kept = library.open(victim)["published"]["question"]
    assert on("2999-04-01")["stopped"] == [victim] and library.open(victim)["status"] == "review"
    live = snapshot.load_current(home.index)
    assert live.entries[live.position[victim]].question == kept
    assert publications_of(home).history()[0]["kind"] == "schedule"


def test_who_may_see_it_goes_into_the_index(bench: Bench, library: Library, home: Settings) -> None:
    for name, audience in (("waive", "agents"), ("lounge", "verified")):
        library.create(Article.parse({"id": name, "question": f"The {name} rule of the shop?", "answer": f"Seagull {name}.", "audience": audience,
                                      "tests": [f"how does the {name} rule go", f"tell me the {name} rule"]}, name), "Ada", "review")
    report = bench.publish(None, "Ada", override="a test")
    assert not any("waive" in one["text"] for kind in ("gained", "lost", "changed") for one in report[kind]), "the bot was asked what it may not say"
    live = snapshot.load_current(home.index)
    assert [live.entries[live.position[name]].audience for name in ("waive", "lounge")] == ["agents", "verified"]
    assert bench.suggest("The waive rule of the shop?")[0]["entry"] == "waive"
    assert bench.suggest("The waive rule of the shop?")[0]["audience"] == "agents"
    tried = bench.attempt("The waive rule of the shop?")["published"]
    assert "waive" not in {one["entry"] for one in tried["candidates"]} and "Seagull waive" not in tried["html"]
    assert not {"waive", "lounge"} & {entry.id for entry in publications_of(home).live()}
