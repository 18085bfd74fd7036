"""What the widget calls, and what anybody may."""

from __future__ import annotations

from bot.desk.openapi.schema import (
    FLAG,
    MESSAGE_ID,
    TEXT,
    WHOLE,
    Call,
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

_BASE = "/api/widget"
_CSAT = {"type": "integer", "minimum": 1, "maximum": 5}

CALLS = (
    get(f"{_BASE}/config", "The widget's words and limits", obj(
        {"shop": TEXT, "welcome": TEXT, "texts": {"type": "object", "additionalProperties": TEXT},
         "starters": arr(TEXT), "max_text": WHOLE, "max_file_mb": WHOLE})),
    post(f"{_BASE}/conversations", "Begin a conversation", some(conversation=TEXT, token=TEXT),
         obj(None, page=TEXT, locale=TEXT, identity=TEXT), 201),
    post(f"{_BASE}/identity", "The customer signed in on the page", None, some(identity=TEXT)),
    get(f"{_BASE}/conversation", "The conversation that the token opens",
        some(conversation=TEXT, status=ref("Status"), records=arr(ref("Record"))), after=WHOLE),
    post(f"{_BASE}/messages", "Say something, or answer with a button", ref("Posted"),
         obj({"id": MESSAGE_ID}, text=TEXT, attachments=arr(TEXT), locale=TEXT,
             choice=obj(None, seq=WHOLE, index=WHOLE, topic=TEXT))),
    post(f"{_BASE}/attachments", "Upload a file for a message", some(attachment=ref("Attachment")),
         "application/octet-stream", 201, name=TEXT),
    get(f"{_BASE}/attachments/{{NAME}}", "A file", "*/*"),
    get(f"{_BASE}/transcript", "The conversation as a file", "text/*", format=enum("txt", "html")),
    post(f"{_BASE}/typing", "The customer types, or no more", None, some(typing=FLAG)),
    post(f"{_BASE}/helpful", "Vote on an answer of the bot", None, some(seq=WHOLE, helpful=FLAG)),
    post(f"{_BASE}/mail", "Where answers go that the customer has not read here", None,
         obj({"email": TEXT}, name=TEXT, text=TEXT, id=MESSAGE_ID)),
    post(f"{_BASE}/read", "The customer has read so far, and that is not mailed", None, some(seq=WHOLE)),
    post(f"{_BASE}/resume", "Go on by the code of a mailed link", some(conversation=TEXT, token=null(TEXT)),
         some(code=TEXT)),
    post(f"{_BASE}/rating", "Rate what an agent closed", None,
         obj({"csat": _CSAT}, effort=null(_CSAT), comment=null(TEXT))),
    Call("GET", f"{_BASE}/events", "What is new, as server-sent events", {200: "text/event-stream"},
         header={"Last-Event-ID": WHOLE}),
    post("/api/session", "Sign in; sets the session's cookie", some(user=ref("User")),
         some(email=TEXT, password=TEXT)),
    get("/api/session", "Who is signed in", some(user=ref("User"))),
    Call("DELETE", "/api/session", "Sign out", {204: None}),
    Call("GET", "/health", "Whether messages are taken", {
        status: obj({"ok": FLAG, "store": TEXT, "assistant": null(some(workers=WHOLE, waiting=WHOLE, busy=WHOLE))},
                    streams=WHOLE,
                    knowledge={"anyOf": [enum("ok"), loose("Which snapshot is damaged and which one serves.")]})
        for status in (200, 503)}),
    get("/api/openapi.json", "This document", loose("OpenAPI 3.1.")),
    get("/api/docs", "This document as a page", "text/html"),
)
