"""Pages, files, headers, other origins, and requests that are none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from desk_harness import Answer, Customer, Desk, running

from bot.desk import static
from bot.desk.texts import Texts
from bot.settings import Settings


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A static folder of our own, with a secret beside it."""
    root = tmp_path / "static"
    for name, text in (("widget/main.js", "export const a = 1"), ("widget/deep/er.js", "1"), ("shop/index.html", "<p>shop"),
                       ("shop/a b.css", "p { top: 0 }"), ("console/console.html", "<p>console"), ("console/app.js", "2"),
                       ("widget/.hidden.js", "no"), ("widget/types.d.ts", "no"), ("secret.js", "no"),
                       ("console/secret.py", "no")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "widget" / "link.js").symlink_to(root / "secret.js")
    monkeypatch.setattr(static, "ROOT", root)
    return root


@pytest.mark.parametrize(("path", "body", "kind"), [
    ("/", "<p>shop", "text/html"), ("/console", "<p>console", "text/html"), ("/console/static/app.js", "2", "text/javascript"),
    ("/widget/main.js", "export const a=1", "text/javascript"), ("/widget/deep/er.js", "1", "text/javascript"),
    ("/shop/index.html", "<p>shop", "text/html"), ("/shop/a%20b.css", "p{top:0}", "text/css"),
])
async def test_files(files: Path, desk: Desk, path: str, body: str, kind: str) -> None:
    answer = await desk.call("GET", path)
    assert (answer.status, answer.body.decode()) == (200, body)
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Cache-Control"] == "no-cache"
    head = await desk.call("HEAD", path)
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize("path", [
    "/widget/../secret.js", "/widget/%2e%2e/secret.js", "/widget/..%2fsecret.js", "/widget/%2e%2e%2fsecret.js",
    "/widget/deep/../../secret.js", "/widget//etc/passwd", "/widget/%2fetc%2fpasswd", "/widget/link.js",
    "/widget/.hidden.js", "/widget/types.d.ts", "/widget/..%5csecret.js", "/widget/main.js%00", "/widget/%ff.js",
    "/widget/", "/widget/deep", "/console/static/secret.py", "/console/static/../console.html/x", "/widget/nope.js",
    "/static/secret.js", "/widget/%252e%252e/secret.js", "/widget/" + "a" * 5000 + ".js",
])
async def test_no_way_out(files: Path, desk: Desk, path: str) -> None:
    answer = await raw(desk, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404"), answer
    assert b'"not_found"' in answer


async def raw(desk: Desk, request: bytes) -> bytes:
    address = urlsplit(desk.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


@pytest.mark.parametrize("sent", [b"NO REQUEST\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n",
                                  b"POST /api/session HTTP/1.1\r\nHost: x\r\nExpect: much\r\nContent-Length: 2\r\n\r\n{}"])
async def test_what_is_no_request_is_refused_in_the_interfaces_words(desk: Desk, sent: bytes) -> None:
    answer = await raw(desk, sent)
    assert answer.startswith(b"HTTP/1.1 4") and b'"bad_request"' in answer, answer


async def test_unchanged_files_are_not_sent_again(files: Path, desk: Desk) -> None:
    first = await desk.call("GET", "/widget/main.js")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in ({"If-None-Match": etag}, {"If-None-Match": f'"x", W/{etag}'}, {"If-Modified-Since": modified}):
        again = await desk.call("GET", "/widget/main.js", headers=headers)
        assert (again.status, again.body) == (304, b""), headers
    for headers in ({"If-None-Match": '"x"'}, {"If-Modified-Since": "no date"},
                    {"If-None-Match": '"x"', "If-Modified-Since": modified},
                    {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}):
        assert (await desk.call("GET", "/widget/main.js", headers=headers)).status == 200, headers
    (files / "widget" / "main.js").write_text("export const a = 22")
    changed = await desk.call("GET", "/widget/main.js", headers={"If-None-Match": etag})
    assert (changed.status, changed.body) == (200, b"export const a=22")


async def test_modules_are_sent_short_and_packed_for_those_who_take_it(files: Path, desk: Desk) -> None:
    source = "/** What it says. */\nexport const greet = (name) => {\n  // no blanks are lost here\n  return `  hello ${name}`;\n};\n"
    (files / "widget" / "main.js").write_text("".join(source.replace("greet", f"greet{n}") for n in range(5)))
    for takes, packed in (("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.5", True), ("identity", False),
                          ("gzip;q=0", False), ("gzip;q=0.0, *", False), ("", False), ("xgzip;q=x", False)):
        answer = await desk.call("GET", "/widget/main.js", headers={"Accept-Encoding": takes})
        assert b"hello" in answer.body and b"`  hello ${" in answer.body and b"What it says" not in answer.body
        assert ("Content-Encoding" in answer.headers) is packed, takes
        assert answer.headers["ETag"].endswith('-gzip"') is packed and answer.headers["Vary"] == "Accept-Encoding"


def test_the_widget_is_small() -> None:
    """As it is fetched, packed: the loader by every page, the rest when a chat is opened."""
    folder = static.ROOT / "widget"
    joined = {path.name for path in static.load(folder / "widget.js").sources}
    sizes = {path.name: len(static.load(path).packed) for path in folder.iterdir()
             if path.suffix in (".js", ".css") and path.name not in joined - {"widget.js"}}
    assert {"loader.js", "widget.js", "widget.css"} <= set(sizes) and len(joined) > 10
    assert sizes["loader.js"] <= 3000 and sum(sizes.values()) <= 20_000, sizes


async def test_every_answer_has_the_security_headers(files: Path, desk: Desk) -> None:
    for path in ("/", "/console", "/widget/main.js", "/api/widget/config", "/api/session", "/nope", "/health"):
        headers = (await desk.call("GET", path)).headers
        policy = headers["Content-Security-Policy"]
        for part in ("script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'"):
            assert part in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"]
        assert "Server" not in headers
    assert (await desk.call("GET", "/console")).headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_other_sites_may_import_the_widget(files: Path, desk: Desk) -> None:
    headers = (await desk.call("GET", "/widget/main.js", headers={"Origin": "https://shop.example"})).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Access-Control-Allow-Origin" not in (await desk.call("GET", "/console/static/app.js")).headers


async def preflight(desk: Desk, origin: str, path: str = "/api/widget/messages") -> Answer:
    return await desk.call("OPTIONS", path, headers={
        "Origin": origin, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type"})


async def test_origins(settings: Settings) -> None:
    async with running(replace(settings, widget_origins=("https://shop.example",))) as desk:
        customer = await desk.customer()
        good = await preflight(desk, "https://shop.example")
        assert (good.status, good.body) == (204, b"")
        assert good.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Authorization" in good.headers["Access-Control-Allow-Headers"]
        assert "Last-Event-ID" in good.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in good.headers
        for origin in ("https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", "",
                       "http://["):
            refused = await preflight(desk, origin)
            assert (refused.status, refused.code) == (403, "origin_refused"), origin
            assert "Access-Control-Allow-Origin" not in refused.headers
            posted = await desk.call("POST", "/api/widget/messages", customer.token, headers={"Origin": origin},
                                     json={"id": "a", "text": "x"})
            assert posted.code == "origin_refused", origin
        headers = {"Origin": "https://shop.example"}
        posted = await desk.call("POST", "/api/widget/messages", customer.token, headers, {"id": "a", "text": "x"})
        assert posted.status == 200 and posted.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert posted.headers["Vary"] == "Origin" and "Retry-After" in posted.headers["Access-Control-Expose-Headers"]
        # An error must be readable too, and so must a stream.
        wrong = await desk.call("GET", "/api/widget/conversation", "made.up", headers)
        assert wrong.status == 401 and wrong.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        sent = {**headers, "Authorization": f"Bearer {customer.token}"}
        async with desk.http.get("/api/widget/events", headers=sent) as stream:
            assert stream.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        own = await desk.call("POST", "/api/widget/messages", customer.token, {"Origin": desk.url}, {"id": "b", "text": "x"})
        assert own.status == 200


async def test_any_origin_where_the_operator_says_so(settings: Settings) -> None:
    async with running(replace(settings, widget_origins=("*",))) as desk:
        answer = await preflight(desk, "https://anywhere.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        # The staff's side stays closed to all of them.
        staff = await preflight(desk, "https://anywhere.example", "/api/session")
        assert staff.status == 405 and "Access-Control-Allow-Origin" not in staff.headers


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "/nope", 404, "not_found"), ("GET", "/api/widget/nope", 404, "not_found"), ("DELETE", "/health", 405, "method_not_allowed"),
    ("PUT", "/api/widget/messages", 405, "method_not_allowed"), ("GET", "/api/widget/messages", 405, "method_not_allowed"),
    ("POST", "/", 405, "method_not_allowed"), ("TRACE", "/", 405, "method_not_allowed"),
])
async def test_addresses_and_methods(desk: Desk, method: str, path: str, status: int, code: str) -> None:
    answer = await desk.call(method, path)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("request_bytes", [
    b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00\x01\r\n\r\n",
    b"POST /api/widget/messages HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST /api/widget/messages HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/widget/messages HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nx",
    b"POST /api/widget/messages HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/widget/messages HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nExpect: magic\r\nContent-Length: 1\r\n\r\nx",
])
async def test_requests_that_are_none(desk: Desk, request_bytes: bytes) -> None:
    answer = await raw(desk, request_bytes)
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert b'{"error": {"code": ' in answer and b"Traceback" not in answer
    assert (await desk.call("GET", "/health")).status == 200


async def test_tokens_with_bytes_that_are_no_text(desk: Desk, customer: Customer) -> None:
    for token in (b"\xff\xfe", customer.cid.encode() + b".\xff", b"\xe2\x82"):
        answer = await raw(desk, b"GET /api/widget/conversation HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer "
                           + token + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401"), answer


def test_the_widgets_texts(tmp_path: Path) -> None:
    texts = Texts(tmp_path / "domain.yml")
    assert texts.config()["shop"] == "Larkmoor" and texts.config()["texts"] == {}
    (tmp_path / "domain.yml").write_text(yaml.safe_dump({"responses": {
        "utter_welcome": [{"text": "Hi", "metadata": {"shop": "Otherwhere"}}],
        "utter_widget_placeholder": [{"text": "Say something"}]}}))
    assert texts.config() == {"shop": "Otherwhere", "welcome": "Hi", "texts": {"placeholder": "Say something"},
                              "max_text": 2000}


@pytest.mark.parametrize("broken", ["a: [", "[]", "responses: 1", "responses: {utter_welcome: x}", "\x00"])
def test_a_broken_domain_leaves_the_defaults(tmp_path: Path, broken: str) -> None:
    (tmp_path / "domain.yml").write_text(broken)
    assert Texts(tmp_path / "domain.yml").config()["welcome"]


def test_shortening_keeps_the_order_of_what_builds_on_each_other() -> None:
    written = """
export async function run(call) {
  const days = { days: 90 };
  const { secret } = await call({ ...days });
  return secret;
}
"""
    sent = static._shorten(Path("widget.js"), written.encode()).decode()
    assert len(sent) < len(written) and sent.index("90") < sent.index("await")
