"""What can go wrong in the library; every message names the thing and the mend."""

from __future__ import annotations

from typing import Any


class LibraryError(Exception):
    """Base of all errors of this package."""


class NoSuchArticle(LibraryError):
    """There is no article, version or comment of that name."""


class Taken(LibraryError):
    """The id is another article's."""


class Edited(LibraryError):
    """Somebody else has changed the article since the sender opened it. `now` is how it stands, for a comparison."""

    def __init__(self, now: dict[str, Any]) -> None:
        super().__init__(
            f"{now['updated_by'] or 'Somebody'} has changed this entry since you opened it; nothing of "
            "yours is saved yet: compare the two and decide"
        )
        self.now = now


class Overtaken(LibraryError):
    """A publish has read an article that was changed before it could begin."""

    def __init__(self, article: str) -> None:
        super().__init__(f"{article} was changed while the publish began; nothing is live yet: publish again")


class Unwritten(LibraryError):
    """What was begun is not in the database any more, so that it cannot be settled."""

    def __init__(self, seq: int, snapshot: str) -> None:
        super().__init__(f"publication {seq} is gone from the database, so {snapshot} serves without being written "
                         "down; publish again")


class NothingToPublish(LibraryError):
    """The library has nothing that customers could be shown."""


class BadImport(LibraryError):
    """A file that cannot be imported; the message says where the fault stands. Nothing of it was taken."""
