"""What editors call; the shapes of entries and reports stand in docs/api.md."""

from __future__ import annotations

from bot.desk.openapi.schema import (
    ANY,
    FLAG,
    TEXT,
    WHOLE,
    arr,
    delete,
    enum,
    get,
    loose,
    null,
    obj,
    post,
    put,
    ref,
    some,
)

_BASE = "/api/editor"
_ENTRY = f"{_BASE}/entries/{{ENTRY}}"
_FIELDS = loose("The fields of an entry.")
_COMMENTS = some(comments=arr(loose("A comment.")))
_QUESTIONS = some(questions=arr(loose("A judged question.")))

CALLS = (
    get(f"{_BASE}/entries", "A page of entries",
        some(entries=arr(loose("A row.")), total=WHOLE, more=FLAG, languages=arr(TEXT)),
        search=TEXT, status=TEXT, category=TEXT, language=TEXT, owner=TEXT, audience=TEXT, look=TEXT, sort=TEXT,
        offset=WHOLE),
    get(f"{_BASE}/facets", "How many entries there are of each kind", loose("Counts by field and value.")),
    post(f"{_BASE}/entries", "Add an entry", ref("Entry"), some(fields=_FIELDS), 201),
    post(f"{_BASE}/bulk", "Change several entries", some(changed=arr(TEXT)),
         obj({"ids": arr(TEXT)}, status=TEXT, category=TEXT, owner=TEXT, audience=TEXT)),
    get(_ENTRY, "An entry", ref("Entry")),
    put(_ENTRY, "Save a new version", ref("Entry"),
        obj({"fields": _FIELDS, "revision": WHOLE}, status=TEXT, note=TEXT)),
    get(f"{_ENTRY}/versions", "Its versions", some(versions=arr(loose("A version.")))),
    get(f"{_ENTRY}/diff", "What changed between two", some(diff=arr(ANY), fields=_FIELDS),
        **{"from": WHOLE, "to": WHOLE}),
    post(f"{_ENTRY}/restore", "Go back to a version", ref("Entry"), some(version=WHOLE, revision=WHOLE)),
    post(f"{_ENTRY}/follow", "Say that a translation fits its original as that is now", ref("Entry"), obj()),
    get(f"{_ENTRY}/comments", "What was said about it", _COMMENTS),
    post(f"{_ENTRY}/comments", "Say something about it, or settle that", _COMMENTS,
         obj(None, text=TEXT, done=WHOLE, open=WHOLE)),
    post(f"{_BASE}/preview", "An answer as the widget shows it", some(html=TEXT), some(answer=TEXT)),
    post(f"{_BASE}/try", "What the bot would do with a message", loose("What is live, and what would be."),
         obj({"text": TEXT}, fields=_FIELDS)),
    post(f"{_BASE}/try/ready", "Have ready what the first message that is tried would wait for", None),
    post(f"{_BASE}/forecast", "What an edit gains and loses", loose("Counts, and what breaks."), some(fields=_FIELDS)),
    get(f"{_BASE}/questions", "Judged questions", _QUESTIONS),
    post(f"{_BASE}/questions", "Judge a question", _QUESTIONS, obj({"text": TEXT, "entry": TEXT}, protected=FLAG)),
    delete(f"{_BASE}/questions/{{QUESTION}}", "Forget a judged question"),
    get(f"{_BASE}/pending", "What differs from what is live",
        some(pending=arr(loose("A row with its change.")), ready=WHOLE, total=WHOLE)),
    post(f"{_BASE}/check", "Measure what is ready", ref("Job"), obj(None, ids=arr(TEXT)), 202),
    post(f"{_BASE}/publish", "Publish what was measured", ref("Job"),
         obj({"digest": TEXT}, ids=arr(TEXT), override=TEXT), 202),
    post(f"{_BASE}/drafts", "Make a draft of an agent's reply", some(entry=TEXT, question=TEXT, created=FLAG),
         some(conversation=TEXT, seq=WHOLE)),
    post(f"{_BASE}/unanswered", "Group what nothing answers", ref("Job"), obj(), 202),
    get(f"{_BASE}/jobs/{{JOB}}", "How far a job is", ref("Job")),
    get(f"{_BASE}/publications", "What was published", some(
        publications=arr(loose("A publication.")), alarm=null(loose("The snapshot that is damaged.")))),
    get(f"{_BASE}/publications/{{SEQ}}", "One with its whole report", loose("A publication.")),
    post(f"{_BASE}/rollback", "Serve an earlier snapshot", some(snapshot=TEXT), some(snapshot=TEXT)),
    post(f"{_BASE}/import", "Take entries from a file", ref("Job"), "application/octet-stream", 202, name=TEXT,
         only=enum("0", "1"), commit=enum("0", "1")),
    post(f"{_BASE}/folder/check", "How the Markdown folder differs", ref("Job"), obj(), 202),
    post(f"{_BASE}/folder/sync", "Bring it and the entries in step", ref("Job"), some(digest=TEXT), 202),
    post(f"{_BASE}/folder/settle", "Settle a conflict of the two", ref("Job"),
         some(entry=TEXT, side=enum("editor", "folder"), seen=TEXT), 202),
    post(f"{_BASE}/pictures", "Put a picture where answers can show it", some(address=TEXT), "application/octet-stream",
         201, name=TEXT),
    get(f"{_BASE}/export", "All entries as a file", "*/*", format=enum("csv", "json", "md")),
)
