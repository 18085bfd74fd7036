"""What agents do with conversations, by session or key."""

from __future__ import annotations

from bot.desk.openapi.schema import (
    FLAG,
    MESSAGE_ID,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Call,
    Schema,
    arr,
    enum,
    get,
    loose,
    null,
    obj,
    post,
    ref,
    some,
)
from bot.desk.openapi.shapes import OUTCOME, PRIORITY

_BASE = "/api/console"
_ONE = f"{_BASE}/conversations/{{CID}}"
_NOTE = obj(None, note=TEXT)
_CONVERSATION = some(conversation=ref("Summary"))
_LIST = some(conversations=arr(ref("Summary")))
_SUGGESTIONS = some(suggestions=arr(ref("Suggestion")))
_SEQ = some(seq=WHOLE)
_HIT = some(conversation=ref("Summary"), seq=WHOLE, at=TIME, kind=TEXT, **{"from": TEXT}, parts=arr(arr(TEXT)))


def _act(what: str, summary: str, sent: Schema | None = None, out: Schema | None = _CONVERSATION) -> Call:
    return post(f"{_ONE}/{what}", summary, out, sent)


CALLS = (
    get(f"{_BASE}/conversations", "A list of conversations",
        some(conversations=arr(ref("Summary")), counts=ref("Counts"), next=null(TEXT)),
        view=enum("queue", "team", "mine", "all", "mentions", "snoozed", "agents", "bot", "closed"), team=TEXT,
        tag=TEXT, before=TEXT),
    get(_ONE, "A conversation with its records", some(
        conversation=ref("Summary"), packet=null(ref("Packet")), records=arr(ref("Record")),
        customer=null(ref("Customer")), orders=arr(loose("A look-up of the packet."))), after=WHOLE),
    get(f"{_BASE}/search", "Find what was said", some(hits=arr(_HIT), more=FLAG), q=TEXT, offset=WHOLE),
    get(f"{_ONE}/earlier", "Other conversations of the same customer", _LIST),
    get(f"{_ONE}/suggestions", "Entries near the customer's newest words", _SUGGESTIONS),
    get(f"{_BASE}/kb", "Entries near any words", _SUGGESTIONS, q=TEXT),
    get(f"{_ONE}/transcript", "The conversation as a file", "text/*", format=enum("txt", "html")),
    _act("transcript", "Mail the conversation", obj(None, to=TEXT), some(to=TEXT, duplicate=FLAG)),
    _act("claim", "Take it from the queue", obj(None, epoch=WHOLE, force=FLAG)),
    _act("release", "Give it back to the front of the queue", _NOTE),
    _act("handback", "Give it back to the bot", _NOTE),
    _act("transfer", "Give it to another team or agent",
         obj(None, team=TEXT, agent=TEXT, skill=TEXT, priority=PRIORITY, note=TEXT, epoch=WHOLE)),
    _act("assign", "Give it to an agent, as a supervisor", obj({"agent": TEXT}, epoch=WHOLE)),
    _act("close", "Close it with an outcome",
         obj({"outcome": OUTCOME}, note=TEXT, product=TEXT, fault=TEXT, cause=TEXT)),
    _act("merge", "Close it as a duplicate of another", some(into=TEXT)),
    _act("priority", "Set its priority", some(priority=PRIORITY)),
    _act("tags", "Add and remove tags", obj(None, add=arr(TEXT), remove=arr(TEXT))),
    _act("snooze", "Put it off", some(until=null(TIME))),
    _act("messages", "Write to the customer", obj({"id": MESSAGE_ID}, text=TEXT, attachments=arr(TEXT)), ref("Posted")),
    _act("messages/{SEQ}/edit", "Change an own message, within a minute", some(text=TEXT), _SEQ),
    _act("messages/{SEQ}/delete", "Take an own message back, within a minute", obj(), _SEQ),
    _act("notes", "Write a note that only staff see", obj({"id": MESSAGE_ID, "text": TEXT}, mentions=arr(TEXT)),
         ref("Posted")),
    _act("typing", "The agent types, or no more", some(typing=FLAG), None),
    _act("viewing", "The agent looks at it, or no more", obj({"viewing": FLAG}, typing=FLAG), None),
    get(f"{_ONE}/canned/{{ITEM}}", "A canned reply filled in", some(text=TEXT, missing=arr(TEXT))),
    _act("macro", "Carry a macro out", obj({"macro": TEXT}, id=MESSAGE_ID),
         some(conversation=ref("Summary"), sent=arr(WHOLE))),
    post(f"{_ONE}/attachments", "Upload a file for a message", some(attachment=ref("Attachment")),
         "application/octet-stream", 201, name=TEXT),
    get(f"{_BASE}/attachments/{{NAME}}", "A file", "*/*"),
    get(f"{_BASE}/events", "What is new in all conversations, as server-sent events", "text/event-stream"),
    post(f"{_BASE}/here", "An open console says that its agent is there", None),
    get(f"{_BASE}/wall", "What supervisors watch", some(
        at=TIME, waiting=WHOLE, longest=null(TIME),
        teams=arr(some(team=TEXT, waiting=WHOLE, longest=null(TIME), at_risk=WHOLE, breached=WHOLE)),
        agents=arr(ref("Working")),
        today=some(arrived=WHOLE, answered=WHOLE, closed=WHOLE, first_response_median=null(NUMBER),
                   csat=null(NUMBER))), zone=TEXT),
)
