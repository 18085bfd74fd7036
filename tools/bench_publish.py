"""Times what editors wait for in a large knowledge base: lists, opening, the check, the publish, the assistant's load.

    python tools/bench_publish.py /tmp/large --entries 100000 --edits 1,1,1000

The home is made at the first run, with the encoder and the classifier of FRONTDESK_HOME, and kept: the next one goes on
from there. Texts are put together by chance; their vectors are real ones of the sample shop with some noise, put where
vectors are remembered, so that nothing waits for the encoder. All figures are in seconds, by the clock and of CPU.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench_retrieval import noisy

from bot.database import open_database
from bot.judgement import publishing
from bot.judgement.knowledge import Knowledge
from bot.library.article import Article
from bot.library.library import LOOKS, Library
from bot.settings import ROOT, Settings, read
from bot.workshop.bench import Bench
from kb_index import folder, snapshot
from kb_index.cache import VectorCache
from kb_index.encoder import load_encoder
from kb_index.entry import Entry
from kb_index.retriever import units

_DOING = ["return", "exchange", "cancel", "track", "pay for", "insure", "assemble", "clean", "collect", "reorder"]
_THINGS = ["lamp", "kettle", "rug", "shelf", "chair", "curtain", "mug", "plant pot", "clock", "mirror", "basket"]
_PLACES = ["Dublin", "Cork", "Galway", "Paris", "Lyon", "Berlin", "Hamburg", "Madrid", "Rome", "Vienna", "Oslo"]
_WAYS = ["on Sundays", "during the sale", "after thirty days", "with a voucher", "as a guest", "by phone", "abroad"]


def article(number: int, rng: random.Random) -> Article:
    what = f"{rng.choice(_DOING)} a {rng.choice(_THINGS)} in {rng.choice(_PLACES)} {rng.choice(_WAYS)} model {number}"
    answer = f"Yes, you can {what}. Our team of {rng.choice(_PLACES)} helps you within {rng.randint(1, 30)} days."
    return Article(Entry(f"e{number}", f"Can I {what}?", answer, phrasings=(f"{what} possible", f"is it ok to {what}")))


def make(settings: Settings, entries: int) -> None:
    rng = random.Random(5)  # noqa: S311 - nothing secret
    known = folder.read(ROOT / "data" / "kb")
    encoder = load_encoder(settings.encoder, 2)
    base = encoder.encode([text for entry in known for _, text in units(entry)])
    library = Library(open_database(settings.database))
    library.prepare()
    found = [article(number, rng) for number in range(entries)]
    texts = [text for one in found for _, text in units(one.entry)]
    cache = VectorCache(encoder, settings.cache / "vectors.db")
    cache.remember(texts, noisy(base, len(texts), 0))
    cache.close()
    library.take(found, "bench", "made up", only=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    began, worked = time.perf_counter(), time.process_time()
    yield
    print(f"{what:24} {time.perf_counter() - began:8.3f} {time.process_time() - worked:8.3f}", flush=True)


def lists(library: Library, some: str) -> None:
    asked: dict[str, Callable[[], object]] = {
        "list": library.page,
        "search: lamp": lambda: library.page(search="lamp"),
        "search: berlin lamp": lambda: library.page(search="berlin lamp"),
        "open": lambda: library.open(some),
        "facets": library.facets,
    }
    for look in LOOKS:
        asked[f"filter: {look}"] = lambda look=look: library.page(filters={"look": look})  # type: ignore[misc]
    for name, ask in asked.items():
        ask()
        with timed(name):
            ask()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--edits", default="1,1,1000", help="how many entries are edited before each publish")
    args = parser.parse_args()
    ours = read()
    settings = replace(ours, home=args.home, database_url=None)
    args.home.mkdir(exist_ok=True)
    for name in ("encoder", "reranker", "judgement"):
        if not (args.home / name).exists():
            (args.home / name).symlink_to((ours.home / name).resolve())
    if snapshot.current_name(settings.index) is None:
        with timed("made up"):
            make(settings, args.entries)
        with timed("published from nothing"):
            publishing.publish(settings)
    library, knowledge, bench = Library(open_database(settings.database)), Knowledge(settings.index), Bench(settings)
    with timed("an assistant's start"):
        ids = [entry.id for entry in knowledge.current().snapshot.entries]
    lists(library, ids[0])
    with timed("first check"):
        bench.check(())
    with timed("notes"):
        bench.keep()
    at = 0

    def edited(number: int) -> list[str]:
        nonlocal at
        some = [ids[(at + k) * 37 % len(ids)] for k in range(number)]
        for k, name in enumerate(some):
            kept = library.open(name)
            fields = {**kept["fields"], "question": f"{kept['fields']['question'].rstrip('?')} v{at + k}?"}
            library.save(Article.parse(fields, name), kept["revision"], "bench")
        at += number
        return some

    for number in map(int, args.edits.split(",")):
        some = edited(number)
        with timed(f"check of {number}"):
            report = bench.check(some)
        with timed(f"publish of {number}"):
            bench.publish(some, "bench", report["digest"], override="a measurement")
        with timed("the assistant has it"):
            knowledge.current()
        with timed("notes"):
            bench.keep()
    bench.close()
    bench, some = Bench(settings), edited(1)
    with timed("a new process: check"):
        bench.check(some)
    bench.close()


if __name__ == "__main__":
    main()
