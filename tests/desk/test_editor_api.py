"""The editors' side of docs/api.md."""

from __future__ import annotations

import asyncio
import html
import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from desk_harness import Agent, Answer, Desk, running
from PIL import Image

from bot.desk import help as help_centre
from bot.library.article import Article
from bot.settings import Settings
from kb_index.topics import topics


@pytest.fixture
async def editor(desk: Desk) -> Agent:
    return await desk.agent("Edith", "editor")


async def call(agent: Agent, method: str, path: str, json: Any = None) -> Answer:
    return await agent.desk.call(method, f"/api/editor{path}", headers=agent.headers, json=json)


def fields(name: str = "hours", **more: Any) -> dict[str, Any]:
    return {"id": name, "question": "When are you open?", "answer": "From **9** to 5.", **more}


async def test_an_entry_is_written_saved_and_found(editor: Agent) -> None:
    made = await call(editor, "POST", "/entries", {"fields": fields()})
    assert made.status == 201 and made.json["status"] == "draft" and made.json["updated_by"] == "Edith"
    assert (await call(editor, "POST", "/entries", {"fields": fields()})).code == "taken"
    saved = await call(editor, "PUT", "/entries/hours", {"fields": fields(answer="Always."), "revision": 1, "status": "review"})
    assert saved.json["fields"]["answer"] == "Always." and saved.json["status"] == "review"
    late = await call(editor, "PUT", "/entries/hours", {"fields": fields(answer="Never."), "revision": 1})
    assert (late.status, late.code) == (409, "edited") and late.json["error"]["now"]["fields"]["answer"] == "Always."
    found = await call(editor, "GET", "/entries?search=open&status=review")
    assert [row["id"] for row in found.json["entries"]] == ["hours"]
    assert (await call(editor, "GET", "/pending")).json["pending"][0]["change"] == "new"
    diff = (await call(editor, "GET", "/entries/hours/diff?from=1&to=2")).json["diff"]
    assert [one["field"] for one in diff] == ["answer"] and ["+", "Always"] in diff[0]["parts"]
    back = await call(editor, "POST", "/entries/hours/restore", {"version": 1, "revision": 2})
    assert back.json["fields"]["answer"] == "From **9** to 5." and len((await call(editor, "GET", "/entries/hours/versions")).json["versions"]) == 3
    assert (await call(editor, "POST", "/entries/hours/comments", {"text": "Sure?"})).json["comments"][0]["by"] == "Edith"


async def test_ids_of_other_systems(editor: Agent) -> None:
    name = "Über uns / häufig? 100%"
    assert (await call(editor, "POST", "/entries", {"fields": fields(name)})).status == 201
    path = "/entries/%C3%9Cber%20uns%20%2F%20h%C3%A4ufig%3F%20100%25"
    assert (await call(editor, "GET", path)).json["id"] == name
    assert (await call(editor, "GET", "/entries/nothing")).code == "not_found"


async def test_who_may(desk: Desk, editor: Agent, agent: Agent) -> None:
    for method, path in (("GET", "/entries"), ("POST", "/entries"), ("POST", "/publish"), ("GET", "/jobs/x"), ("POST", "/rollback"),
                         ("POST", "/folder/check"), ("POST", "/folder/sync"), ("POST", "/folder/settle")):
        assert (await desk.call(method, f"/api/editor{path}", headers={"X-Frontdesk": "1"}, json={})).status == 401, path
        assert (await call(agent, method, path, {})).status == 403, path
    foreign = {"Cookie": editor.cookie}
    for path in ("/entries", "/check", "/try", "/preview", "/rollback"):
        assert (await desk.call("POST", f"/api/editor{path}", headers=foreign, json={})).code == "forbidden", path
    refused = await call(editor, "POST", "/publish", {"digest": "x", "override": "I want to"})
    assert (refused.status, refused.code) == (403, "forbidden")


@pytest.mark.parametrize(("sent", "said"), [
    ({"fields": fields(question="")}, "question is empty"), ({"fields": fields(audience="me")}, "audience"),
    ({"fields": fields(answer="x" * 200_001)}, "200,001 characters"), ({"fields": fields(colour=1)}, "no field"),
    ({"fields": fields(phrasings=[1, {}])}, "is no text"), ({"fields": {}}, "id is empty"),
])
async def test_entries_that_cannot_be(editor: Agent, sent: Any, said: str) -> None:
    answer = await call(editor, "POST", "/entries", sent)
    assert (answer.status, answer.code) == (400, "bad_entry") and said in answer.json["error"]["message"]


async def test_what_no_database_takes_is_tidied_or_refused(editor: Agent) -> None:
    half, huge = "What\x00 of \ud83d this?", 2**63
    assert (await call(editor, "POST", "/entries", {"fields": fields(question=half)})).json["fields"]["question"] == "What of \ufffd this?"
    told = (await call(editor, "POST", "/entries/hours/comments", {"text": half})).json["comments"]
    assert [one["text"] for one in told] == ["What of \ufffd this?"]
    told = (await call(editor, "POST", "/questions", {"text": half, "entry": "hours"})).json["questions"]
    assert [one["text"] for one in told] == ["What of \ufffd this?"]
    saved = await call(editor, "PUT", "/entries/hours", {"fields": fields(answer="New."), "revision": 1, "note": half})
    assert saved.status == 200
    for ids in (["\ud83d"], ["\x00"]):
        assert (await call(editor, "POST", "/bulk", {"ids": ids, "status": "review"})).code == "not_found"
    for path, sent in (("/entries/hours/restore", {"version": huge, "revision": 1}), ("/entries/hours/comments", {"done": -huge - 1})):
        assert (await call(editor, "POST", path, sent)).code == "bad_field"
    assert (await call(editor, "DELETE", f"/questions/{huge}")).status == 204
    assert (await call(editor, "GET", f"/publications/{huge}")).code == "not_found"


async def test_a_paste_of_twenty_megabytes_is_refused_and_the_desk_lives(editor: Agent) -> None:
    answer = await editor.desk.call("POST", "/api/editor/preview", headers=editor.headers, data=io.BytesIO(b'{"answer": "' + b"x" * 20_000_000 + b'"}'))
    assert (answer.status, answer.code) == (413, "too_large")
    assert (await call(editor, "GET", "/entries")).status == 200
    assert (await call(editor, "POST", "/preview", {"answer": "x" * 300_000})).code == "bad_field"


async def test_the_preview_is_what_a_publish_would_show(editor: Agent) -> None:
    html = (await call(editor, "POST", "/preview", {"answer": "<script>x</script>\n\n[a](javascript:x) ![i](https://e.example/i.png)"})).json["html"]
    assert "<script" not in html and "javascript:" not in html.replace("javascript:x)", "") and "<img" not in html


async def test_bulk_and_filters_are_checked(editor: Agent) -> None:
    for n in range(3):
        await call(editor, "POST", "/entries", {"fields": fields(f"e{n}")})
    assert (await call(editor, "POST", "/bulk", {"ids": ["e0", "e1"], "status": "review"})).json["changed"] == ["e0", "e1"]
    for body in ({"ids": []}, {"ids": ["e0"], "status": "published"}, {"ids": ["e0"] * 501}):
        assert (await call(editor, "POST", "/bulk", body)).code == "bad_field"
    for query in ("status=x", "look=x", "sort=x", "audience=x"):
        assert (await call(editor, "GET", f"/entries?{query}")).code == "bad_field"
    assert (await call(editor, "GET", "/facets")).json["status"] == {"draft": 1, "review": 2}


async def publish_by_hand(desk: Desk, snapshot: str = "s1") -> None:
    """Makes what is ready live in the ledger, without an index."""
    plan = desk.services.ledger.plan()
    desk.services.ledger.finish(desk.services.ledger.begin(plan, snapshot, "Edith", "publish"), snapshot, plan)


async def test_the_help_centre_shows_what_is_live_for_everyone(desk: Desk, editor: Agent) -> None:
    for name, more in {"a/b <c>": {"category": "my orders"}, "inside": {"audience": "agents"}, "later": {"valid_from": "2999-01-01"}}.items():
        await call(editor, "POST", "/entries", {"fields": fields(name, question=f"About {name}?", **more)})
    await call(editor, "POST", "/bulk", {"ids": ["a/b <c>", "inside", "later"], "status": "review"})
    await publish_by_hand(desk)
    await call(editor, "POST", "/entries", {"fields": fields("draft")})
    page = (await desk.call("GET", "/help")).body.decode()
    assert "About a/b &lt;c&gt;?" in page and "inside" not in page and "later" not in page and "draft" not in page
    one = await desk.call("GET", "/help/a%2Fb%20%3Cc%3E")
    assert one.status == 200 and "<strong>9</strong>" in one.body.decode() and '"FAQPage"' in one.body.decode()
    assert "About a/b &lt;c&gt;?" in (await desk.call("GET", "/help?search=about")).body.decode()
    assert "About" in (await desk.call("GET", "/help?category=my%20orders")).body.decode()
    assert (await desk.call("GET", "/help?search=%3Cscript%3E")).body.decode().count("<script>") == 0
    assert "/help/a%2Fb%20%3Cc%3E" in (await desk.call("GET", "/help/sitemap.xml")).body.decode()
    for path in ("/help/draft", "/help/inside", "/help/later", "/help?category=none"):
        assert (await desk.call("GET", path)).code == "not_found", path
    for path in ("/help/draft", "/help?category=none", "/help/no/such/page"):
        page = await desk.call("GET", path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.status == 404 and b"We cannot find this page" in page.body and b'id="search"' in page.body, path
        assert b"data-frontdesk-open" in page.body and page.headers["Cache-Control"] == "no-store", path
    assert (await desk.call("GET", "/help/static/help.css", headers={"Accept": "text/html"})).status == 200


async def test_entries_without_a_category_have_a_page_of_their_own(desk: Desk, editor: Agent) -> None:
    names = [f"e{number}" for number in range(7)]
    for name in names:
        await call(editor, "POST", "/entries", {"fields": fields(name, question=f"About {name}?", category="")})
    await call(editor, "POST", "/bulk", {"ids": names, "status": "review"})
    await publish_by_hand(desk)
    assert '<a href="/help?category=">All 7</a>' in (await desk.call("GET", "/help")).body.decode()
    page = (await desk.call("GET", "/help?category=")).body.decode()
    assert "FAQPage" not in page, "search engines want a question once, and making all answers keeps everybody waiting"
    assert "<h1>General</h1>" in page and all(f"About {name}?" in page for name in names)


async def test_every_answer_of_a_large_knowledge_base_is_linked_and_in_a_sitemap(
    desk: Desk, editor: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [Article.parse(fields(f"e{n}", question=f"What of {n}?", category="all"), "here") for n in range(401)]
    await asyncio.to_thread(desk.services.library.take, many, "Edith", "imported", False)
    await publish_by_hand(desk)
    linked: list[str] = []
    path: str | None = "/help?category=all"
    for number in (1, 2, 3):
        assert path is not None
        page = (await desk.call("GET", path)).body.decode()
        linked += re.findall('<li><a href="/help/(e[0-9]+)"', page)
        assert f"<span>Page {number} of 3</span>" in page and ('rel="prev"' in page) == (number > 1)
        after = re.search('rel="next" href="([^"]+)"', page)
        path = html.unescape(after[1]) if after else None
    assert path is None and sorted(linked) == sorted(one.id for one in many)
    for number in (4, 10**30):
        assert (await desk.call("GET", f"/help?category=all&page={number}")).status == 404
    assert "<sitemapindex" not in (await desk.call("GET", "/help/sitemap.xml")).body.decode()
    monkeypatch.setattr(help_centre, "_MAPPED", 150)
    maps = re.findall("<sitemap><loc>http://[^/]+([^<]+)</loc>", (await desk.call("GET", "/help/sitemap.xml")).body.decode())
    assert maps == [f"/help/sitemap.xml?part={number}" for number in range(1, len(maps) + 1)]
    mapped = [place for one in maps for place in re.findall("<loc>http://[^/]+/help/([^<]+)</loc>", (await desk.call("GET", one)).body.decode())]
    assert len(mapped) == len(set(mapped)) and set(linked) < set(mapped)
    assert (await desk.call("GET", f"/help/sitemap.xml?part={len(maps) + 1}")).status == 404


async def test_what_is_written_to_the_left_is_shown_so(desk: Desk, editor: Agent) -> None:
    for entry in (fields(related=["fax"]), fields("hours-ar", question="متى تفتحون؟", language="ar", translation_of="hours"), fields("fax", question="Fax?")):
        await call(editor, "POST", "/entries", {"fields": entry})
    await call(editor, "POST", "/bulk", {"ids": ["hours", "hours-ar", "fax"], "status": "review"})
    await publish_by_hand(desk)
    page = (await desk.call("GET", "/help/hours-ar")).body.decode()
    for part in ('<html lang="ar" dir="rtl">', '<article lang="ar" dir="rtl">', '<header lang="en" dir="ltr">',
                 '<h2 lang="en" dir="ltr">Related', '<a href="/help/fax" dir="auto">Fax?', 'maxlength="200"\ndir="auto"'):
        assert part in page, part
    assert '<a href="/help/hours-ar" lang="ar" dir="rtl">' in (await desk.call("GET", "/help?lang=ar")).body.decode()
    assert '<html lang="en" dir="ltr">' in (await desk.call("GET", "/help/hours")).body.decode()


async def test_the_public_search_knows_nothing_but_what_is_live(desk: Desk, editor: Agent) -> None:
    async def live(name: str, question: str, answer: str, **more: Any) -> None:
        await call(editor, "POST", "/entries", {"fields": fields(name, question=question, answer=answer, **more)})
        await call(editor, "POST", "/bulk", {"ids": [name], "status": "review"})

    async def found(words: str) -> list[str]:
        page = (await desk.call("GET", f"/help?search={words}")).body.decode()
        return re.findall('<li><a href="/help/([^"]+)"', page)

    # The folder's entries are live as well, and know no zeppelins.
    await live("parcel", "Where is my parcel?", "Every zeppelin has a number.", category="air-mail", phrasings=["blimp lost"])
    await live("zeppelin", "How do I change a **zeppelin**?", "In your account, or at the aérodrome.")
    await live("chinese", "如何退货？", "您可以在30天内退货。")
    await live("agents", "What do agents know of a zeppelin?", "Much.", audience="agents")
    await publish_by_hand(desk)
    assert await found("zeppelin") == ["zeppelin", "parcel"], "who has the words in the question comes first"
    for words, names in {"ZEPP": ["zeppelin", "parcel"], "aerodrome": ["zeppelin"], "air+mail+blimp": ["parcel"],
                         "zeppelin+number": ["parcel"], "zeppelin+nothing": [], "ze": [], "%3F": [],
                         "退货": ["chinese"], "天内": ["chinese"], "货退": []}.items():
        assert await found(words) == names, words

    # As many as a page shows and more that are newer and have the word too, but are not live.
    new = [Article.parse(fields(f"new-{n}", question="Which zeppelin?"), "here") for n in range(300)]
    await asyncio.to_thread(desk.services.library.take, new, "Edith", "imported", False)
    draft = fields("parcel", question="Where is it?", answer="With an autogyro.", category="air-mail")
    assert (await call(editor, "PUT", "/entries/parcel", {"fields": draft, "revision": 2})).status == 200
    assert await found("zeppelin") == ["zeppelin", "parcel"] and await found("autogyro") == []
    await publish_by_hand(desk, "s2")
    page = (await desk.call("GET", "/help?search=zeppelin")).body.decode()
    assert "<h1>More than 200 answers to “zeppelin”</h1>" in page and page.count("<li>") == 200
    assert (await found("zeppelin"))[0] == "zeppelin"


async def test_behind_a_proxy_with_tls_search_engines_are_told_https(settings: Settings) -> None:
    async with running(replace(settings, secure_cookies=True)) as desk:
        editor = await desk.agent("Edith", "editor")
        german = fields("hours-de", language="de", translation_of="hours")
        for entry in (fields(), german):
            await call(editor, "POST", "/entries", {"fields": entry})
        await call(editor, "POST", "/bulk", {"ids": ["hours", "hours-de"], "status": "review"})
        await publish_by_hand(desk)
        for path in ("/help/hours", "/help/sitemap.xml"):
            page = (await desk.call("GET", path)).body.decode()
            assert 'hreflang="de" href="https://' in page and "http://127" not in page, path


async def test_the_start_menu_is_what_is_live_and_a_topic_carries_its_name(desk: Desk, editor: Agent) -> None:
    customer = await desk.customer()
    assert (await desk.call("GET", "/api/widget/config")).json["starters"] == []
    refused = await customer.post("messages", {"id": "a", "choice": {"topic": "Orders"}})
    assert (refused.status, refused.code) == (400, "choice_unknown")
    await call(editor, "POST", "/entries", {"fields": fields("one", category="gift-cards")})
    await call(editor, "POST", "/bulk", {"ids": ["one"], "status": "review"})
    await publish_by_hand(desk)
    live = topics(desk.services.ledger.live())
    starters = (await desk.call("GET", "/api/widget/config")).json["starters"]
    assert starters == [topic.title for topic in live] != []
    assert (await customer.post("messages", {"id": "b", "choice": {"topic": starters[-1]}})).status == 200
    posted = await desk.services.conversations.record(customer.cid, 1)
    assert posted is not None and (posted["text"], posted["payload"]) == (live[-1].title, f"topic:{live[-1].name}")


async def test_an_export_holds_everything(editor: Agent) -> None:
    await call(editor, "POST", "/entries", {"fields": fields(answer="=1+1", phrasings=["a|b"])})
    assert (await call(editor, "GET", "/export?format=json")).json == [], "a draft is ready where the file is taken in"
    assert [one["id"] for one in (await call(editor, "GET", "/export?format=json&drafts=1")).json] == ["hours"]
    await call(editor, "POST", "/bulk", {"ids": ["hours"], "status": "review"})
    csv = await call(editor, "GET", "/export?format=csv")
    assert "'=1+1" in csv.body.decode() and "attachment" in csv.headers["Content-Disposition"]
    assert (await call(editor, "GET", "/export?format=json")).json[0]["phrasings"] == ["a|b"]
    assert (await call(editor, "GET", "/export?format=md")).body[:2] == b"PK"
    assert (await call(editor, "GET", "/export?format=pdf")).code == "bad_field"


async def test_an_export_with_pictures_is_a_zip_that_carries_them(editor: Agent) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#369").save(out, "PNG")
    put = await editor.desk.call("POST", "/api/editor/pictures?name=cup.png", headers=editor.headers, data=out.getvalue())
    await call(editor, "POST", "/entries", {"fields": fields(answer=f"![a cup]({put.json['address']})")})
    shown = await editor.desk.call("GET", put.json["address"])
    for form, entries in (("csv", "knowledge-base.csv"), ("json", "knowledge-base.json"), ("md", "general/hours.md")):
        answer = await call(editor, "GET", f"/export?format={form}&drafts=1")
        assert answer.headers["Content-Type"] == "application/zip" and '.zip"' in answer.headers["Content-Disposition"]
        packed = zipfile.ZipFile(io.BytesIO(answer.body))
        assert packed.namelist() == [entries, put.json["address"].removeprefix("/")]
        assert packed.read(packed.namelist()[1]) == shown.body


async def ended(editor: Agent, begun: Answer) -> Any:
    """The job once it is over."""
    assert begun.status == 202, begun.body
    for _ in range(600):
        job = (await call(editor, "GET", f"/jobs/{begun.json['job']}")).json
        if job["state"] != "working":
            return job
        await asyncio.sleep(0.1)
    raise AssertionError("the job did not end")


async def test_the_folder_is_looked_at_and_what_was_decided_on_something_else_is_refused(editor: Agent) -> None:
    shown = (await ended(editor, await call(editor, "POST", "/folder/check", {})))["result"]
    assert shown["steps"][0]["kind"] == "new" and shown["last"] is None and shown["conflicts"] == []
    refused = await ended(editor, await call(editor, "POST", "/folder/sync", {"digest": "of another day"}))
    assert refused["error"]["code"] == "moved" and "since you looked" in refused["error"]["message"]
    decision = {"entry": shown["steps"][0]["id"], "side": "editor", "seen": ""}
    refused = await ended(editor, await call(editor, "POST", "/folder/settle", decision))
    assert refused["error"]["code"] == "moved" and "no conflict on" in refused["error"]["message"]
    assert (await call(editor, "POST", "/folder/settle", {**decision, "side": "both"})).code == "bad_field"
    assert (await call(editor, "GET", "/entries")).json["total"] == 0


async def test_an_import_is_shown_then_taken(editor: Agent) -> None:
    async def send(query: str, content: bytes) -> Any:
        return await ended(editor, await editor.desk.call("POST", f"/api/editor/import?{query}", headers=editor.headers, data=content))

    good, bad = b"id,question,answer\na,Q?,A\n", b"id,question,answer\na,Q?,A\nb,,A\n"
    shown = (await send("name=faq.csv&commit=0", good))["result"]
    assert (shown["new"], shown["total"], shown["sample"][0]["question"]) == (1, 1, "Q?")
    assert (await call(editor, "GET", "/entries")).json["total"] == 0
    failed = await send("name=faq.csv&commit=1", bad)
    assert failed["error"]["message"].startswith("faq.csv:3: question is empty")
    assert (await call(editor, "GET", "/entries")).json["total"] == 0
    await send("name=faq.csv&commit=1", good)
    assert (await call(editor, "GET", "/entries/a")).json["status"] == "review"
    for name in ("x" * 150, "%E5%86%99" * 90):
        assert (await send(f"name={name}.csv&commit=0", good))["result"]["total"] == 1, "the ending of a long name stays"
    assert (await editor.desk.call("POST", "/api/editor/import?name=", headers=editor.headers, data=b"x")).code == "bad_field"
    assert list(editor.desk.settings.imports.iterdir()) == []


async def test_no_upload_stays_where_the_workshop_cannot_take_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    left = settings.imports / "killed" / "kb.zip"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    async with running(settings) as desk:
        assert not settings.imports.exists(), "what a killed desk had left is there"
        editor = await desk.agent("Edith", "editor")
        monkeypatch.setattr("bot.desk.workshop.sys.executable", str(settings.home / "nowhere"))
        sent = await desk.call("POST", "/api/editor/import?name=faq.csv", headers=editor.headers, data=b"question,answer\na,b\n")
        assert (await ended(editor, sent))["error"]["code"] == "unavailable"
        assert list(settings.imports.iterdir()) == []


async def test_a_translation_is_written_shown_and_found_out_of_date(desk: Desk, editor: Agent) -> None:
    await call(editor, "POST", "/entries", {"fields": fields(category="company")})
    german = fields("hours-de", question="Wann habt ihr offen?", answer="Von **9** bis 5.", language="de", translation_of="hours")
    assert (await call(editor, "POST", "/entries", {"fields": german})).json["original"]["id"] == "hours"
    twice = await call(editor, "POST", "/entries", {"fields": {**german, "id": "again"}})
    assert twice.status == 400 and "'hours-de'" in twice.json["error"]["message"]
    kept = (await call(editor, "PUT", "/entries/hours", {"fields": fields(category="company", answer="From **8** to 5."), "revision": 1})).json
    assert kept["translations"] == [{"id": "hours-de", "language": "de", "status": "draft", "live": False, "outdated": True}]
    found = (await call(editor, "GET", "/entries?look=outdated")).json
    assert [row["id"] for row in found["entries"]] == ["hours-de"] and found["languages"] == ["de"]
    assert not (await call(editor, "POST", "/entries/hours-de/follow", {})).json["outdated"]

    await call(editor, "POST", "/bulk", {"ids": ["hours", "hours-de"], "status": "review"})
    await publish_by_hand(desk)
    pages = {path: (await desk.call("GET", path)).body.decode() for path in
             ("/help", "/help?lang=de", "/help?category=company&lang=de", "/help/hours", "/help/hours-de", "/help?search=offen", "/help/sitemap.xml")}
    for path in ("/help/hours", "/help/hours-de"):
        for link in ('hreflang="de" href="http', 'hreflang="x-default" href="http'):
            assert link in pages[path], path
        assert 'aria-label="Languages"' in pages[path] and ">Deutsch</a>" in pages[path]
    assert '<html lang="de" dir="ltr">' in pages["/help/hours-de"] and '<article lang="de" dir="ltr">' in pages["/help/hours-de"]
    assert "Wann habt" in pages["/help?lang=de"] and "When are" not in pages["/help?lang=de"]
    assert "When are" in pages["/help"] and "Wann habt" not in pages["/help"], "a translation stands beside its original"
    assert "Wann habt" in pages["/help?category=company&lang=de"] and "1 answer to" in pages["/help?search=offen"]
    assert pages["/help/sitemap.xml"].count('<xhtml:link rel="alternate" hreflang="de"') == 2
