"""After a death in the middle of a publish: brings the ledger of publications in line with the snapshot that serves.

The same goes for an index that came without its database: it is written down instead of being built again."""

from __future__ import annotations

import logging

from bot.judgement import publishing
from bot.library.publications import Plan, Publications, planned, publications_of
from bot.settings import Settings
from kb_index import snapshot
from kb_index.errors import BadEntry, BadSnapshot

log = logging.getLogger(__name__)


def is_current(settings: Settings) -> bool:
    ledger = publications_of(settings)
    return not ledger.begun() and _unwritten(settings, ledger) is None


def settle(settings: Settings, ledger: Publications | None = None) -> None:
    """Writes down a publication that is live, and drops those that came to nothing. Only for who holds the set-up's
    lock: a publication under way would be dropped. A `ledger` that has looked before is quicker."""
    ledger = ledger or publications_of(settings)
    name, mark = _serving(settings)
    if ledger.begun() and (said := ledger.recover(mark, name)):
        log.warning("%s", said)
    if (plan := _unwritten(settings, ledger)) is not None:
        ledger.finish(ledger.begin(plan, mark, "", "set-up"), name, plan)


def _serving(settings: Settings) -> tuple[str, str]:
    """Name and mark of the snapshot that serves, empty where there is none."""
    name = snapshot.current_name(settings.index)
    try:
        return name or "", str(snapshot.manifest(settings.index, name)["mark"]) if name else ""
    except (BadSnapshot, KeyError):
        return "", ""


def _unwritten(settings: Settings, ledger: Publications) -> Plan | None:
    """Changes of the folder that the serving snapshot has already, or None."""
    name, mark = _serving(settings)
    if not name:
        return None
    try:
        plan = planned(ledger)
    except BadEntry:
        return None  # the publish will say so
    if not plan.changes and not plan.marks:
        return None
    return plan if publishing.mark(settings, plan.entries) == mark else None
