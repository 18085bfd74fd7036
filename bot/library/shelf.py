"""The articles that are live, kept in memory: after the first look only what publications have changed is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.library.article import Article
from bot.library.errors import LibraryError
from bot.library.tables import lives, publications, versions

_ROWS = 500


class Shelf:
    """What is live never changes but by a publication that is done, so the ledger tells what is new."""

    def __init__(self) -> None:
        self._articles: dict[int, Article] = {}
        self._done: list[int] = []

    def look(self, connection: Any) -> Mapping[int, Article]:
        """The live articles by nr, in that order. Raises LibraryError where one is missing."""
        query = sa.select(publications.c.seq).where(publications.c.state == "done").order_by(publications.c.seq)
        done = list(connection.execute(query).scalars())
        # A publication may be settled late, by recovery, and a backup may bring other ones: then all is read again.
        known = bool(self._done) and done[: len(self._done)] == self._done
        if known and len(done) == len(self._done):
            return self._articles
        query = sa.select(lives.c.article, lives.c.version, lives.c.until)
        if known:
            query = query.where(sa.or_(lives.c.since > self._done[-1], lives.c.until > self._done[-1]))
        else:
            query = query.where(lives.c.until.is_(None))
        moved = connection.execute(query).all()
        wanted = {nr: version for nr, version, until in moved if until is None}
        gone = {nr for nr, _, _ in moved}
        kept = {nr: article for nr, article in self._articles.items() if known and nr not in gone}
        kept |= read(connection, wanted)
        self._articles, self._done = dict(sorted(kept.items())), done
        return self._articles


def read(connection: Any, numbers: Mapping[int, int]) -> dict[int, Article]:
    """The articles in the versions of `numbers`, by nr. Raises LibraryError where one is missing."""
    nrs = sorted(numbers)
    found: dict[int, Article] = {}
    columns = (versions.c.article, versions.c.number, versions.c.body)
    for start in range(0, len(nrs), _ROWS):
        query = sa.select(columns).where(versions.c.article.in_(nrs[start : start + _ROWS]))
        for nr, number, body in connection.execute(query):
            if numbers[nr] == number:
                found[nr] = Article.restore(json.loads(body))
    if missing := set(numbers) - set(found):
        first = min(missing)
        raise LibraryError(f"version {numbers[first]} of article {first} is missing in the database")
    return found
