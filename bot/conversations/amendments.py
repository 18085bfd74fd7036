"""Messages that their agent changed or took back. The log only grows: records of it point to them."""

from __future__ import annotations

from collections.abc import Iterable

from bot.conversations.record import Record, for_customer

AMENDMENTS = ("edited", "deleted")


def amended(records: Iterable[Record]) -> list[Record]:
    """The records with each message as it stands now: ``edited`` with its new text, ``deleted`` with none.

    An amendment whose message is not among the records changes nothing here.
    """
    found = list(records)
    places = {record["seq"]: place for place, record in enumerate(found)}
    for record in found:
        if record.get("event") in AMENDMENTS and (place := places.get(record["of"])) is not None:
            taken_back = record["event"] == "deleted" or found[place].get("deleted")
            how = {"text": "", "deleted": True} if taken_back else {"text": record["text"], "edited": True}
            found[place] = {**{name: value for name, value in found[place].items() if name != "attachments"
                               or not taken_back}, **how}
    return found


def seen_by_customer(records: Iterable[Record]) -> list[Record]:
    """The records as their customer may see them: what was taken back is gone."""
    return [for_customer(record) for record in amended(records)]


def newest_message(records: Iterable[Record]) -> Record | None:
    """The newest message that was not taken back, as it stands now."""
    said = [record for record in amended(records) if record["kind"] == "message" and not record.get("deleted")]
    return said[-1] if said else None
