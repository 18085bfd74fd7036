"""The moment that a restore goes back to: that of the store, which is read before the database.

What the database tells of a conversation beyond the end of its log did not happen then. The numbers are given out anew,
and what stood under them would be taken for what comes now: it would not be archived, mailed or told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Tables whose rows are about one record, with the columns of its conversation and its seq.
_ABOUT = {"archived_conversation": ("id", "seq"), "archived_record": ("conversation", "seq"),
          "webhook_delivery": ("conversation", "seq")}
#: Keys of mails that name a record: an agent's answer, and what a turn of the bot sent.
_MAIL = re.compile(r"answer:(?P<answered>[\w-]+):(?P<first>\d+)$|(?P<asked>[\w-]+)-(?P<last>\d+):")


class Moment:
    """`ends` has the length of the log of each conversation that the store held then."""

    def __init__(self, ends: Mapping[str, int]) -> None:
        self._ends = ends

    def rows(self, table: str, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
        """The rows of a table as they belong to it; the first is the columns' names."""
        columns = next(rows)
        yield columns
        for values in rows:
            row = self._then(table, dict(zip(columns, values, strict=True)))
            if row is not None:
                yield list(row.values())

    def _then(self, table: str, row: dict[str, Any]) -> dict[str, Any] | None:
        if table in _ABOUT and self._is_later(*(row[column] for column in _ABOUT[table])):
            return None
        if table == "outbox" and (named := _MAIL.match(row["key"])):
            cid, seq = named["answered"] or named["asked"], named["first"] or named["last"]
            return None if self._is_later(cid, int(seq)) else row
        if table == "webhook_upto":
            return {**row, "seq": min(row["seq"], self._ends.get(row["conversation"], row["seq"]))}
        if table == "kb_publication" and row["state"] == "begun":
            return {**row, "snapshot": ""}  # it was the old home's; whoever starts now settles it
        if table == "erased_conversation":
            return {**row, "done": False}  # the store's part may be of before that
        if table == "archived_conversation":
            return {**row, "alone": row["id"] not in self._ends}
        return row

    def _is_later(self, cid: str, seq: int) -> bool:
        return seq > self._ends.get(cid, seq)
