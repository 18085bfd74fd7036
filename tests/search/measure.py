"""How fast the search answers: ``python -m tests.search.measure 100000 [DATABASE_URL]``.

Fills an empty database with conversations of made-up words, drawn as in a language (few are common, most are rare), and
asks for common words, rare ones, several, beginnings, and what is not there. Prints the times of each kind.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from itertools import accumulate

from bot.database import open_database
from bot.search.index import Index

_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
_OF_ONE = 10


def main(count: int, url: str = "") -> None:
    rng = random.Random(7)
    words = list(dict.fromkeys("".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(30_000)))
    often = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
    with tempfile.TemporaryDirectory() as folder:
        index = Index(open_database(url or f"sqlite:///{folder}/search.db"))
        index.prepare()
        began = time.perf_counter()
        for start in range(0, count // _OF_ONE, 100):
            index.take({f"c{number}": [
                {"seq": seq, "at": 1e9 + seq, "kind": "message", "from": "customer",
                 "text": " ".join(rng.choices(words, cum_weights=often, k=rng.randint(4, 40)))}
                for seq in range(1, _OF_ONE + 1)] for number in range(start, min(start + 100, count // _OF_ONE))})
        print(f"filled with {count:,} messages in {time.perf_counter() - began:.1f} s")
        kinds = {
            "the commonest words": words[:20], "common words": words[50:90], "rare words": words[20_000:20_040],
            "two common words": [f"{a} {b}" for a, b in zip(words[:30], words[30:60], strict=True)],
            "a common and a rare word": [f"{a} {b}" for a, b in zip(words[:30], words[9000:9030], strict=True)],
            "one letter": list("bdfgklmnprstvz"), "two letters": _SYLLABLES[:40],
            "not there": [f"x{word}" for word in words[:30]], "there, but never together": ["zzz " + word for word in words[:30]],
        }
        for kind, queries in kinds.items():
            times = []
            for query in queries:
                began = time.perf_counter()
                index.find(query)
                times.append(1000 * (time.perf_counter() - began))
            print(f"{kind:28} median {statistics.median(times):6.1f} ms  longest {max(times):6.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:3])
