"""Random edits of a library, and a longer run of the equality test than the quick tests have:

    python -m tests.workshop.edits HOME 10000 200

says how many edits were made and checked, each time after 20 of them or as many as the last number says, and fails at
the first report that a new bench would not give. Every third time the bench begins anew, with the notes of the one before. HOME is a copy of one that is set up: its library is edited.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from bot.database import open_database
from bot.library.article import Article
from bot.library.library import Library
from bot.settings import Settings, read
from bot.workshop.bench import Bench

_WORDS = ["order", "parcel", "refund", "points", "gift", "card", "size", "colour", "broken", "late", "cancel", "change", "address", "invoice", "member", "discount", "return", "label", "store", "open", "delivery", "free", "when", "how", "where", "can", "what", "long", "cost"]


def sentence(rng: random.Random, least: int = 3, most: int = 8) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(least, most)))


def edit(library: Library, rng: random.Random) -> str:
    """One edit by chance; returns what it was."""
    rows = library.page(limit=200)["entries"]
    what = rng.choice(["phrasing", "phrasing", "less", "test", "answer", "question", "new", "archive", "back", "steal"])
    kept = library.open(rng.choice(rows)["id"])
    fields: dict[str, Any] = {**kept["fields"]}
    if what == "new":
        name = f"new-{rng.randrange(10**9)}"
        library.create(Article.parse({"id": name, "question": f"{sentence(rng)}?", "answer": f"{sentence(rng)}.",
                                      "phrasings": [sentence(rng)], "tests": [sentence(rng)]}, name), "Rand", "review")
        return what
    if what in ("archive", "back"):
        library.change([kept["id"]], "Rand", status="archived" if what == "archive" else "review")
        return what
    if what == "phrasing":
        fields["phrasings"] = [*fields["phrasings"], sentence(rng)]
    elif what == "less":
        fields["phrasings"] = fields["phrasings"][:-2]
    elif what == "test":
        fields["tests"] = [*fields["tests"], sentence(rng)]
    elif what == "answer":
        fields["answer"] = f"{fields['answer']} {sentence(rng)}."
    elif what == "question":
        fields["question"] = f"{sentence(rng)}?"
    else:
        other = library.open(rng.choice(rows)["id"])["fields"]
        fields["phrasings"] = [*fields["phrasings"], *other["phrasings"][:2]]
    library.save(Article.parse(fields, kept["id"]), kept["revision"], "Rand", status="review")
    return what


def same(bench: Bench, settings: Settings) -> dict[str, Any]:
    """The report of a bench that stayed, or went on from the notes of another, after it was compared with that of a new
    one without them."""
    ours = bench.check()
    fresh = Bench(settings)
    try:
        fresh._remember()._resumed = True
        theirs = fresh.check()
    finally:
        fresh.close()
    left = {name: value for name, value in ours.items() if name != "seconds"}
    right = {name: value for name, value in theirs.items() if name != "seconds"}
    assert left == right, "a bench that stayed says something else than a new one"
    return ours


def restarted(bench: Bench, settings: Settings) -> Bench:
    bench.keep()
    bench.close()
    return Bench(settings)


def main(home: str, edits: int, every: int = 20) -> None:
    settings = read({"FRONTDESK_HOME": home})
    library, bench = Library(open_database(settings.database)), Bench(settings)
    rng, began = random.Random(1), time.monotonic()
    for number in range(1, edits + 1):
        edit(library, rng)
        if number % every == 0:
            report = same(bench, settings)
            if number % (5 * every) == 0:
                bench.publish(None, "Rand", override="a random run")
            if number % (3 * every) == 0:
                bench = restarted(bench, settings)
            print(f"{number} edits, {time.monotonic() - began:.0f} s, {report['counts']}", flush=True)
    bench.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
