"""How the desk is set up, webhooks and keys."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.integrations import SCOPES
from bot.desk.openapi.schema import FLAG, TEXT, WHOLE, Call, arr, delete, enum, get, null, obj, post, put, ref, some
from bot.desk.openapi.shapes import PARTS
from bot.webhooks.events import EVENTS

_BASE = "/api/console"
_SETTINGS = f"{_BASE}/settings"
_HOOK = f"{_SETTINGS}/webhooks/{{HOOK}}"
_EVENTS = arr(enum(*EVENTS))
_DELIVERY = some(delivery=ref("Delivery"))
_SCOPES = arr(enum(*SCOPES))


def _parts() -> Iterator[Call]:
    for name in PARTS:
        kind = {"Canned": "canned", "Macro": "macros"}.get(name, name.lower().rstrip("s") + "s")
        place, sent = f"{_SETTINGS}/{kind}", obj(None, **PARTS[name])
        yield get(place, f"All {kind}", obj({kind: arr(ref(name))}))
        yield post(place, f"Add to the {kind}", ref(name), sent, 201)
        yield put(f"{place}/{{ITEM}}", f"Change one of the {kind}", ref(name),
                  obj({"revision": WHOLE}, **PARTS[name]))
        yield delete(f"{place}/{{ITEM}}", f"Remove one of the {kind}", revision=WHOLE)


CALLS = (
    get(f"{_BASE}/desk", "The set-up, and who is there", some(
        me=ref("Me"), teams=arr(ref("Team")), agents=arr(ref("Agent")), hours=arr(ref("Hours")),
        canned=arr(ref("Canned")), macros=arr(ref("Macro")), tags=arr(TEXT), skills=arr(TEXT), open_now=FLAG)),
    post(f"{_BASE}/me", "Say whether you take conversations", some(me=ref("Me")), some(status=enum("online", "away"))),
    *_parts(),
    put(f"{_SETTINGS}/agents/{{AGENT}}", "An agent's capacity, teams and skills", ref("Agent"),
        obj(None, capacity=WHOLE, teams=arr(TEXT), skills=arr(TEXT))),
    get(f"{_SETTINGS}/webhooks", "All webhooks", some(webhooks=arr(ref("Webhook")), events=_EVENTS)),
    post(f"{_SETTINGS}/webhooks", "Add a webhook; its secret is shown this once",
         some(webhook=ref("Webhook"), secret=TEXT), obj({"url": TEXT, "events": _EVENTS}, active=FLAG), 201),
    put(_HOOK, "Change a webhook", ref("Webhook"),
        obj({"url": TEXT, "events": _EVENTS, "revision": WHOLE}, active=FLAG)),
    delete(_HOOK, "Remove a webhook and its log", revision=WHOLE),
    post(f"{_HOOK}/secret", "Give it a new secret", some(secret=TEXT)),
    post(f"{_HOOK}/test", "Send it something at once", _DELIVERY),
    get(f"{_HOOK}/deliveries", "Its deliveries, newest first",
        some(deliveries=arr(ref("Delivery")), next=null(TEXT)), before=TEXT),
    get(f"{_HOOK}/deliveries/{{DELIVERY}}", "One delivery with what was sent",
        some(delivery=ref("Delivery"), payload=ref("Payload"))),
    post(f"{_HOOK}/deliveries/{{DELIVERY}}/redeliver", "Send it once more", _DELIVERY, status=202),
    get(f"{_SETTINGS}/keys", "All API keys", some(keys=arr(ref("Key")), scopes=_SCOPES)),
    post(f"{_SETTINGS}/keys", "Make an API key; it is shown this once", some(key=ref("Key"), secret=TEXT),
         obj({"name": TEXT, "scopes": _SCOPES}, days=WHOLE), 201),
    delete(f"{_SETTINGS}/keys/{{KEY}}", "Revoke an API key"),
)
