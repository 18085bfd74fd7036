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


#: Of so many conflicts with the folder a start tells.
_TOLD = 20


def is_current(settings: Settings) -> bool:
    """Warns of what in the folder is not followed: at a start nobody looks at the gate."""
    ledger = publications_of(settings)
    plan = _planned(ledger)
    for conflict in plan.conflicts[:_TOLD]:
        log.warning("%s", conflict)
    return not ledger.begun() and _unwritten(settings, plan) is None


def settle(settings: Settings, ledger: Publications | None = None) -> None:
    """Writes down a publication that is live, and drops those that came to nothing. Only for who holds the set-up's
    lock: a publication under way would be dropped. A `ledger` that has looked before is quicker."""
    ledger = ledger or publications_of(settings)
    name, mark = _serving(settings)
    if ledger.begun() and (said := ledger.recover(mark, name)):
        log.warning("%s", said)
    if (plan := _unwritten(settings, _planned(ledger))) is not None:
        ledger.finish(ledger.begin(plan, mark, "", "set-up"), name, plan)


def _serving(settings: Settings) -> tuple[str, str]:
    """Name and mark of the snapshot that serves, empty where there is none."""
    name = snapshot.current_name(settings.index)
    try:
        return name or "", str(snapshot.manifest(settings.index, name)["mark"]) if name else ""
    except (BadSnapshot, KeyError):
        return "", ""


def _planned(ledger: Publications) -> Plan:
    """What a publish would make live; nothing where a file keeps it from that."""
    try:
        return planned(ledger)
    except BadEntry:
        return Plan()  # the publish will say so


def _unwritten(settings: Settings, plan: Plan) -> Plan | None:
    """The plan where the serving snapshot has its changes already, else None."""
    name, mark = _serving(settings)
    if not name or not (plan.changes or plan.marks):
        return None
    return plan if publishing.mark(settings, plan.entries) == mark else None
