"""Shapes that several calls share. docs/api.md says what their fields mean."""

from __future__ import annotations

from bot.conversations.placement import PRIORITIES
from bot.desk.integrations import SCOPES
from bot.desk.openapi.schema import (
    ANY,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    arr,
    enum,
    loose,
    null,
    obj,
    ref,
    some,
)
from bot.webhooks.events import EVENTS

OWNER = enum("bot", "queue", "agent", "closed")
OUTCOME = enum("solved", "not_solved", "product_fault", "duplicate", "spam")
PRIORITY = enum(*PRIORITIES)
ONE = some(id=TEXT, name=TEXT)
WEEK = obj(None, **{day: arr(arr(TEXT)) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})

PARTS: dict[str, dict[str, Schema]] = {
    "Team": {"name": TEXT, "tier": WHOLE, "topics": arr(TEXT), "skills": arr(TEXT), "members": arr(TEXT),
             "first_response_minutes": null(WHOLE), "resolution_minutes": null(WHOLE),
             "answer_minutes": null(WHOLE), "assignment": enum("pull", "auto"), "hours": null(TEXT)},
    "Hours": {"name": TEXT, "timezone": TEXT, "week": WEEK, "holidays": arr(TEXT)},
    "Canned": {"shortcut": TEXT, "title": TEXT, "text": TEXT, "team": null(TEXT)},
    "Macro": {"title": TEXT, "steps": arr(ref("Step")), "team": null(TEXT)},
}

AGENT: dict[str, Schema] = {
    "id": TEXT, "name": TEXT, "role": TEXT, "status": enum("online", "away", "offline"), "load": WHOLE,
    "capacity": WHOLE, "teams": arr(TEXT), "skills": arr(TEXT)}

SHAPES: dict[str, Schema] = {
    "Error": some(error=obj(
        {"code": TEXT, "message": TEXT}, field=TEXT, owner=ref("Owner"), now=ANY,
        report=loose("What the gate found, where it stops a publish."))),
    "Owner": some(owner=OWNER, agent=null(ONE)),
    "Status": some(owner=OWNER, agent=null(some(name=TEXT)), ahead=null(WHOLE),
                   wait=null(some(low=NUMBER, high=NUMBER)), away=null(some(opens=null(TIME))), mail=null(TEXT)),
    "Attachment": obj({"id": TEXT, "name": TEXT, "type": TEXT, "size": WHOLE}, width=WHOLE, height=WHOLE),
    "Record": {**obj(
        {"seq": WHOLE, "at": TIME, "kind": enum("message", "event", "note", "internal")},
        **{"from": enum("customer", "bot", "agent", "system")}, id=TEXT, text=TEXT, html=TEXT, event=TEXT,
        buttons=arr(obj(None, title=TEXT)), attachments=arr(ref("Attachment")), by=ONE, of=WHOLE, answer=FLAG,
        answers=arr(WHOLE), evidence=loose("How the bot decided; for staff.")),
        "additionalProperties": True,
        "description": "One line of a conversation's log; events have fields of their own (docs/api.md)."},
    "Posted": some(id=TEXT, seq=WHOLE, duplicate=FLAG),
    "Rating": obj({"csat": WHOLE}, effort=null(WHOLE), comment=null(TEXT)),
    "Summary": some(
        id=TEXT, owner=OWNER, agent=null(ONE), team=null(TEXT), epoch=WHOLE, seq=WHOLE, created=TIME, updated=TIME,
        waiting_since=null(TIME), why=null(TEXT), last=null(obj({"from": TEXT, "text": TEXT, "at": TIME})),
        page=null(TEXT), locale=null(TEXT), name=null(TEXT), verified=FLAG, skill=null(TEXT), priority=PRIORITY,
        tags=arr(TEXT), snoozed_until=null(TIME),
        due=null(some(what=enum("first_response", "resolution"), at=TIME, risk=TIME, breached=FLAG)),
        answer_by=null(TIME), outcome=null(TEXT), product=null(TEXT), fault=null(TEXT), cause=null(TEXT),
        rating=null(ref("Rating")), merged_into=null(TEXT), mentions=arr(TEXT), via=enum("widget", "mail")),
    "Counts": obj({name: WHOLE for name in ("queue", "mine", "agents", "bot", "closed", "all", "mentions", "snoozed")}
                  | {"teams": {"type": "object", "additionalProperties": WHOLE}}),
    "Packet": {**obj(
        None, at=TIME, why=loose("Why people are asked."), who=loose("Who the customer is."),
        what=loose("What it is about."), tried=arr(loose("An entry that was shown.")),
        lookups=arr(loose("What a backend was asked.")), told=TEXT,
        summary=arr(some(line=TEXT, seqs=arr(WHOLE)))), "additionalProperties": True,
        "description": "What people need to know of a conversation that is handed to them."},
    "Customer": obj(dict(name=null(TEXT), email=null(TEXT), verified=FLAG, by=null(TEXT)), earlier=FLAG),
    "Suggestion": some(entry=TEXT, question=TEXT, answer=TEXT, html=TEXT, score=NUMBER,
                       audience=enum("everyone", "verified", "agents"), url=null(TEXT)),
    "User": some(id=TEXT, name=TEXT, email=TEXT, role=TEXT),
    "Me": some(id=TEXT, status=enum("online", "away", "offline"), capacity=WHOLE),
    "Agent": some(**AGENT),
    "Working": {**some(**AGENT, conversations=arr(ref("Summary"))), "description": "An agent with what they have."},
    "Step": obj({"do": enum("reply", "note", "tag", "priority", "assign", "snooze", "close")}, text=TEXT,
                add=arr(TEXT), remove=arr(TEXT), priority=PRIORITY, team=TEXT, agent=TEXT, minutes=WHOLE,
                outcome=OUTCOME),
    **{name: some(id=TEXT, revision=WHOLE, **fields) for name, fields in PARTS.items()},
    "Webhook": some(id=TEXT, url=TEXT, events=arr(enum(*EVENTS)), active=FLAG, revision=WHOLE, created=TIME,
                    created_by=TEXT, failing_since=null(TIME), disabled=null(some(at=TIME, why=TEXT)), waiting=WHOLE),
    "Delivery": some(id=TEXT, event=TEXT, conversation=null(TEXT), seq=null(WHOLE),
                     state=enum("waiting", "taken", "given_up"), at=TIME, tries=WHOLE, due=null(TIME),
                     tried=null(TIME), code=null(WHOLE), said=TEXT, ms=null(WHOLE)),
    "Payload": some(type=enum(*EVENTS, "webhook.test"), timestamp={"type": "string", "format": "date-time"},
                    data=loose("`conversation`, `record` and, when handed over, `packet`.")),
    "Key": some(id=TEXT, name=TEXT, scopes=arr(enum(*SCOPES)), created=TIME, created_by=TEXT, expires=null(TIME),
                used=null(TIME), revoked=null(TIME)),
    "Job": some(job=TEXT, call=TEXT, state=enum("working", "done", "failed"), done=ANY, of=ANY, result=ANY,
                error=ANY),
    "Entry": loose("An entry, as docs/api.md describes it under Editors."),
}
