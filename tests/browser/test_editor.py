"""The editor in real browsers: an edit is written, tried, measured, made live and taken back; two editors meet; an import
is looked at first; an answer full of script stays text. Each state is looked through by axe, in light and dark."""

from __future__ import annotations

import re
import urllib.request
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, Route, expect

from tests.browser.conftest import Product
from tests.browser.test_story import watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Person = Callable[..., BrowserContext]
#: The first check reads every stored question; a busy machine needs its time.
LONG = 180_000
QUESTION = "Can you engrave a name on a lantern?"
ATTACKS = (
    "<script>window.owned=1</script>",
    "<img src=x onerror=window.owned=1>",
    "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
    "<svg onload=window.owned=1><animate onbegin=window.owned=1></svg>",
    "[press](javascript:window.owned=1)",
    "[press](java\tscript:window.owned=1)",
    "[press](&#106;avascript:window.owned=1)",
    "[press](data:text/html,<script>window.owned=1</script>)",
    "[press](vbscript:window.owned=1)",
    "![far](https://far.example/pixel.png)",
    "![far](javascript:window.owned=1)",
    '[a](https://x.example "x\\" onmouseover=\\"window.owned=1")',
    "<a href='javascript:window.owned=1'>press</a>",
    "<details open ontoggle=window.owned=1>",
    "<style>@import 'https://far.example/x.css'</style>",
    "<math><mtext></p><img src=x onerror=window.owned=1>",
    "`<img src=x onerror=window.owned=1>`",
    "<form action=javascript:window.owned=1><button>press</button></form>",
    "<base href='https://far.example/'>",
    "<meta http-equiv=refresh content='0;url=https://far.example/'>",
)


def sign_in(context: BrowserContext, product: Product, place: str = "") -> Page:
    page = context.new_page()
    page.goto(f"{product.url}/editor{place}")
    page.fill("#email", product.email)
    page.fill("#password", product.password)
    page.locator("#password").press("Enter")
    expect(page.locator(".app")).to_be_visible()
    # Only from here: asking who is signed in is answered with a 401 first.
    page.faults = watch(page)  # type: ignore[attr-defined]
    return page


def clean(page: Page, where: str) -> None:
    """Nothing to complain of for axe, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert not found, (where, scheme, [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found])


def picture(image: Locator) -> None:
    """It is there, and no wider than what it stands in."""
    expect(image).to_be_visible()
    image.scroll_into_view_if_needed()
    image.page.wait_for_function("image => image.complete && image.naturalWidth === 1200", arg=image.element_handle())
    assert image.evaluate("image => image.clientWidth <= image.parentElement.clientWidth")


def saved(page: Page) -> None:
    expect(page.locator(".saved")).to_contain_text("Saved")


def go_live(page: Page, look: Callable[[], None] = lambda: None) -> None:
    """Makes the open entry ready and publishes; `look` is called at the gate's report."""
    page.locator("#f-question").press("Control+Enter")
    expect(page.locator(".entry-head .chip").first).to_contain_text("Ready")
    page.locator("a[data-page=publish]").click()
    expect(page.locator("[data-testid=report]")).to_be_visible(timeout=LONG)
    look()
    page.locator("[data-action=publish]").click()
    expect(page.locator("[role=status]").filter(has_text="Live")).not_to_have_count(0, timeout=LONG)


def write(page: Page, question: str, answer: str) -> None:
    page.locator("#f-question").fill(question)
    page.locator("#f-answer").fill(answer)
    saved(page)


def test_an_edit_goes_live_and_comes_back(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product)
    expect(page.locator(".rows a").first).to_be_visible()
    clean(page, "list")

    # By keyboard: a new entry, saved by itself as it is typed, an undo.
    page.keyboard.press("n")
    expect(page.locator("#f-question")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.locator("#f-answer").fill("Yes, up to **12 letters**, for £4.")
    page.locator("#f-phrasings").fill("name on my lantern\nengrave a lantern for a present\nwriting on a lantern")
    page.locator("#f-tests").fill("could you put my daughter's name on the lantern\nis engraving a lantern possible")
    saved(page)
    entry = page.url.rpartition("/")[2]
    assert entry.startswith("can-you-engrave")
    expect(page.locator("#side-panel strong")).to_have_text("12 letters")
    clean(page, "entry")
    page.locator("#f-answer").fill("No.")
    saved(page)
    page.locator("[data-action=undo]").click()
    expect(page.locator("#f-answer")).to_have_value("Yes, up to **12 letters**, for £4.")

    # A picture, with words for who cannot see it: without them it is not saved.
    out = BytesIO()
    Image.new("RGB", (1200, 800), "#c08040").save(out, "PNG")
    page.locator("#f-answer").press("Control+End")
    lantern: FilePayload = {"name": "lantern.png", "mimeType": "image/png", "buffer": out.getvalue()}
    words = page.locator("#f-answer").input_value()
    page.locator(".tools input[type=file]").set_input_files([lantern, lantern])
    expect(page.locator("#f-answer")).to_have_value(re.compile(r"4\.!\[\]\([^)]*\)\n\n!\[\]\([^)]*\)$"))
    page.locator("#f-answer").fill(words)
    page.locator("#f-answer").press("Control+End")
    page.locator(".tools input[type=file]").set_input_files(lantern)
    expect(page.locator("#field-error")).to_contain_text("what each picture shows")
    page.keyboard.type("A lantern with a name on it")
    saved(page)
    expect(page.locator("#side-panel img")).to_have_attribute("alt", "A lantern with a name on it")
    picture(page.locator("#side-panel img"))
    clean(page, "entry with a picture")

    page.locator("[data-tab=try]").click()
    page.locator("#try-text").fill("engrave my lantern please")
    page.locator("#try-text").press("Enter")
    expect(page.locator("[data-side=draft] .candidates a").first).to_contain_text(QUESTION, timeout=LONG)
    expect(page.locator("[data-side=published] .candidates")).not_to_contain_text(QUESTION)
    clean(page, "try it")

    go_live(page, lambda: clean(page, "gate"))
    help_page = f"{product.url}/help/{quote(entry)}"
    with urllib.request.urlopen(help_page, timeout=10) as answer:
        assert "12 letters" in answer.read().decode()
    page.goto(help_page)
    picture(page.locator("article img"))
    page.go_back()

    customer = person().new_page()
    customer.goto(product.url)
    customer.locator("[data-fd=bubble]").click()
    customer.locator("[data-fd=input]").fill(QUESTION)
    customer.locator("[data-fd=input]").press("Enter")
    expect(customer.locator("[data-fd=message][data-from=bot]").last).to_contain_text("12 letters", timeout=30_000)
    picture(customer.locator("[data-fd=message] img").last)

    page.locator("a[data-page=history]").click()
    expect(page.locator("[data-snapshot]").first).to_contain_text("Live now")
    clean(page, "published")
    page.locator("[data-action=rollback]").first.click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-snapshot]").first).to_contain_text("Went back", timeout=30_000)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(help_page, timeout=10)
    assert page.faults == []  # type: ignore[attr-defined]


def test_two_editors_at_once_are_told_and_nothing_is_lost(product: Product, person: Person) -> None:
    ada, bea = (sign_in(person(1440, 900), product, "#/entries/exchange-size?") for _ in "ab")
    for page in (ada, bea):
        page.goto(f"{product.url}/editor#/entries")
        page.locator(".rows a").first.click()
        expect(page.locator("#f-answer")).not_to_have_value("")
    ada.locator("#f-owner").fill("Ada")
    saved(ada)
    bea.locator("#f-owner").fill("Bea")
    dialog = bea.locator("dialog[open]")
    expect(dialog).to_contain_text("has changed this entry too")
    expect(dialog).to_contain_text("Ada")
    clean(bea, "conflict")
    bea.set_viewport_size({"width": 360, "height": 740})
    cut = "dialog => [...dialog.querySelectorAll('p, button')].filter(one => one.getBoundingClientRect().right > dialog.getBoundingClientRect().right)"
    assert not dialog.evaluate(cut), "a text is cut on a phone"
    bea.set_viewport_size({"width": 1440, "height": 900})
    dialog.locator("[data-choice=mine]").click()
    saved(bea)
    bea.locator("[data-tab=versions]").click()
    expect(bea.locator("#side-panel [data-restore]").first).to_be_visible()
    clean(bea, "history of an entry")


def test_an_import_is_shown_before_it_is_taken(product: Product, person: Person) -> None:
    page = sign_in(person(820, 1000), product, "#/transfer")
    content = "question,answer,category\nDo you sell maps?,=cmd|' /C calc'!A0,shop\nDo you sell tents?,Yes.,shop\n"
    page.locator("#import-file").set_input_files({"name": "faq.csv", "mimeType": "text/csv", "buffer": content.encode()})
    expect(page.locator(".sample tbody tr")).to_have_count(2)
    expect(page.locator(".report")).to_contain_text("2 new")
    clean(page, "import")
    page.get_by_label("Drafts too").check()
    expect(page.get_by_role("link", name="JSON")).to_have_attribute("href", re.compile(r"format=json&drafts=1$"))
    page.get_by_label("Drafts too").uncheck()
    expect(page.get_by_role("link", name="JSON")).to_have_attribute("href", re.compile(r"format=json$"))
    bad = {"name": "faq.csv", "mimeType": "text/csv", "buffer": b"question,answer\nQ?,A\n,B\n"}
    page.locator("#import-file").set_input_files(bad)
    expect(page.locator(".report [role=alert]")).to_contain_text("faq.csv:3: question is empty")
    page.goto(f"{product.url}/editor#/entries")
    page.locator("input.search").fill("maps")
    expect(page.locator(".rows")).to_contain_text("No entry matches")


def test_an_import_takes_what_its_report_told_of_and_says_what_came_of_it(product: Product, person: Person) -> None:
    page = sign_in(person(1440, 900), product, "#/transfer")
    content = b"question,answer,category\nDo you sell stoves?,Yes.,shop\n"
    report, button = page.locator(".report"), page.locator("[data-action=import]")
    held: list[Route] = []
    page.route("**/api/editor/import?*", lambda route: held.append(route))
    with page.expect_request("**/import?*only=0"):
        page.locator("#import-file").set_input_files({"name": "faq.csv", "mimeType": "text/csv", "buffer": content})
    with page.expect_request("**/import?*only=1"):
        page.get_by_label("This is the whole knowledge base").check()
    # The answer to what was asked before the tick says nothing of archiving, and nothing can be taken on its strength.
    with page.expect_response("**/import?*only=0"):
        held[0].continue_()
    page.wait_for_timeout(1_000)
    expect(button).to_have_count(0)
    held[1].continue_()
    expect(report).to_contain_text("others would be archived")
    page.unroute_all()
    page.get_by_label("This is the whole knowledge base").uncheck()
    expect(report).to_contain_text("1 new, 0 changed, 0 as they are.")

    # No answer at all: it may have been taken.
    page.route("**/api/editor/import?*", lambda route: route.abort(), times=1)
    button.click()
    expect(report).to_contain_text("Whether the file was taken is not known")
    page.get_by_label("This is the whole knowledge base").check()
    page.get_by_label("This is the whole knowledge base").uncheck()
    expect(report).to_contain_text("1 new, 0 changed, 0 as they are.")
    # One question after it gets lost, and the next is answered.
    page.route("**/api/editor/jobs/*", lambda route: route.abort(), times=1)
    button.click()
    page.wait_for_url("**#/publish*")
    expect(page.locator(".changes")).to_contain_text("Do you sell stoves?")
    # Another import would wait for this check.
    expect(page.locator("[data-testid=report]")).to_be_visible(timeout=LONG)


def test_an_import_brings_its_pictures_and_a_download_carries_them(product: Product, person: Person) -> None:
    out, packed = BytesIO(), BytesIO()
    Image.new("RGB", (1200, 300), "#369").save(out, "PNG")
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("shop/lids.md", "---\nquestion: Do your cups have lids?\n---\nThey do: ![a cup with its lid](img/lid.png)\n")
        made.writestr("shop/far.md", "---\nquestion: Are there far cups?\n---\n![far](https://far.example/cup.png) There are.\n")
        made.writestr("shop/img/lid.png", out.getvalue())
    page = sign_in(person(360, 740), product, "#/transfer")
    page.locator("#import-file").set_input_files({"name": "cups.zip", "mimeType": "application/zip", "buffer": packed.getvalue()})
    expect(page.locator(".report")).to_contain_text("2 new, 0 changed, 0 as they are. 1 picture comes along.")
    expect(page.locator(".report li")).to_have_text([re.compile("cups.zip/shop/far.md: its pictures are left out")])
    clean(page, "import with pictures")
    inside = "one => one.getBoundingClientRect().right <= one.closest('.card').getBoundingClientRect().right"
    assert all(one.evaluate(inside) for one in page.locator(".report > *").all())
    page.locator("[data-action=import]").click()
    page.wait_for_url("**#/publish*")
    page.goto(f"{product.url}/editor#/transfer")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith(".zip")
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert names[0] == "knowledge-base.csv" and any(name.endswith("-1200x300.png") for name in names)
    page.goto(f"{product.url}/editor#/entries/lids")
    picture(page.locator("#side-panel img"))


def test_the_report_of_a_publication_counts_what_it_does_not_quote(product: Product, person: Person) -> None:
    counts = {name: 0 for name in ("changed", "asked", "stops", "alike", "against", "compared", "comparable")} | {"gained": 2, "lost": 3}
    way = {"decision": "answer", "entry": "cups", "first": "cups"}
    test = {"text": "which cups", "source": "test", "note": "", "protected": False, "stops": False, "before": way, "after": way}
    report = {"gained": [], "lost": [test], "changed": [], "alike": [], "against": [], "counts": counts, "bars": {"before": None, "after": None}}
    one = {"seq": 7, "at": 0, "by": "Ada", "kind": "publish", "snapshot": "s1", "override": "", "changes": 1, "there": True, "serves": True}
    page = sign_in(person(1280, 800), product)
    page.route("**/api/editor/publications", lambda route: route.fulfill(json={"publications": [{**one, "report": counts}], "alarm": None}))
    page.route("**/api/editor/publications/7", lambda route: route.fulfill(json={**one, "changes": [], "report": report}))
    page.goto(f"{product.url}/editor#/history")
    page.get_by_role("button", name="Details").click()
    told = page.locator("[data-testid=report]")
    expect(told.locator("[data-kind=lost] li .asked")).to_have_text("“which cups”")
    expect(told.locator("section[data-kind=lost] > p").last).to_have_text("… and 2 more.")
    expect(told.locator("section[data-kind=gained]")).to_contain_text("2 that customers asked.")
    clean(page, "the report of a publication")


def test_what_does_not_fit_the_list_is_said_and_goes_live_with_the_rest(product: Product, person: Person) -> None:
    sent: list[tuple[str, Any]] = []
    rows = [{"id": f"e{n}", "question": f"Which {n}?", "status": "review", "change": "new", "updated": 0, "updated_by": "Ada"} for n in range(2)]
    counts = {name: 0 for name in ("gained", "lost", "changed", "asked", "stops", "alike", "against", "compared", "comparable")}
    report = {"digest": "d", "gained": [], "lost": [], "changed": [], "alike": [], "against": [], "seconds": 1, "counts": counts,
              "bars": {"before": None, "after": None}, "seq": 1}

    def job(route: Route) -> None:
        sent.append((route.request.url.rpartition("/")[2], route.request.post_data_json))
        route.fulfill(json={"job": "j", "state": "done", "done": 1, "of": 1, "result": report, "error": None})

    page = sign_in(person(1280, 800), product)
    page.route("**/api/editor/pending", lambda route: route.fulfill(json={"pending": rows, "ready": 1502, "total": 1505}))
    for call in ("check", "publish"):
        page.route(f"**/api/editor/{call}", job)
    page.goto(f"{product.url}/editor#/publish")
    go = page.locator("[data-action=publish]")
    expect(go).to_have_text("Publish 1,502 changes")
    expect(page.locator(".changes .rest")).to_have_text("… and 1,500 more that are ready. They go live with these. … and 3 more drafts.")
    expect(page.locator("[data-testid=report]")).to_be_visible()
    clean(page, "more than the list shows")
    page.locator(".changes input").first.uncheck()
    expect(go).to_have_text("Publish 1 change")
    expect(page.locator(".changes .rest")).to_contain_text("They stay as they are until all that is ready here is ticked.")
    page.locator(".changes input").first.check()
    expect(go).to_be_enabled()
    go.click()
    expect(page.get_by_text("Live after").first).to_be_visible()
    assert [body for call, body in sent if call == "check"][:3] == [{}, {"ids": ["e1"]}, {}]
    assert [body for call, body in sent if call == "publish"] == [{"digest": "d"}]


def test_nothing_in_an_answer_runs_or_calls_out(product: Product, person: Person) -> None:
    context = person(1440, 900)
    page = sign_in(context, product, "#/entries?new=1")
    far: list[str] = []
    context.on("request", lambda request: far.append(request.url) if not request.url.startswith((product.url, "data:", "blob:")) else None)
    for attack in ATTACKS:
        page.locator("#f-answer").fill(f"Before.\n\n{attack}\n\nAfter {ATTACKS.index(attack)}.")
        expect(page.locator("#side-panel")).to_contain_text(f"After {ATTACKS.index(attack)}.")
        for link in page.locator("#side-panel a").all():
            assert str(link.get_attribute("href")).startswith("https://"), attack
        assert page.locator("#side-panel").locator("script, iframe, img, svg, form, style, base, meta, [onerror]").count() == 0, attack
        assert page.evaluate("window.owned") is None, attack
    assert far == []


def test_on_a_phone_and_in_the_help_centre(product: Product, person: Person) -> None:
    page = sign_in(person(360, 740), product)
    page.locator(".rows a").first.click()
    expect(page.locator("#f-answer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the phone"
    clean(page, "entry on a phone")
    # What is wider than the chat scrolls in itself, as it does there.
    page.locator("#f-answer").fill("Say this:\n\n```\n" + "lantern " * 30 + "\n```")
    code = page.locator("#side-panel pre")
    expect(code).to_contain_text("lantern")
    assert code.evaluate("code => code.scrollWidth > code.clientWidth")
    assert page.locator("#side-panel").evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    clean(page, "a wide answer on a phone")
    page.locator("[data-action=undo]").click()
    expect(code).to_have_count(0)
    expect(page.locator(".saved")).not_to_have_text("…")
    # Escape closes the menu and nothing else.
    entry = page.url
    page.locator("[popovertarget=menu]").click()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    assert page.url == entry
    for part in ("publish", "gaps", "history", "transfer"):
        page.goto(f"{product.url}/editor#/{part}")
        inside = "tab => { const { left, right } = tab.getBoundingClientRect(); return left >= 0 && right <= innerWidth }"
        tab = page.locator(f"a[data-page={part}][aria-current]")
        expect(tab).to_be_visible()
        assert tab.evaluate(inside), part
    for path in ("/help", "/help?search=return", "/help/how-to-return"):
        page.goto(product.url + path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        clean(page, path)
